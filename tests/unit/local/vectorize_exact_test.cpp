// The search of the embedded store against a reference in double precision that is written here, and knows no shortcut.
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

namespace {

struct Row {
  std::string id{};
  std::vector<float> values{};
  std::string ns{};
  int number = 0;
  std::string word{};
};

double product(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double norm(const std::vector<float>& a) { return std::sqrt(product(a, a)); }

double reference_score(const std::string& metric, const std::vector<float>& query, const std::vector<float>& values) {
  if (metric == "dot-product") return -product(query, values);
  if (metric == "cosine") {
    const double norms = norm(query) * norm(values);
    return norms == 0 ? 0 : product(query, values) / norms;
  }
  double sum = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const double d = static_cast<double>(query[i]) - static_cast<double>(values[i]);
    sum += d * d;
  }
  return std::sqrt(sum);
}

void append_values(std::string& out, const std::vector<float>& values) {
  std::array<char, 32> text{};
  out += '[';
  for (const float value : values) {
    if (out.back() != '[') out += ',';
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
  }
  out += ']';
}

void upload_rows(LocalVectorize& index, const std::vector<Row>& rows) {
  std::string text;
  const auto send = [&] { CHECK(index.upload("/upsert", std::exchange(text, {})).status == 200); };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    text += R"({"id":")" + row.id + R"(","values":)";
    append_values(text, row.values);
    if (!row.ns.empty()) text += R"(,"namespace":")" + row.ns + "\"";
    text += R"(,"metadata":{"n":)" + std::to_string(row.number) + R"(,"in":{"word":")" + row.word + "\"}}}\n";
    if ((i + 1) % 5000 == 0) send();
  }
  if (!text.empty()) send();
}

struct Asked {
  std::vector<float> vector{};
  std::size_t top_k = 100;
  std::string ns{};
  Json filter{};
  bool (*passes)(const Row&) = nullptr;  // what the filter means
};

// What a score is measured against when rounding is told from being wrong.
double scale_of(const std::string& metric, double query_norm, double norm) {
  if (metric == "cosine") return 1;
  return metric == "euclidean" ? query_norm + norm : query_norm * norm;
}

// Recall is 1 up to exact ties: as many hits as there can be, each at least as near as the last of the reference. The
// scores are right, and in order. Doubles that are added in another order differ by some 1e-16 of their scale.
void check_query(LocalVectorize& index, const std::string& metric, const std::vector<Row>& rows, const Asked& asked) {
  const double sign = metric == "cosine" ? -1 : 1;  // smaller is nearer
  const double query_norm = norm(asked.vector);
  std::map<std::string, double> ranks;
  std::map<std::string, double> norms;
  std::vector<double> sorted;
  for (const Row& row : rows) {
    if (!asked.ns.empty() && row.ns != asked.ns) continue;
    if (asked.passes != nullptr && !asked.passes(row)) continue;
    const double rank = sign * reference_score(metric, asked.vector, row.values);
    ranks.emplace(row.id, rank);
    norms.emplace(row.id, norm(row.values));
    sorted.push_back(rank);
  }
  std::sort(sorted.begin(), sorted.end());
  const std::size_t expected = std::min(asked.top_k, sorted.size());

  std::string body = R"({"vector":)";
  append_values(body, asked.vector);
  body += R"(,"topK":)" + std::to_string(asked.top_k);
  if (!asked.ns.empty()) body += R"(,"namespace":")" + asked.ns + "\"";
  if (!asked.filter.is_null()) body += R"(,"filter":)" + asked.filter.dump();
  const Json matches = index.upload("/query", body + "}", "application/json").result().at("matches");
  REQUIRE(matches.size() == expected);
  std::set<std::string> seen;
  double wrong_by = 0;
  double before = -INFINITY;
  bool recalled = true;
  bool ordered = true;
  bool only_rounded = true;
  for (const Json& match : matches) {
    const std::string id = match.at("id").get<std::string>();
    const double score = match.at("score").get<double>();
    REQUIRE(ranks.count(id) == 1);
    CHECK(seen.insert(id).second);
    const double rounding = 1e-14 * scale_of(metric, query_norm, norms.at(id));
    recalled = recalled && ranks.at(id) <= sorted[expected - 1] + rounding;
    ordered = ordered && sign * score >= before;
    before = sign * score;
    const double difference = std::fabs(sign * score - ranks.at(id));
    wrong_by = std::max(wrong_by, difference / std::max(1.0, query_norm * norms.at(id)));
    only_rounded = only_rounded && difference <= rounding;
  }
  CHECK(recalled);
  CHECK(ordered);
  CHECK(only_rounded);
  CHECK(wrong_by <= 1e-6);
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned count) { return static_cast<unsigned>(engine_() % count); }
  /// From -1 to 1.
  float uniform() { return static_cast<float>(static_cast<double>(engine_()) / 2147483648.0 - 1.0); }
  std::vector<float> vector(std::size_t size, float scale = 1) {
    std::vector<float> values(size);
    for (float& value : values) value = scale * uniform();
    return values;
  }

 private:
  std::mt19937 engine_;
};

