// What each Vectorize operation puts on the wire: method, path and body, and what it makes of the reply.

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "support/system.hpp"
#include "vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;
namespace cv = cf::vectorize;

namespace {

const std::string docs = vectorize_path + "/docs";
constexpr const char* an_index =
    R"({"name":"docs","description":"d","created_on":"2026-01-02T03:04:05.678901Z","modified_on":null,
        "config":{"dimensions":3,"metric":"dot-product"},"extra":1})";

}  // namespace

TEST_CASE("the operations on indexes have the method, path and body of the API") {
  const Scripted created({ok(an_index)});
  const cv::Index made = created.client().vectorize_indexes().create(
      "docs", {.dimensions = 3, .metric = cv::Metric::dot_product, .description = "a \"d\""});
  CHECK(line(created) == "POST " + vectorize_path);
  CHECK(body(created) == R"({"name":"docs","description":"a \"d\"","config":{"dimensions":3,"metric":"dot-product"}})");
  CHECK(type(created) == "application/json");
  CHECK(made.name == "docs");
  CHECK(made.dimensions == 3);
  CHECK(made.metric == cv::Metric::dot_product);
  CHECK(made.created_on == std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + 3h + 4min + 5s);
  CHECK_FALSE(made.modified_on);

  const Scripted preset({ok(R"({"name":"docs","config":{"metric":"hamming"}})")});
  const cv::Index of_preset =
      preset.client().vectorize_indexes().create("docs", {.preset = std::string(cv::presets::bge_base_en_v1_5)});
  CHECK(body(preset) == R"({"name":"docs","config":{"preset":"@cf/baai/bge-base-en-v1.5"}})");
  CHECK(of_preset.dimensions == 0);
  CHECK_FALSE(of_preset.metric);

  const Scripted listed({ok("[" + std::string(an_index) + ",{\"name\":\"b\"}]")});
  CHECK(listed.client().vectorize_indexes().list().at(1).name == "b");
  CHECK(line(listed) == "GET " + vectorize_path);

  const Scripted got({ok(an_index)});
  CHECK(got.client().vectorize_indexes().get("docs").description == "d");
  CHECK(line(got) == "GET " + docs);

  const Scripted removed({ok("null")});
  removed.client().vectorize_indexes().remove("docs");
  CHECK(line(removed) == "DELETE " + docs);
  CHECK(body(removed).empty());
}

TEST_CASE("find tells a missing or removed index, whatever the status, from other errors") {
  const Scripted s({refused(400, 3000, "vectorize.index.not_found"), refused(404, 3000, "vectorize.index.not_found"),
                    refused(410, 3005, "vectorize.index.deleted"), refused(404, 7003, "no route"), ok(an_index)});
  const auto indexes = s.client().vectorize_indexes();
  CHECK_FALSE(indexes.find("docs"));
  CHECK_FALSE(indexes.find("docs"));
  CHECK_FALSE(indexes.find("docs"));
  CHECK(error_of([&] { (void)indexes.find("docs"); }).code() == cf::ErrorCode::invalid_object_identifier);
  CHECK(indexes.find("docs")->name == "docs");
}

TEST_CASE("a name that is taken is a conflict with its code, and an index that is not there is not_found") {
  const Scripted s({refused(400, 3002, "vectorize.index.duplicate_name"), refused(400, 3000, "not found"),
                    refused(410, 3005, "deleted")});
  const auto indexes = s.client().vectorize_indexes();
  const auto taken = error_of([&] { (void)indexes.create("docs", {.dimensions = 3}); });
  CHECK(taken.kind() == cf::ErrorKind::conflict);
  CHECK(taken.code() == cf::ErrorCode::vectorize_index_duplicate_name);
  CHECK(error_of([&] { (void)indexes.get("docs"); }).kind() == cf::ErrorKind::not_found);
  CHECK(error_of([&] { (void)index_of(s).info(); }).kind() == cf::ErrorKind::not_found);
}

