// vectors-decode: a reply with 1000 vectors of 768 floats, through VectorizeIndex::get_by_ids, against simdjson,
// nlohmann/json and node on the same bytes.

#include <cloudflare/vectorize.hpp>
#include <cloudflare/vectorize/ndjson.hpp>
#include <filesystem>
#include <fstream>

#include "arrived.hpp"
#include "measure.hpp"
#include "vectors.hpp"

namespace {

namespace cf = cloudflare;

std::string make_reply(std::span<const float> values) {
  std::string text = R"({"result":[)";
  for (std::size_t row = 0; row < bench::vector_count; ++row) {
    if (row != 0) text += ',';
    const std::string id = bench::id_of(row);
    const std::string metadata = R"({"lang":"en","page":)" + std::to_string(row) + "}";
    cf::ndjson::append(text, {.id = id,
                              .values = values.subspan(row * bench::dimensions, bench::dimensions),
                              .ns = "docs",
                              .metadata = metadata});
    text.pop_back();
  }
  return text + R"(],"success":true,"errors":[],"messages":[]})";
}

template <class Vectors>
std::uint64_t sum_of(const Vectors& vectors) {
  std::uint64_t sum = 0;
  for (const auto& vector : vectors)
    sum = sum * 31 + bench::checksum(vector.values) + vector.id.size() + vector.ns.size();
  return sum;
}

void run() {
  const std::string reply = bench::padded(make_reply(bench::make_values()));
  const auto arrived = std::make_shared<bench::Arrived>();
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .transport = arrived});
  const cf::VectorizeIndex index = client.vectorize("docs");
  const std::vector<std::string> ids{"any"};

  const std::string file = (std::filesystem::temp_directory_path() / "cloudflare-cpp-vectors.json").string();
  std::ofstream(file, std::ios::binary) << reply;
  const std::string node = "node " BENCH_BASELINE_DIR "/vectors.mjs decode " + file;

  bench::Least ours;
  bench::Least simdjson;
  bench::Least nlohmann;
  bench::Least js;
  for (int round = 0; round < 20; ++round) {
    std::vector<cf::vectorize::Vector> mine;
    std::vector<bench::Decoded> theirs;
    arrived->next(bench::padded(reply));
    ours.round([&] { mine = index.get_by_ids(ids); });
    simdjson.round([&] { theirs = bench::decode_simdjson(reply); });
    if (mine.size() != bench::vector_count || sum_of(mine) != sum_of(theirs))
      throw std::logic_error("the decoders disagree");
    theirs.clear();
    if (round % 4 == 0) nlohmann.round([&] { theirs = bench::decode_nlohmann(reply); });
    if (!theirs.empty() && sum_of(mine) != sum_of(theirs)) throw std::logic_error("the decoders disagree");
    if (round % 7 == 6) js.add(std::stod(bench::output_of(node)));
  }
  std::filesystem::remove(file);
  bench::print("simdjson", ours, simdjson, ">=1.0");
  bench::print("nlohmann", ours, nlohmann, ">=7");
  bench::print("node", ours, js, ">=3");
}

}  // namespace

int main() { return bench::reported(run); }
