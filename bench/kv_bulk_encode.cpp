// kv-bulk-encode: 10 000 pairs of 1 KiB of text with metadata through put_many over a transport that only counts,
// against nlohmann/json's build and dump and node's JSON.stringify to a Buffer.

#include "counting.hpp"
#include "measure.hpp"
#include "pairs.hpp"

namespace {

void run() {
  const std::vector<bench::Pair> pairs = bench::make_pairs();
  std::vector<std::string> metadata;
  for (const bench::Pair& pair : pairs)
    metadata.push_back(R"({"lang":")" + pair.lang + R"(","size":)" + std::to_string(pair.size) + "}");
  std::vector<cloudflare::kv::EntryView> entries;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    entries.push_back({.key = pairs[i].key, .value = pairs[i].value, .metadata = metadata[i]});

  const auto transport = std::make_shared<bench::CountingTransport>();
  std::string body;
  transport->answer = [&body](const cloudflare::HttpRequest& request) {
    if (body.empty()) body = std::string(request.body.text());
    return bench::CountingTransport::envelope("null");
  };
  const auto kv = bench::client_over(transport).kv("ns");
  const auto encode = [&] {
    if (kv.put_many(entries).requests != 1) throw std::logic_error("the pairs were to make one request");
  };
  encode();
  if (!bench::same_json(body, bench::encode_nlohmann(pairs))) throw std::logic_error("the encoders disagree");

  bench::Least ours;
  bench::Least nlohmann;
  bench::Least js;
  for (int round = 0; round < 14; ++round) {
    ours.round(encode);
    nlohmann.round([&] { (void)bench::encode_nlohmann(pairs); });
    if (round % 7 == 6) js.add(std::stod(bench::output_of("node " BENCH_BASELINE_DIR "/pairs.mjs")));
  }
  bench::print("nlohmann", ours, nlohmann, ">=4");
  bench::print("node", ours, js, ">=2.5");
}

}  // namespace

int main() { return bench::reported(run); }