TEST_CASE("a removal that is repeated after a cut connection and finds nothing has succeeded") {
  const Scripted s({cut(), refused(404, 3000, "not found"), refused(404, 3000, "not found")});
  s.client().vectorize_indexes().remove("docs");
  CHECK(s.count() == 2);
  CHECK(error_of([&] { s.client().vectorize_indexes().remove("docs"); }).kind() == cf::ErrorKind::not_found);
}

TEST_CASE("info reads what is there and leaves the rest absent") {
  const Scripted s({ok(R"({"dimensions":3,"vectorCount":7,"processedUpToMutation":"m",
                           "processedUpToDatetime":"2026-01-02T03:04:05.999Z"})"),
                    ok(R"({"dimensions":3,"vectorCount":0})"),
                    ok(R"({"dimensions":3,"vectorCount":0,"processedUpToMutation":"","processedUpToDatetime":null})")});
  const auto index = index_of(s);
  const cv::IndexInfo info = index.info();
  CHECK(s.fake->requests()[0].method + ' ' + s.fake->requests()[0].url == "GET " + docs + "/info");
  CHECK(info.dimensions == 3);
  CHECK(info.vector_count == 7);
  CHECK(info.processed_up_to_mutation == "m");
  CHECK(info.processed_up_to_datetime == std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + 3h + 4min + 5s);
  for (int i = 0; i < 2; ++i) {
    const cv::IndexInfo fresh = index.info();
    CHECK_FALSE(fresh.processed_up_to_mutation);
    CHECK_FALSE(fresh.processed_up_to_datetime);
  }
}

TEST_CASE("insert and upsert send raw ndjson: one object per line, each ending in one newline, no empty line") {
  const Scripted inserted({accepted("m1", "Tue, 15 Nov 1994 08:12:31 GMT")});
  const cv::Mutation mutation = index_of(inserted).insert(
      {{.id = "a\"\n", .values = {1, -0.5F}}, {.id = "b", .values = {0.1F, 1e30F}, .ns = "n", .metadata = {{"k", 1}}}});
  CHECK(line(inserted) == "POST " + docs + "/insert");
  CHECK(type(inserted) == "application/x-ndjson");
  CHECK(body(inserted) ==
        "{\"id\":\"a\\\"\\n\",\"values\":[1,-0.5]}\n"
        "{\"id\":\"b\",\"values\":[0.1,1e+30],\"namespace\":\"n\",\"metadata\":{\"k\":1}}\n");
  CHECK(mutation.id == "m1");
  CHECK(mutation.accepted_at == std::chrono::sys_seconds(784'887'151s));

  const Scripted upserted({ok("null")});
  const std::vector<std::pair<std::string, std::vector<float>>> pairs{{"a", {1}}};
  const cv::Mutation none = index_of(upserted).upsert(pairs, {.unparsable = cv::UnparsableBehavior::discard});
  CHECK(line(upserted) == "POST " + docs + "/upsert?unparsable-behavior=discard");
  CHECK(body(upserted) == "{\"id\":\"a\",\"values\":[1]}\n");
  CHECK_FALSE(none.id);
  CHECK_FALSE(none.accepted_at);

  const Scripted strict({accepted("m")});
  (void)index_of(strict).insert(pairs, {.unparsable = cv::UnparsableBehavior::error});
  CHECK(line(strict) == "POST " + docs + "/insert?unparsable-behavior=error");
}

