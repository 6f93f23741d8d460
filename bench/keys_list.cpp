// keys-list: a million keys over cursor pages into Key values, through list(), against nlohmann/json's DOM on the same
// bytes.

#include "counting.hpp"
#include "measure.hpp"
#include "pairs.hpp"

namespace {

constexpr int pages = 1000;

// A page of 1000 keys; every fourth key has an expiration and metadata.
std::string make_page(int page) {
  std::string text = R"({"success":true,"errors":[],"messages":[],"result":[)";
  for (int i = 0; i < 1000; ++i) {
    text += i == 0 ? "" : ",";
    text += R"({"name":"customers/)" + std::to_string(page * 1000 + i) + R"(/profile")";
    if (i % 4 == 0) text += R"(,"expiration":1900000000,"metadata":{"plan":"free","visits":)" + std::to_string(i) + "}";
    text += "}";
  }
  const std::string cursor = page + 1 < pages ? "page-" + std::to_string(page + 1) : "";
  return text + R"(],"result_info":{"count":1000,"cursor":")" + cursor + R"("}})";
}

void run() {
  std::vector<std::string> bodies;
  for (int page = 0; page < pages; ++page) bodies.push_back(make_page(page));
  const auto transport = std::make_shared<bench::CountingTransport>();
  std::size_t next = 0;
  transport->answer = [&](const auto&) { return bodies.at(next++ % bodies.size()); };
  const auto kv = bench::client_over(transport).kv("ns");

  bench::Least ours;
  bench::Least nlohmann;
  for (int round = 0; round < 3; ++round) {
    std::size_t listed = 0;
    std::size_t bytes = 0;
    ours.round([&] {
      for (const cloudflare::kv::Key& key : kv.list()) {
        ++listed;
        bytes += key.name.size();
      }
    });
    nlohmann.round([&] {
      for (const std::string& body : bodies)
        for (const bench::ListedKey& key : bench::keys_nlohmann(body)) {
          --listed;
          bytes -= key.name.size();
        }
    });
    if (listed != 0 || bytes != 0) throw std::logic_error("the lists differ");
  }
  bench::print("nlohmann", ours, nlohmann, ">=4");
}

}  // namespace

int main() { return bench::reported(run); }
