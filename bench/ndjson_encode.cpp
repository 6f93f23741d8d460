// ndjson-encode: 1000 vectors of 768 floats as lines, through ndjson::append, against a bare loop of to_chars,
// nlohmann/json and node on the same floats.

#include <cloudflare/vectorize/ndjson.hpp>
#include <filesystem>
#include <fstream>

#include "measure.hpp"
#include "vectors.hpp"

namespace {

std::string encode_ours(std::span<const float> values) {
  std::string out;
  out.reserve(values.size() * 13);
  for (std::size_t row = 0; row < bench::vector_count; ++row) {
    const std::string id = bench::id_of(row);
    cloudflare::ndjson::append(out, {.id = id, .values = values.subspan(row * bench::dimensions, bench::dimensions)});
  }
  return out;
}

void run() {
  const std::vector<float> values = bench::make_values();
  const std::string file = (std::filesystem::temp_directory_path() / "cloudflare-cpp-floats").string();
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  const std::string node = "node " BENCH_BASELINE_DIR "/vectors.mjs encode " + file;

  bench::Least ours;
  bench::Least to_chars;
  bench::Least nlohmann;
  bench::Least js;
  std::string lines[3];
  for (int round = 0; round < 20; ++round) {
    ours.round([&] { lines[0] = encode_ours(values); });
    to_chars.round([&] { lines[1] = bench::encode_to_chars(values); });
    if (lines[0] != lines[1]) throw std::logic_error("the encoders disagree");
    if (round % 2 == 0) nlohmann.round([&] { lines[2] = bench::encode_nlohmann(values); });
    if (round % 7 == 6) js.add(std::stod(bench::output_of(node)));
  }
  std::filesystem::remove(file);
  bench::print("to_chars", ours, to_chars, ">=1.7");
  bench::print("nlohmann", ours, nlohmann, ">=4.5");
  bench::print("node", ours, js, ">=9");
}

}  // namespace

int main() { return bench::reported(run); }