TEST_CASE("a ready ndjson body goes out as it is, from memory, a file or a stream that cannot rewind") {
  const std::string lines = "{\"id\":\"a\",\"values\":[1]}\r\n{\"id\": \"b\", \"values\": [2]}";
  const Scripted text({accepted("m")});
  (void)index_of(text).insert_ndjson(lines);
  CHECK(line(text) == "POST " + docs + "/insert");
  CHECK(body(text) == lines);
  CHECK(type(text) == "application/x-ndjson");

  const Scripted file({accepted("m")});
  const std::string path = support::unused_path().string();
  std::ofstream(path, std::ios::binary) << lines;
  (void)index_of(file).upsert_ndjson(cf::Body::file(path), {.unparsable = cv::UnparsableBehavior::discard});
  std::filesystem::remove(path);
  CHECK(line(file) == "POST " + docs + "/upsert?unparsable-behavior=discard");
  CHECK(body(file) == lines);

  const Scripted stream({accepted("m")});
  std::size_t at = 0;
  (void)index_of(stream).upsert_ndjson(cf::Body::callback([&](std::span<char> buffer) {
    const std::size_t n = lines.copy(buffer.data(), std::min<std::size_t>(7, buffer.size()), at);
    at += n;
    return n;
  }));
  CHECK(body(stream) == lines);
}

TEST_CASE("queries send JSON, and only what was asked for") {
  const std::vector<float> vector{0.25F, -1};
  const Scripted plain({ok(R"({"count":0,"matches":[]})")});
  CHECK(index_of(plain).query(vector).empty());
  CHECK(line(plain) == "POST " + docs + "/query");
  CHECK(type(plain) == "application/json");
  CHECK(body(plain) == R"({"vector":[0.25,-1]})");

  const Scripted full({ok(R"({"count":1,"matches":[{"id":"a","score":0.5,"values":[1.5,2],"metadata":{"k": [1]},
                              "namespace":"n","extra":0}]})")});
  const cv::QueryResult result = index_of(full).query(vector, {.top_k = 50,
                                                               .ns = "n",
                                                               .filter = cf::field("k") != "x",
                                                               .return_values = true,
                                                               .return_metadata = cv::ReturnMetadata::all});
  CHECK(body(full) == R"({"vector":[0.25,-1],"topK":50,"namespace":"n","filter":{"k":{"$ne":"x"}},)"
                      R"("returnValues":true,"returnMetadata":"all"})");
  REQUIRE(result.size() == 1);
  CHECK(result.count == 1);
  const cv::Match& match = *result.begin();
  CHECK(match.id == "a");
  CHECK(match.score == 0.5);
  CHECK(match.values == std::vector{1.5F, 2.F});
  CHECK(match.metadata.text() == R"({"k": [1]})");
  CHECK(match.ns == "n");

  const Scripted by_id({ok(R"({"matches":[{"id":"a","score":1,"metadata":null}]})")});
  (void)index_of(by_id).query_by_id("a\"", {.top_k = 100, .return_metadata = cv::ReturnMetadata::indexed});
  CHECK(line(by_id) == "POST " + docs + "/query");
  CHECK(body(by_id) == R"({"vectorId":"a\"","topK":100,"returnMetadata":"indexed"})");
}

