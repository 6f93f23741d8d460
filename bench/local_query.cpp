// local-query: a query over 100 000 vectors of 768 floats in the embedded store, from the HTTP request to the reply,
// against a plain loop over the same floats on one thread. Both run alternately in one process, and the median of each
// counts: the time until the answer is there, and the CPU time of all threads, which wait for the same memory.
#include <cloudflare/local.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "baseline/loop.hpp"
#include "measure.hpp"

namespace {

constexpr std::size_t count = 100'000;
constexpr std::size_t dimensions = 768;
constexpr std::size_t batch = 5000;
constexpr std::size_t top_k = 10;
constexpr int rounds = 15;

void append_values(std::string& out, const float* values) {
  std::array<char, 32> text{};
  for (std::size_t i = 0; i < dimensions; ++i) {
    out += i == 0 ? '[' : ',';
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), values[i]).ptr);
  }
  out += ']';
}

class Store {
 public:
  std::string send(const std::string& path, std::string body, const char* type) {
    const cloudflare::HttpRequest request{
        .method = "POST",
        .url = "http://127.0.0.1/client/v4/accounts/local/vectorize/v2/indexes" + path,
        .headers = {{"authorization", "Bearer token"}, {"content-type", type}},
        .body = std::move(body)};
    cloudflare::HttpResponse response = transport_->send(request, {});
    if (response.status != 200) {
      std::fprintf(stderr, "local-query: %s\n", response.body.c_str());
      std::exit(1);
    }
    return std::move(response.body);
  }

 private:
  std::shared_ptr<cloudflare::Transport> transport_ = cloudflare::local::Cloudflare().transport();
};

struct Times {
  std::vector<double> wall{};
  std::vector<double> cpu{};

  template <class Run>
  void add(Run run) {
    const double cpu_before = bench::cpu_seconds();
    const auto before = std::chrono::steady_clock::now();
    run();
    wall.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
    cpu.push_back((bench::cpu_seconds() - cpu_before) * 1e3);
  }
};

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

}  // namespace

int main() {
  std::mt19937 random(1);
  std::vector<float> rows(count * dimensions);
  for (float& value : rows) value = static_cast<float>(random() % 2001) / 1000 - 1;
  std::vector<float> norms(count);
  Store store;
  store.send("", R"({"name":"bench","config":{"dimensions":768,"metric":"cosine"}})", "application/json");
  for (std::size_t first = 0; first < count; first += batch) {
    std::string lines;
    for (std::size_t row = first; row < first + batch; ++row) {
      double squares = 0;
      for (std::size_t i = 0; i < dimensions; ++i)
        squares += double{rows[row * dimensions + i]} * rows[row * dimensions + i];
      norms[row] = static_cast<float>(std::sqrt(squares));
      lines += R"({"id":")" + std::to_string(row) + R"(","values":)";
      append_values(lines, rows.data() + row * dimensions);
      lines += "}\n";
    }
    store.send("/bench/upsert", std::move(lines), "application/x-ndjson");
  }

  Times ours;
  Times loop;
  for (int round = 0; round < rounds; ++round) {
    std::vector<float> query(dimensions);
    for (float& value : query) value = static_cast<float>(random() % 2001) / 1000 - 1;
    std::string body = R"({"topK":10,"vector":)";
    append_values(body, query.data());
    body += '}';
    std::string reply;
    std::vector<std::pair<float, std::size_t>> best;
    ours.add([&] { reply = store.send("/bench/query", body, "application/json"); });
    loop.add([&] { best = loop_search(rows, norms, query, top_k); });
    if (reply.find("\"id\":\"" + std::to_string(best.front().second) + "\"") == std::string::npos) {
      std::fprintf(stderr, "local-query: the store and the loop disagree\n");
      return 1;
    }
  }
  std::printf("loop %.2f %.2f ms <=0.45\n", median(ours.wall), median(loop.wall));
  std::printf("loop/cpu %.2f %.2f ms <=0.6\n", median(ours.cpu), median(loop.cpu));
}