constexpr std::array metrics{"cosine", "euclidean", "dot-product"};

}  // namespace

TEST_CASE(
    "embedded vectorize: recall is 1 and scores are right on 10000 vectors, with and without namespace and filter") {
  constexpr std::size_t dimensions = 77;  // not a multiple of a vector register
  Random random(20'260'704);
  constexpr std::array<const char*, 3> words{"alpha", "beta", "gamma"};
  std::vector<Row> rows;
  for (int i = 0; i < 10'000; ++i)
    rows.push_back({.id = "v" + std::to_string(i),
                    .values = random.vector(dimensions, i % 3 == 0 ? 0.1F : 2.0F),
                    .ns = i % 4 == 0 ? "" : "ns" + std::to_string(i % 4),
                    .number = static_cast<int>(random.below(100)),
                    .word = words[random.below(3)]});
  for (std::size_t i = 0; i < 200; ++i) rows[9000 + i].values = rows[i].values;  // exact ties
  const Json filter = {{"n", {{"$gte", 20}, {"$lt", 60}}}, {"in.word", {{"$in", {"alpha", "gamma"}}}}};
  const auto passes = [](const Row& row) { return row.number >= 20 && row.number < 60 && row.word != "beta"; };
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    (void)index.add_metadata_index("n", "number").result();
    (void)index.add_metadata_index("in.word", "string").result();
    upload_rows(index, rows);
    for (unsigned i = 0; i < 8; ++i) {
      const std::vector<float> query = i % 2 == 0 ? random.vector(dimensions) : rows[random.below(10'000)].values;
      const std::size_t top_k = std::array<std::size_t, 4>{100, 1, 10, 37}.at(i % 4);
      check_query(index, metric, rows, {.vector = query, .top_k = top_k});
      check_query(index, metric, rows, {.vector = query, .top_k = top_k, .ns = "ns3"});
      check_query(index, metric, rows, {.vector = query, .top_k = top_k, .filter = filter, .passes = passes});
      check_query(index, metric, rows,
                  {.vector = query, .top_k = top_k, .ns = "ns1", .filter = filter, .passes = passes});
    }
  }
}

TEST_CASE("embedded vectorize: vectors that differ in the last bits of float32 are still ranked exactly") {
  constexpr std::size_t dimensions = 40;
  Random random(7);
  const std::vector<float> center = random.vector(dimensions);
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i) {
    Row row{.id = "v" + std::to_string(i), .values = center};
    for (float& value : row.values)
      if (random.below(4) == 0) value = std::nextafter(value, random.below(2) == 0 ? -2.0F : 2.0F);
    rows.push_back(std::move(row));
  }
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    upload_rows(index, rows);
    for (int i = 0; i < 5; ++i) {
      check_query(index, metric, rows, {.vector = random.vector(dimensions), .top_k = 10});
      check_query(index, metric, rows, {.vector = center, .top_k = 50});
    }
  }
}

TEST_CASE("embedded vectorize: vectors whose products leave the range of float32, and zeros, are ranked exactly") {
  constexpr std::size_t dimensions = 19;
  Random random(11);
  std::vector<Row> rows;
  constexpr std::array<float, 6> scales{1e30F, 1e19F, 1.0F, 1e-20F, 1e-42F, 0.0F};
  for (std::size_t i = 0; i < 1200; ++i)
    rows.push_back({.id = "v" + std::to_string(i), .values = random.vector(dimensions, scales.at(i % scales.size()))});
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    upload_rows(index, rows);
    for (const float scale : scales) {
      INFO(scale);
      check_query(index, metric, rows, {.vector = random.vector(dimensions, scale), .top_k = 20});
    }
  }
}

