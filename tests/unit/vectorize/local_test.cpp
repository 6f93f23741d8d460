// The typed client over the embedded store: from vectors to a searchable index and back.

#include <cloudflare/local.hpp>

#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;
namespace cv = cf::vectorize;

namespace {

/// An index with some dimensions in a store of its own.
struct Store {
  explicit Store(int dimensions = 3, cv::Metric metric = cv::Metric::cosine, std::chrono::seconds delay = 0s)
      : cloud({.clock = clock, .vectorize_delay = delay}),
        client(cloud.client({.clock = clock})),
        made(client.vectorize_indexes().create("docs", {.dimensions = dimensions, .metric = metric})),
        index(client.vectorize("docs")) {}
  std::shared_ptr<cf::testing::FakeClock> clock = std::make_shared<cf::testing::FakeClock>();
  cf::local::Cloudflare cloud;
  cf::ApiClient client;
  cv::Index made;
  cf::VectorizeIndex index;
};

std::vector<std::string> ids_of(const cv::QueryResult& result) {
  std::vector<std::string> ids;
  for (const cv::Match& match : result) ids.push_back(match.id);
  return ids;
}

std::vector<Vector> points(int count) {
  std::vector<Vector> vectors;
  for (int i = 0; i < count; ++i)
    vectors.push_back({.id = "v" + std::to_string(i), .values = {static_cast<float>(i), 1, 0.1F}});
  return vectors;
}

const std::vector<float> east{1, 0, 0};

bool near(double a, double b) { return std::abs(a - b) < 1e-6; }

}  // namespace

