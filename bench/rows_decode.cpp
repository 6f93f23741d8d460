// rows-decode and rows-decode-owned: a reply with 100 000 rows of 5 columns, through D1Database::query_as, against
// simdjson, nlohmann/json and node on the same bytes.

#include <cloudflare/d1.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "arrived.hpp"
#include "measure.hpp"
#include "rows.hpp"

namespace {

namespace cf = cloudflare;
using Row = bench::Row<BENCH_TEXT>;

constexpr int row_count = 100'000;

std::string make_reply() {
  std::string text = R"({"result":[{"results":{"columns":["id","name","score","visits","note"],"rows":[)";
  for (int i = 0; i < row_count; ++i) {
    const std::string number = std::to_string(i);
    if (i != 0) text += ',';
    text += "[" + std::to_string(i * 7919LL) + ",\"customer " + std::to_string(i % 30'000 * 31) + "\",";
    text += i % 4 == 0 ? "null" : std::to_string(i % 1000) + "." + std::to_string(i % 97 + 1);
    text += "," + std::to_string(i % 5000) + R"(,"line one\nline )" + number + "\"]";
  }
  text += R"(]},"success":true,"meta":{"served_by":"v3-prod","duration":41.5,"changes":0,"last_row_id":0,)"
          R"("changed_db":false,"size_after":8192000,"rows_read":100000,"rows_written":0}}],)"
          R"("errors":[],"messages":[],"success":true})";
  return text;
}

bench::Checksum decode_ours(const cf::D1Database& db) {
  const auto rows = db.query_as<Row>("SELECT id, name, score, visits, note FROM customers");
  bench::Checksum sum;
  for (const Row& row : rows) sum.add(row);
  return sum;
}

void run() {
  const std::string reply = bench::padded(make_reply());
  const auto arrived = std::make_shared<bench::Arrived>();
  cf::ClientOptions options;
  options.account_id = "0123456789abcdef0123456789abcdef";
  options.transport = arrived;
  const cf::ApiClient client(cf::ApiToken("token"), options);
  const cf::D1Database db = client.d1("00000000-0000-4000-8000-000000000000");

  const std::string file = (std::filesystem::temp_directory_path() / "cloudflare-cpp-rows.json").string();
  std::ofstream(file, std::ios::binary) << reply;
  const std::string node = "node " BENCH_BASELINE_DIR "/rows.mjs " + file;

  bench::Least ours;
  bench::Least simdjson;
  bench::Least nlohmann;
  bench::Least js;
  bench::Checksum sums[3];
  for (int round = 0; round < 20; ++round) {
    arrived->next(bench::padded(reply));
    ours.round([&] { sums[0] = decode_ours(db); });
    simdjson.round([&] { sums[1] = bench::decode_simdjson<BENCH_TEXT>(reply); });
    nlohmann.round([&] { sums[2] = bench::decode_nlohmann<BENCH_TEXT>(reply); });
    if (!(sums[0] == sums[1]) || !(sums[0] == sums[2])) throw std::logic_error("the decoders disagree");
    if (round % 7 == 6) {
      std::istringstream line(bench::output_of(node));
      double ms = 0;
      std::int64_t whole = 0;
      line >> ms >> whole;
      if (whole != sums[0].whole) throw std::logic_error("node disagrees");
      js.add(ms);
    }
  }
  std::filesystem::remove(file);
  bench::print("simdjson", ours, simdjson, ">=0.85");
  bench::print("nlohmann", ours, nlohmann, BENCH_NLOHMANN);
  bench::print("node", ours, js, BENCH_NODE);
}

}  // namespace

int main() { return bench::reported(run); }