TEST_CASE("embedded vectorize: rows that int8 levels cannot tell apart are ranked exactly, also after moves") {
  constexpr std::size_t dimensions = 71;  // pieces of vector registers and a rest
  Random random(23);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 3000; ++i) {
    Row row{.id = "v" + std::to_string(i), .values = random.vector(dimensions, i % 2 == 0 ? 1e-3F : 1.0F)};
    if (i % 4 == 0) row.values[i % dimensions] = 1e3F;                         // all other levels are 0
    if (i % 4 == 2) row.values.assign(dimensions, i % 8 == 2 ? 1.0F : -1.0F);  // equal scores, and nothing is left
    if (i % 10 == 1) row.values = rows[i - 1].values;
    if (i % 10 == 1) row.values[3] += 1e-5F;  // less than a level
    rows.push_back(std::move(row));
  }
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    upload_rows(index, rows);
    const auto check = [&](const std::vector<Row>& stored) {
      for (const std::size_t i : {1U, 2U, 4U, 6U, 11U}) {
        check_query(index, metric, stored, {.vector = stored[i].values, .top_k = 20});
        std::vector<float> outlier = random.vector(dimensions, 1e-4F);
        outlier[i] = 5;
        check_query(index, metric, stored, {.vector = outlier, .top_k = 5});
      }
      check_query(index, metric, stored, {.vector = std::vector<float>(dimensions, 0.0F), .top_k = 7});
    };
    check(rows);

    // Erasing moves the last rows into the gaps, and an upsert replaces values in place.
    std::vector<Row> left(rows.begin() + 1500, rows.end());
    for (std::size_t first = 0; first < 1500; first += 100) {
      Json ids = Json::array();
      for (std::size_t i = first; i < first + 100; ++i) ids.push_back(rows[i].id);
      (void)index.erase(ids).result();
    }
    for (std::size_t i = 0; i < 200; ++i) left[i].values = random.vector(dimensions, 3);
    upload_rows(index, {left.begin(), left.begin() + 200});
    check(left);
  }
}

TEST_CASE("embedded vectorize: of many equal scores those with the least ids are found, in their order") {
  constexpr std::size_t dimensions = 33;
  std::vector<Row> rows;
  for (int i = 999; i >= 100; --i)
    rows.push_back({.id = std::to_string(i), .values = std::vector<float>(dimensions, 0.3F)});
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    upload_rows(index, rows);
    const Json body = {{"vector", std::vector<float>(dimensions, 0.7F)}, {"topK", 10}};
    const Json matches = index.post("/query", body).result().at("matches");
    REQUIRE(matches.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(matches[i].at("id") == std::to_string(100 + i));
  }
}

TEST_CASE("embedded vectorize: what int8 levels leave of a row or a query may be all that counts") {
  constexpr std::size_t dimensions = 100;
  const auto vector = [](float first, float others) {
    std::vector<float> values(dimensions, others);
    values[0] = first;
    return values;
  };
  // Scales of 1, so that the levels of the other values are 0, and the error of the product is all that it can be.
  const std::vector<float> row_query = vector(0, 1);
  const std::vector<float> query = vector(32767, 0.49F);
  std::vector<Row> rows;
  for (int i = 0; i < 200; ++i) {
    const float share = 0.7F + 0.3F * static_cast<float>(i) / 199;  // the nearest come last
    rows.push_back({.id = "row" + std::to_string(i), .values = vector(127, 0.49F * share)});
    rows.push_back({.id = "query" + std::to_string(i), .values = vector(0, 0.3F * share)});
  }
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    upload_rows(index, rows);
    std::vector<Row> flat;
    LocalVectorize flat_index(api, static_cast<int>(dimensions), metric, "flat-" + metric);
    for (const Row& row : rows)
      if (row.values[0] == 0) flat.push_back(row);
    upload_rows(flat_index, flat);
    check_query(index, metric, rows, {.vector = row_query, .top_k = 5});
    check_query(flat_index, metric, flat, {.vector = query, .top_k = 5});
  }
}

TEST_CASE("embedded vectorize: the sum of levels stays in its type with the most dimensions and parallel vectors") {
  constexpr std::size_t dimensions = 1536;
  Random random(31);
  std::vector<Row> rows;
  for (int i = 0; i < 60; ++i) {
    Row row{.id = "v" + std::to_string(i), .values = std::vector<float>(dimensions, i % 2 == 0 ? -1.0F : 1.0F)};
    for (std::size_t k = 0; k < 60U - static_cast<unsigned>(i); ++k) row.values[random.below(dimensions)] *= 0.5F;
    rows.push_back(std::move(row));
  }
  LocalApi api;
  for (const std::string metric : metrics) {
    INFO(metric);
    LocalVectorize index(api, static_cast<int>(dimensions), metric, "index-" + metric);
    upload_rows(index, rows);
    for (const float value : {1.0F, -1.0F})
      check_query(index, metric, rows, {.vector = std::vector<float>(dimensions, value), .top_k = 4});
  }
}