TEST_CASE("an index is created, found, filled, searched, listed, emptied and removed") {
  Store s;
  const auto indexes = s.client.vectorize_indexes();
  CHECK(s.made.name == "docs");
  CHECK(s.made.dimensions == 3);
  CHECK(s.made.metric == cv::Metric::cosine);
  CHECK(indexes.list().size() == 1);
  CHECK(indexes.find("docs")->created_on);
  CHECK(s.index.info().vector_count == 0);
  CHECK_FALSE(s.index.info().processed_up_to_mutation);

  const auto vectors = points(5'100);
  const cv::ManyResult done = s.index.upsert_many(vectors);
  REQUIRE(done.complete());
  CHECK(done.requests == 2);
  REQUIRE(done.mutation.id);
  const cv::IndexInfo info = s.index.wait_for(done, 2min);
  CHECK(info.vector_count == 5'100);
  CHECK(info.processed_up_to_mutation == done.mutation.id);

  const cv::QueryResult nearest = s.index.query(std::vector<float>{7, 1, 0.1F}, {.top_k = 1});
  CHECK(ids_of(nearest) == std::vector<std::string>{"v7"});
  CHECK(near(nearest.begin()->score, 1));
  CHECK(ids_of(s.index.query_by_id("v9", {.top_k = 1})) == std::vector<std::string>{"v9"});
  CHECK(s.index.query(east).size() == 5);

  std::vector<std::string> wanted;
  for (int i = 0; i < 45; ++i) wanted.push_back("v" + std::to_string(i * 200));
  const cv::GetManyResult got = s.index.get_many(wanted);
  REQUIRE(got.vectors.size() == 45);
  CHECK(got.outcome.requests == 3);
  for (std::size_t i = 0; i < 45; ++i) {
    CHECK(got.vectors[i].has_value() == (i * 200 < 5'100));
    if (got.vectors[i]) CHECK(got.vectors[i]->values == vectors[i * 200].values);
  }

  std::set<std::string> listed;
  for (const cv::ListedVector& vector : s.index.list({.count = 1000})) listed.insert(vector.id);
  CHECK(listed.size() == 5'100);
  CHECK(s.index.list_page().info.total_count == 5'100);

  const cv::ManyResult erased = s.index.erase_many(listed);
  CHECK(erased.complete());
  CHECK(erased.requests == 51);
  CHECK(s.index.wait_for(erased, 2min).vector_count == 0);
  indexes.remove("docs");
  CHECK_FALSE(indexes.find("docs"));
  CHECK(error_of([&] { (void)s.index.info(); }).kind() == cf::ErrorKind::not_found);
}

TEST_CASE(
    "insert leaves an id that is there alone; upsert replaces the whole vector, metadata and namespace included") {
  Store s;
  const std::vector<std::string> ids{"a"};
  (void)s.index.insert({{.id = "a", .values = {1, 0, 0}, .ns = "n", .metadata = {{"k", {{"nested", {1, 2}}}}}}});
  (void)s.index.insert({{.id = "a", .values = {0, 1, 0}}});
  const Vector first = s.index.get_by_ids(ids).at(0);
  CHECK(first.values == east);
  CHECK(first.ns == "n");
  CHECK(first.metadata.as<json>() == json::parse(R"({"k":{"nested":[1,2]}})"));
  (void)s.index.upsert({{.id = "a", .values = {0, 0, 1}}});
  const Vector second = s.index.get_by_ids(ids).at(0);
  CHECK(second.values == std::vector<float>{0, 0, 1});
  CHECK(second.ns.empty());
  CHECK(second.metadata.empty());
}

TEST_CASE("scores mean what Cloudflare says: cosine up to 1, euclidean from 0, dot product negated") {
  const std::vector<Vector> vectors{{.id = "same", .values = {2, 0, 0}}, {.id = "far", .values = {-1, 3, 0}}};
  const auto scores = [&](cv::Metric metric) {
    Store s(3, metric);
    (void)s.index.insert(vectors);
    std::map<std::string, double> all;
    const auto found = s.index.query(east);
    CHECK(found.begin()->id == "same");
    for (const cv::Match& match : found) all[match.id] = match.score;
    return all;
  };
  CHECK(near(scores(cv::Metric::cosine)["same"], 1));
  CHECK(near(scores(cv::Metric::cosine)["far"], -1 / std::sqrt(10.0)));
  CHECK(near(scores(cv::Metric::euclidean)["same"], 1));
  CHECK(near(scores(cv::Metric::dot_product)["same"], -2));
}

TEST_CASE("queries by namespace and filter see what they may, with the data asked for") {
  Store s;
  (void)s.index.upsert({{.id = "before", .values = {1, 0, 0}, .metadata = {{"year", 2024}}}});
  (void)s.index.create_metadata_index("year", cv::MetadataType::number);
  (void)s.index.create_metadata_index("author.name", cv::MetadataType::string);
  (void)s.index.upsert({
      {.id = "a", .values = {1, 0.1F, 0}, .ns = "n", .metadata = {{"year", 2019}, {"author", {{"name", "x"}}}}},
      {.id = "b", .values = {1, 0.2F, 0}, .ns = "n", .metadata = {{"year", 2021}, {"author", {{"name", "y"}}}}},
      {.id = "c", .values = {1, 0.3F, 0}, .metadata = {{"year", 2023}, {"free", true}}},
  });
  using cf::field;
  const auto query = [&](const cv::QueryOptions& options) { return ids_of(s.index.query(east, options)); };
  using Ids = std::vector<std::string>;
  CHECK(query({}) == Ids{"before", "a", "b", "c"});
  CHECK(query({.ns = "n"}) == Ids{"a", "b"});
  CHECK(query({.filter = field("year") >= 2020}) == Ids{"b", "c"});  // "before" was written before the index
  CHECK(query({.filter = field("year") >= 2020 && field("year") < 2023}) == Ids{"b"});
  CHECK(query({.ns = "n", .filter = field("year").in({2019, 2023})}) == Ids{"a"});
  CHECK(query({.filter = field("author.name") == "y"}) == Ids{"b"});
  CHECK(query({.filter = cf::JsonText::raw(R"({"year":{"$lt":2020}})")}) == Ids{"a"});
  CHECK(query({.filter = field("free") == true}).empty());  // no metadata index
  const auto indexes = s.index.list_metadata_indexes();
  CHECK(indexes.size() == 2);
  CHECK(error_of([&] {
          (void)s.index.query(east, {.filter = field("free") == true, .metadata_indexes = indexes});
        }).kind() == cf::ErrorKind::invalid_argument);

  const auto match = [&](cv::ReturnMetadata metadata, bool values) {
    return *s.index.query(east, {.top_k = 1, .ns = "n", .return_values = values, .return_metadata = metadata}).begin();
  };
  CHECK(match(cv::ReturnMetadata::none, false).metadata.empty());
  CHECK(match(cv::ReturnMetadata::all, true).metadata.as<json>() ==
        json::parse(R"({"year":2019,"author":{"name":"x"}})"));
  CHECK(match(cv::ReturnMetadata::all, true).values == std::vector<float>{1, 0.1F, 0});
  CHECK(match(cv::ReturnMetadata::none, true).ns == "n");
  CHECK(match(cv::ReturnMetadata::indexed, false).metadata.as<json>().contains("year"));

  (void)s.index.erase_metadata_index("year");
  CHECK(s.index.list_metadata_indexes().size() == 1);
}

TEST_CASE("a change shows once it is processed, and wait_for waits for it") {
  Store s(3, cv::Metric::cosine, 40s);
  const auto begin = s.clock->now();
  const cv::ManyResult done = s.index.upsert_many(points(10));
  CHECK(s.index.info().vector_count == 0);
  CHECK(s.index.query(east).empty());
  CHECK(error_of([&] { (void)s.index.wait_for(done, 20s); }).kind() == cf::ErrorKind::timeout);
  CHECK(s.index.wait_for(done, 2min).vector_count == 10);
  CHECK(s.clock->now() - begin >= 40s);
  CHECK(s.index.query(east).size() == 5);

  // A later mutation overtakes ours: it is the one that info names.
  const cv::Mutation ours = s.index.upsert({{.id = "w", .values = {1, 1, 1}}});
  s.clock->advance(5s);
  const cv::Mutation theirs = s.index.upsert({{.id = "x", .values = {1, 1, 1}}});
  s.clock->advance(60s);
  CHECK(s.index.info().processed_up_to_mutation == theirs.id);
  CHECK(s.index.wait_for(ours, 10s).vector_count == 12);
}

TEST_CASE("a list is a snapshot of its first page; its cursor can be kept, and a foreign one is refused") {
  Store s;
  (void)s.index.upsert_many(points(30));
  auto pages = s.index.pages({.count = 10});
  std::size_t seen = pages.next()->vectors.size();
  const std::string saved = pages.cursor();
  (void)s.index.upsert({{.id = "later", .values = {1, 1, 1}}});
  while (const auto page = pages.next()) seen += page->vectors.size();
  CHECK(seen == 30);
  std::size_t resumed = 0;
  for (const auto& vector : s.index.list({.count = 10, .cursor = saved})) resumed += vector.id != "later" ? 1 : 100;
  CHECK(resumed == 20);
  CHECK(error_of([&] { (void)s.index.list_page({.cursor = "foreign"}); }).code() ==
        cf::ErrorCode::vectorize_bad_cursor);
}

TEST_CASE("what the server refuses has its code: names, dimensions, lines, and the limits when they are left to it") {
  Store s;
  const auto code = [](auto call) { return error_of(call).code(); };
  const auto indexes = s.client.vectorize_indexes();
  CHECK(code([&] { (void)indexes.create("docs", {.dimensions = 3}); }) ==
        cf::ErrorCode::vectorize_index_duplicate_name);
  CHECK(code([&] { (void)indexes.get("absent"); }) == cf::ErrorCode::vectorize_index_not_found);
  CHECK(code([&] { (void)s.index.insert({{.id = "a", .values = {1}}}); }) ==
        cf::ErrorCode::vectorize_vector_dimensions);
  CHECK(code([&] { (void)s.index.query(std::vector<float>{1}); }) == cf::ErrorCode::vectorize_query_dimensions);

  const std::string lines = "{\"id\":\"a\",\"values\":[1,2,3]}\nnonsense\n{\"id\":\"b\",\"values\":[1,2,3]}\n";
  const auto unparsable =
      error_of([&] { (void)s.index.insert_ndjson(lines, {.unparsable = cv::UnparsableBehavior::error}); });
  CHECK(unparsable.code() == cf::ErrorCode::vectorize_unparsable_line);
  CHECK(std::string_view(unparsable.what()).find("line 2") != std::string_view::npos);
  CHECK(s.index.info().vector_count == 0);
  (void)s.index.insert_ndjson(lines, {.unparsable = cv::UnparsableBehavior::discard});
  CHECK(s.index.info().vector_count == 2);

  const auto unchecked = s.cloud.client({.check_limits = false, .clock = s.clock}).vectorize("docs");
  CHECK(code([&] { (void)unchecked.query(east, {.top_k = 101}); }) == cf::ErrorCode::vectorize_top_k);
  CHECK(code([&] { (void)unchecked.query(east, {.top_k = 51, .return_values = true}); }) ==
        cf::ErrorCode::vectorize_top_k);
  CHECK(code([&] { (void)unchecked.insert({{.id = std::string(65, 'a'), .values = east}}); }) ==
        cf::ErrorCode::vectorize_id_too_long);
  CHECK(code([&] { (void)unchecked.get_by_ids(std::vector<std::string>(21, "a")); }) ==
        cf::ErrorCode::vectorize_too_many_ids);
  CHECK(code([&] { (void)unchecked.erase_by_ids(std::vector<std::string>(101, "a")); }) ==
        cf::ErrorCode::vectorize_too_many_ids);
}

TEST_CASE("floats come back from the store to the same bits, and so do strings that need escaping") {
  Store s(4);
  const Vector odd{.id = "\"\\\n\xE2\x82\xAC",
                   .values = {1e-45F, -0.F, 3.4028235e38F, 0.1F},
                   .ns = "n\"s",
                   .metadata = {{"k\n", "\"\\\t\xF0\x9F\x98\x80"}}};
  (void)s.index.insert(std::vector<Vector>{odd});
  const Vector back = s.index.get_by_ids(std::vector<std::string>{odd.id}).at(0);
  CHECK(back.id == odd.id);
  CHECK(back.ns == odd.ns);
  CHECK(back.metadata.as<json>() == odd.metadata.as<json>());
  REQUIRE(back.values.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(std::bit_cast<std::uint32_t>(back.values[i]) == std::bit_cast<std::uint32_t>(odd.values[i]));
}