TEST_CASE("vectors by id are JSON requests; what the reply lacks stays empty") {
  const Scripted got({ok(R"([{"id":"b","values":[1,2.5],"namespace":"n","metadata":{"a":{"b":1}}},
                             {"id":"a","values":[-3e-1,4],"namespace":null}])")});
  const std::vector<std::string> ids{"a", "b", "c\\"};
  const std::vector<Vector> vectors = index_of(got).get_by_ids(ids);
  CHECK(line(got) == "POST " + docs + "/get_by_ids");
  CHECK(type(got) == "application/json");
  CHECK(json::parse(body(got)) == json{{"ids", ids}});
  REQUIRE(vectors.size() == 2);
  CHECK(vectors[0].values == std::vector{1.F, 2.5F});
  CHECK(vectors[0].ns == "n");
  CHECK(vectors[0].metadata.as<json>() == json::parse(R"({"a":{"b":1}})"));  // nested: as stored, never flattened
  CHECK(vectors[1].values == std::vector{-0.3F, 4.F});
  CHECK(vectors[1].metadata.empty());

  const Scripted erased({accepted("m")});
  CHECK(index_of(erased).erase_by_ids(ids).id == "m");
  CHECK(line(erased) == "POST " + docs + "/delete_by_ids");
  CHECK(type(erased) == "application/json");
  CHECK(json::parse(body(erased)) == json{{"ids", ids}});
}

TEST_CASE("floats are read as the nearest float32, also where the way through double would round twice") {
  // A hair above the middle between 1 and its neighbour, and the shortest text of a float that misleads readers of
  // double.
  const Scripted s({ok(R"([{"id":"a","values":[1.00000005960464477539062500001,7.038531e-26,-7.038531e-26,1e-45]}])")});
  const auto values = index_of(s).get_by_ids(std::vector<std::string>{"a"}).at(0).values;
  CHECK(values == std::vector{std::nextafter(1.F, 2.F), std::bit_cast<float>(0x15AE43FDU),
                              std::bit_cast<float>(0x95AE43FDU), std::numeric_limits<float>::denorm_min()});
}

TEST_CASE("list_page is one request and shows everything the page says") {
  const Scripted s({ok(R"({"count":1,"totalCount":5,"isTruncated":true,"nextCursor":"c 2",
                           "cursorExpirationTimestamp":"2026-01-02T00:00:00Z","vectors":[{"id":"a"}]})")});
  const cv::VectorPage page = index_of(s).list_page({.count = 10, .cursor = "x/y"});
  CHECK(line(s) == "GET " + docs + "/list?count=10&cursor=x%2Fy");
  CHECK(page.vectors.at(0).id == "a");
  CHECK(page.cursor == "c 2");
  CHECK(page.info.count == 1);
  CHECK(page.info.total_count == 5);
  CHECK(page.is_truncated == true);
  CHECK(page.cursor_expires == std::chrono::sys_days(std::chrono::year(2026) / 1 / 2));
}

TEST_CASE("list walks all pages of the snapshot, over empty ones, with the count repeated") {
  const auto page = [](std::string_view ids, std::string_view cursor) {
    return ok(R"({"count":1,"isTruncated":true,"vectors":[)" + std::string(ids) + R"(],"nextCursor":")" +
              std::string(cursor) + "\"}");
  };
  for (const std::string_view end : {R"({"isTruncated":false,"nextCursor":"left over","vectors":[{"id":"b"}]})",
                                     R"({"nextCursor":null,"vectors":[{"id":"b"}]})",
                                     R"({"isTruncated":false,"nextCursor":"","vectors":[{"id":"b"}]})"}) {
    const Scripted s({page(R"({"id":"a"})", "c1"), page("", "c2"), ok(end)});
    std::vector<std::string> ids;
    for (const cv::ListedVector& vector : index_of(s).list()) ids.push_back(vector.id);
    CHECK(ids == std::vector<std::string>{"a", "b"});
    CHECK(s.fake->problems().empty());
    CHECK(s.fake->requests()[0].url == docs + "/list?count=1000");
    CHECK(s.fake->requests()[2].url == docs + "/list?count=1000&cursor=c2");
  }
}

TEST_CASE("a list that repeats its cursor or its page, or goes on without a cursor, ends with an error") {
  const auto page = [](std::string_view id, std::string_view cursor) {
    return ok(R"({"isTruncated":true,"vectors":[{"id":")" + std::string(id) + R"("}],"nextCursor":")" +
              std::string(cursor) + "\"}");
  };
  for (const auto& replies : {std::vector{page("a", "c"), page("b", "c")},
                              {page("a", "c1"), page("a", "c2")},
                              {ok(R"({"isTruncated":true,"vectors":[{"id":"a"}]})")}}) {
    const Scripted s;
    for (const auto& reply : replies) s.fake->reply(reply);
    CHECK(error_of([&] {
            for (const auto& vector : index_of(s).list()) (void)vector;
          }).kind() == cf::ErrorKind::decode);
  }
  const Scripted later({page("a", "c1"), refused(400, 40052, "cursor")});
  auto pages = index_of(later).checked().pages();
  CHECK(pages.next().value());
  CHECK(pages.next().error().code() == cf::ErrorCode::vectorize_bad_cursor);
}

TEST_CASE("metadata indexes have the method, path and body of the API, JSON content type included") {
  const Scripted created({accepted("m")});
  CHECK(index_of(created).create_metadata_index("year", cv::MetadataType::number).id == "m");
  CHECK(line(created) == "POST " + docs + "/metadata_index/create");
  CHECK(type(created) == "application/json");
  CHECK(body(created) == R"({"propertyName":"year","indexType":"number"})");

  const Scripted listed({ok(R"({"metadataIndexes":[{"propertyName":"a","indexType":"string"},
                                {"propertyName":"b","indexType":"number"},{"propertyName":"c","indexType":"boolean"}]})")});
  const auto indexes = index_of(listed).list_metadata_indexes();
  CHECK(line(listed) == "GET " + docs + "/metadata_index/list");
  REQUIRE(indexes.size() == 3);
  CHECK(indexes[0].property == "a");
  CHECK(indexes[1].type == cv::MetadataType::number);
  CHECK(indexes[2].type == cv::MetadataType::boolean);

  const Scripted erased({accepted("m")});
  (void)index_of(erased).erase_metadata_index("ye\"ar");
  CHECK(line(erased) == "POST " + docs + "/metadata_index/delete");
  CHECK(body(erased) == R"({"propertyName":"ye\"ar"})");
}

TEST_CASE("a metadata index of a type nobody knows yet is listed without a type, and a filter on it is not checked") {
  const Scripted s({ok(R"({"metadataIndexes":[{"propertyName":"a","indexType":"geo"},{"propertyName":"b"},
                           {"propertyName":"c","indexType":null},{"propertyName":"d","indexType":7},
                           {"propertyName":"e","indexType":"number"}]})"),
                    ok("null"), ok("{}")});
  const auto indexes = index_of(s).list_metadata_indexes();
  REQUIRE(indexes.size() == 5);
  for (std::size_t i = 0; i < 4; ++i) CHECK_FALSE(indexes[i].type);
  CHECK(indexes[4].type == cv::MetadataType::number);
  CHECK(index_of(s).list_metadata_indexes().empty());
  (void)index_of(s).query(std::vector<float>{1}, {.filter = cf::field("a") == "x", .metadata_indexes = indexes});
  CHECK(s.count() == 3);
}

TEST_CASE("an index whose metric, description or dates are of a form nobody knows yet is read all the same") {
  const Scripted s({ok(R"([{"name":"a","description":7,"created_on":true,"config":{"metric":"hamming","dimensions":2}},
                           {"name":"b","config":{"metric":7}},{"name":"c","config":null}])")});
  const auto indexes = s.client().vectorize_indexes().list();
  REQUIRE(indexes.size() == 3);
  CHECK(indexes[0].dimensions == 2);
  CHECK_FALSE(indexes[0].metric);
  CHECK_FALSE(indexes[1].metric);
}

TEST_CASE("an error of 5xx with the code of a missing index does not say that the index is missing") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return refused(500, 3000, "no"); });
  CHECK(error_of([&] { (void)s.client().vectorize_indexes().find("docs"); }).kind() == cf::ErrorKind::server);
}

TEST_CASE("uploads, erasures, queries and reads are repeated; creations are sent once") {
  const std::vector<std::string> ids{"a"};
  const std::vector<float> vector{1};
  const auto attempts = [&](auto call) {
    Scripted s;
    s.fake->answer_with([](const auto&) { return cut(); });
    const auto error = error_of([&] { call(index_of(s)); });
    CHECK(error.attempts() == static_cast<int>(s.count()));
    return std::pair(s.count(), error.outcome_unknown());
  };
  const std::pair<std::size_t, bool> write{4, true};
  const std::pair<std::size_t, bool> read{4, false};
  CHECK(attempts([&](auto i) { (void)i.insert({{.id = "a", .values = {1}}}); }) == write);
  CHECK(attempts([&](auto i) { (void)i.upsert({{.id = "a", .values = {1}}}); }) == write);
  CHECK(attempts([&](auto i) { (void)i.erase_by_ids(ids); }) == write);
  CHECK(attempts([&](auto i) { (void)i.erase_metadata_index("a"); }) == write);
  CHECK(attempts([&](auto i) { (void)i.query(vector); }) == read);
  CHECK(attempts([&](auto i) { (void)i.get_by_ids(ids); }) == read);
  CHECK(attempts([&](auto i) { (void)i.info(); }) == read);
  CHECK(attempts([&](auto i) { (void)i.list_page(); }) == read);
  CHECK(attempts([&](auto i) { (void)i.create_metadata_index("a", cv::MetadataType::string); }) ==
        std::pair<std::size_t, bool>{1, true});
}

TEST_CASE("throttling under code 40041 is repeated though its status is 400, creations included") {
  const Scripted s({refused(400, 40041, "Too Many Requests"), accepted("m")});
  CHECK(index_of(s).create_metadata_index("a", cv::MetadataType::string).id == "m");
  CHECK(s.count() == 2);
}

TEST_CASE("a 409 on an insert that is repeated after a cut connection means that the first attempt succeeded") {
  const Scripted s({cut(), refused(409, 40999, "there already"), refused(409, 40999, "there already")});
  CHECK_FALSE(index_of(s).insert({{.id = "a", .values = {1}}}).id);
  CHECK(error_of([&] { (void)index_of(s).insert({{.id = "a", .values = {1}}}); }).http_status() == 409);
}

TEST_CASE("a line that the server cannot parse is named in the error, in its own words and with its code") {
  const std::string message = "vectorize.invalid_ndjson: line 2: expected value at column 7";
  const Scripted s({refused(400, 40023, message), refused(400, 40023, message)});
  const auto error = error_of([&] { (void)index_of(s).insert_ndjson("{\"id\":\"a\",\"values\":[1]}\nnonsense\n"); });
  CHECK(error.kind() == cf::ErrorKind::rejected);
  CHECK(error.code() == cf::ErrorCode::vectorize_unparsable_line);
  CHECK(std::string_view(error.what()).find("line 2") != std::string_view::npos);
  const auto many = error_of([&] { (void)index_of(s).upsert({{.id = "a", .values = {1}}}); });
  CHECK(many.messages().at(0).message == message);
}

TEST_CASE("a reply that is not what was asked for is a decode error; the checked view gives it as a value") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok(R"({"matches":[{"id":1}]})"); });
  const std::vector<float> vector{1};
  const auto result = index_of(s).checked().query(vector);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind() == cf::ErrorKind::decode);
  CHECK(s.client().vectorize_indexes().checked().list().error().kind() == cf::ErrorKind::decode);
  CHECK(s.client().vectorize_indexes().with({.max_attempts = 1}).checked().get("x").has_value());
}

TEST_CASE("the namespace of an upload applies to vectors without a namespace of their own") {
  const auto accepted = ok(R"({"mutationId":"m"})");
  const Scripted s({accepted, accepted});
  const std::vector<Vector> vectors{{.id = "a", .values = {1, 0}}, {.id = "b", .values = {0, 1}, .ns = "own"}};
  const std::string lines =
      "{\"id\":\"a\",\"values\":[1,0],\"namespace\":\"team\"}\n{\"id\":\"b\",\"values\":[0,1],\"namespace\":\"own\"}\n";
  s.client().vectorize("docs").upsert(vectors, {.ns = "team"});
  CHECK(s.client().vectorize("docs").upsert_many(vectors, {.ns = "team"}).succeeded == 2);
  REQUIRE(s.count() == 2);
  for (const auto& request : s.fake->requests()) CHECK(request.body == lines);
  const auto long_name = error_of([&] { s.client().vectorize("docs").upsert(vectors, {.ns = std::string(65, 'n')}); });
  CHECK(long_name.kind() == cf::ErrorKind::invalid_argument);
  CHECK(s.count() == 2);
}
