// Bad input to Vectorize: refused before any request, with the limit in the message. And the filter language.

#include <cmath>
#include <limits>

#include "vectorize_support.hpp"

using namespace vectorize_tests;
namespace cv = cf::vectorize;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

Vector vector(std::string id, std::vector<float> values = {1, 2}, std::string ns = "", cf::Metadata metadata = {}) {
  return {.id = std::move(id), .values = std::move(values), .ns = std::move(ns), .metadata = std::move(metadata)};
}

/// A range whose second element throws.
struct Broken {
  struct Iterator {
    using value_type = Vector;
    using difference_type = std::ptrdiff_t;
    int at = 0;
    Vector operator*() const { return at == 0 ? vector("a") : throw std::runtime_error("own"); }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    void operator++(int) { ++at; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at == b.at; }
  };
  [[nodiscard]] Iterator begin() const { return {}; }
  [[nodiscard]] Iterator end() const { return {2}; }
};

cf::JsonText raw(std::string text) { return cf::JsonText::raw(std::move(text)); }

/// The filter of the only query made with it.
json filter_sent(const cv::Filter& filter) {
  const Scripted s({ok("{}")});
  (void)index_of(s).query(std::vector<float>{1}, {.filter = filter});
  return json::parse(body(s)).at("filter");
}

/// Checks that `filter` is refused before any request.
void filter_refused(const cv::Filter& filter, std::string_view text,
                    std::optional<std::vector<cv::MetadataIndex>> indexes = std::nullopt) {
  const Scripted s;
  INFO(filter.text());
  refuses(
      s, [&] { (void)index_of(s).query(std::vector<float>{1}, {.filter = filter, .metadata_indexes = indexes}); },
      text);
}

}  // namespace

TEST_CASE(
    "a vector of the wrong length is refused with its position and id, against the index or the first of the call") {
  const Scripted s;
  const std::vector<Vector> vectors{vector("a"), vector("b"), vector("c", {1, 2, 3})};
  refuses(
      s, [&] { (void)index_of(s).insert(vectors); }, R"(vector 2 ("c"): it has 3 dimensions; 2 are needed)");
  refuses(
      s, [&] { (void)index_of(s, 3).upsert(vectors); }, R"(vector 0 ("a"): it has 2 dimensions; 3 are needed)");
  refuses(
      s, [&] { (void)index_of(s).insert({vector("a", {})}); }, "0 dimensions; 1 to 1536");
  refuses(
      s, [&] { (void)index_of(s).insert({vector("a", std::vector<float>(1537))}); }, "1537 dimensions; 1 to 1536");
  refuses(
      s,
      [&] {
        (void)index_of(s, 3).query(std::vector<float>{1, 2});
      },
      "2 dimensions; 3 are needed");
  refuses(
      s, [&] { (void)index_of(s).query(std::vector<float>()); }, "0 dimensions; 1 to 1536");
  refuses(
      s, [&] { (void)index_of(s).query(std::vector<float>(1537)); }, "1537 dimensions; 1 to 1536");
}

TEST_CASE("NaN and infinity are refused with the position of the value, in vectors and in queries") {
  const Scripted s;
  refuses(
      s,
      [&] {
        (void)index_of(s).insert({vector("a"), vector("b", {1, not_a_number})});
      },
      R"(vector 1 ("b"): value 1 is NaN or infinite)");
  refuses(
      s,
      [&] {
        (void)index_of(s).upsert({vector("a", {-infinity, 1})});
      },
      "value 0 is NaN or infinite");
  std::vector<float> query(700, 0.5F);
  query[650] = infinity;
  refuses(
      s, [&] { (void)index_of(s).query(query); }, "value 650 is NaN or infinite");
}

TEST_CASE("ids, namespaces and names are measured in bytes of UTF-8") {
  const Scripted s;
  std::string umlauts;  // 33 characters of two bytes
  for (int i = 0; i < 33; ++i) umlauts += "\xC3\xA4";
  const std::vector<std::string> long_id{"ok", umlauts};
  refuses(
      s, [&] { (void)index_of(s).insert({vector(umlauts)}); }, "the id has 66 bytes; at most 64");
  refuses(
      s, [&] { (void)index_of(s).insert({vector("")}); }, "the id is empty");
  refuses(
      s, [&] { (void)index_of(s).insert({vector("\xFF")}); }, "the id is not UTF-8");
  refuses(
      s, [&] { (void)index_of(s).insert({vector("a", {1}, umlauts)}); }, "the namespace has 66 bytes; at most 64");
  refuses(
      s, [&] { (void)index_of(s).insert({vector("a", {1}, "\xFF")}); }, "the namespace is not UTF-8");
  refuses(
      s, [&] { (void)index_of(s).query(std::vector<float>{1}, {.ns = umlauts}); }, "66 bytes; at most 64");
  refuses(
      s, [&] { (void)index_of(s).query(std::vector<float>{1}, {.ns = "\xFF"}); }, "not UTF-8");
  refuses(
      s, [&] { (void)index_of(s).query_by_id(umlauts); }, "the id has 66 bytes; at most 64");
  refuses(
      s, [&] { (void)index_of(s).query_by_id(""); }, "the id is empty");
  refuses(
      s, [&] { (void)index_of(s).get_by_ids(long_id); }, "vector 1");
  refuses(
      s, [&] { (void)index_of(s).erase_by_ids(long_id); }, "66 bytes; at most 64");
  refuses(
      s, [&] { (void)s.client().vectorize(std::string(65, 'i')).info(); }, "65 bytes; at most 64");
  refuses(
      s, [&] { (void)s.client().vectorize("").info(); }, "name of the index is empty");
  refuses(
      s, [&] { (void)s.client().vectorize("..").info(); }, "not allowed");
  refuses(
      s, [&] { (void)s.client().vectorize_indexes().get(""); }, "name of the index is empty");

  const Scripted fits({accepted("m")});
  const std::string longest = umlauts.substr(0, 64);
  (void)index_of(fits).insert({vector(longest, {1}, longest)});
  CHECK(json::parse(body(fits)) == json{{"id", longest}, {"values", {1}}, {"namespace", longest}});
}

TEST_CASE("metadata is one JSON object of at most 10 KiB whose keys, nested ones too, the API allows") {
  const Scripted s;
  const auto with = [&](cf::Metadata metadata) {
    return [&s, metadata] { (void)index_of(s).insert({vector("a", {1}, "", metadata)}); };
  };
  const cf::Metadata largest = raw(R"({"k":")" + std::string(10'240 - 8, 'm') + "\"}");
  CHECK(largest.text().size() == 10'240);
  refuses(s, with(raw(R"({"k":")" + std::string(10'241 - 8, 'm') + "\"}")), "10241 bytes as JSON; at most 10 KiB");
  for (const std::string key : {"", "a.b", "a\\\"b", "a|b", "$a"})
    refuses(s, with(raw("{\"fine\":{\"" + key + "\":1}}")), "metadata key");
  refuses(s, with(raw(R"({"list":[{"$a":1}]})")), "metadata key '$a'");
  for (const std::string bad :
       {"[1]", "1", "null", "\"x\"", "{\"a\":1", "{\"a\":tru}", "{\"a\":1}{}", "{\"a\":01}", "x"})
    refuses(s, with(raw(bad)), "not one JSON object");
  refuses(s, with(raw("{\"a\":\"\xFF\"}")), "metadata is not UTF-8");

  const Scripted fits({accepted("m"), accepted("m")});
  (void)index_of(fits).insert({vector("a", {1}, "", largest)});
  (void)index_of(fits).insert({vector("a", {1}, "", raw("{\"a\":\n{\"b\":[null,true]}}"))});
  CHECK(json::parse(fits.fake->requests()[1].body).at("metadata") == json::parse(R"({"a":{"b":[null,true]}})"));
}

TEST_CASE("one request takes 1 to 5000 vectors and 100 MB, 20 ids to read and 100 to erase") {
  const Scripted s;
  const std::vector<Vector> too_many(5001, vector("a", {1}));
  refuses(
      s, [&] { (void)index_of(s).insert(too_many); }, "5001 vectors; at most 5000");
  refuses(
      s, [&] { (void)index_of(s).upsert(std::vector<Vector>()); }, "there are no vectors");
  refuses(
      s, [&] { (void)index_of(s).insert_ndjson(""); }, "there are no vectors");
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "{}\n";
  refuses(
      s, [&] { (void)index_of(s).insert_ndjson(lines + "{}"); }, "5001 vectors; at most 5000");
  refuses(
      s, [&] { (void)index_of(s).upsert_ndjson(std::string(100'000'001, 'x')); }, "more than 100 MB");
  const std::vector<Vector> heavy(4500, vector("a", std::vector<float>(1536, -1.1754944e-38F)));
  refuses(
      s, [&] { (void)index_of(s).insert(heavy); }, "more than 100 MB");
  refuses(
      s, [&] { (void)index_of(s).get_by_ids(std::vector<std::string>(21, "a")); }, "21 ids; at most 20");
  refuses(
      s, [&] { (void)index_of(s).get_by_ids(std::vector<std::string>()); }, "there are no ids");
  refuses(
      s, [&] { (void)index_of(s).erase_by_ids(std::vector<std::string>(101, "a")); }, "101 ids; at most 100");

  const Scripted fits({accepted("m"), accepted("m"), ok("[]"), accepted("m")});
  (void)index_of(fits).insert_ndjson(lines);
  (void)index_of(fits).insert(std::vector<Vector>(5000, vector("a", {1})));
  (void)index_of(fits).get_by_ids(std::vector<std::string>(20, "a"));
  (void)index_of(fits).erase_by_ids(std::vector<std::string>(100, "a"));
  CHECK(fits.fake->problems().empty());
}

TEST_CASE("top_k is at most 100, and at most 50 with values or all metadata") {
  const Scripted s;
  const std::vector<float> q{1};
  const auto query = [&](cv::QueryOptions options) { return [&, options] { (void)index_of(s).query(q, options); }; };
  refuses(s, query({.top_k = 101}), "top_k is 101; 1 to 100");
  refuses(s, query({.top_k = 0}), "top_k is 0; 1 to 100");
  refuses(s, query({.top_k = -1}), "top_k is -1; 1 to 100");
  refuses(s, query({.top_k = 51, .return_values = true}), "top_k is 51; 1 to 50");
  refuses(s, query({.top_k = 51, .return_metadata = cv::ReturnMetadata::all}), "top_k is 51; 1 to 50");
  refuses(
      s, [&] { (void)index_of(s).query_by_id("a", {.top_k = 101}); }, "1 to 100");
  const Scripted fits;
  fits.fake->answer_with([](const auto&) { return ok("{}"); });
  (void)index_of(fits).query(q, {.top_k = 100, .return_metadata = cv::ReturnMetadata::indexed});
  (void)index_of(fits).query(q, {.top_k = 50, .return_values = true, .return_metadata = cv::ReturnMetadata::all});
  CHECK(fits.count() == 2);
}

TEST_CASE("other arguments out of their range are refused with the range") {
  const Scripted s;
  const auto indexes = s.client().vectorize_indexes();
  refuses(
      s, [&] { (void)index_of(s).list_page({.count = 0}); }, "count is 0; 1 to 1000");
  refuses(
      s, [&] { (void)index_of(s).list_page({.count = 1001}); }, "count is 1001; 1 to 1000");
  refuses(
      s, [&] { (void)indexes.create("a", {}); }, "0 dimensions; 1 to 1536");
  refuses(
      s, [&] { (void)indexes.create("a", {.dimensions = 1537}); }, "1537 dimensions; 1 to 1536");
  refuses(
      s, [&] { (void)indexes.create("a", {.dimensions = 3, .preset = "p"}); }, "a preset takes the place");
  refuses(
      s, [&] { (void)indexes.create("a", {.dimensions = 3, .description = "\xFF"}); }, "not UTF-8");
  refuses(
      s, [&] { (void)indexes.create(std::string(65, 'a'), {.dimensions = 3}); }, "65 bytes; at most 64");
  refuses(
      s, [&] { (void)index_of(s).create_metadata_index("", cv::MetadataType::string); }, "property is empty");
  refuses(
      s, [&] { (void)index_of(s).erase_metadata_index("\xFF"); }, "not UTF-8");
}

TEST_CASE("check_limits = false leaves the limits to the server, but not what cannot be sent") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("{}"); });
  const auto index = s.client({.check_limits = false}).vectorize("docs", 7);
  (void)index.insert({vector(std::string(65, 'a'), {1, 2}, std::string(65, 'n'), raw(R"({"$a":1})"))});
  (void)index.query(std::vector<float>{1}, {.top_k = 101, .filter = raw(R"({"$a":1})")});
  (void)index.insert_ndjson("");
  CHECK(s.count() == 3);
  CHECK(error_of([&] { (void)index.insert({vector("a", {not_a_number})}); }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)index.insert({vector("a", {1}, "", raw("x"))}); }).kind() ==
        cf::ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)index.query(std::vector<float>{1}, {.filter = raw("{")}); }).kind() ==
        cf::ErrorKind::invalid_argument);
  CHECK(s.count() == 3);
}

TEST_CASE("the filter builder writes the API's language") {
  using cf::field;
  CHECK(filter_sent(field("a") == "x") == json::parse(R"({"a":"x"})"));
  CHECK(filter_sent(field("a") == "x\"\n") == json{{"a", "x\"\n"}});
  CHECK(filter_sent(field("a") != 1) == json::parse(R"({"a":{"$ne":1}})"));
  CHECK(filter_sent(field("a") == true) == json::parse(R"({"a":true})"));
  CHECK(filter_sent(field("a") == nullptr) == json::parse(R"({"a":null})"));
  CHECK(filter_sent(field("a") < 0.1) == json::parse(R"({"a":{"$lt":0.1}})"));
  CHECK(filter_sent(field("a") <= -3L) == json::parse(R"({"a":{"$lte":-3}})"));
  CHECK(filter_sent(field("a") > std::string("x")) == json::parse(R"({"a":{"$gt":"x"}})"));
  CHECK(filter_sent(field("a") >= 7U) == json::parse(R"({"a":{"$gte":7}})"));
  CHECK(filter_sent(field("a").in({"x", 1, false, nullptr})) == json::parse(R"({"a":{"$in":["x",1,false,null]}})"));
  CHECK(filter_sent(field("a").not_in({1.5})) == json::parse(R"({"a":{"$nin":[1.5]}})"));
  CHECK(filter_sent(field("year") >= 2020 && field("genre").in({"a", "b"}) && field("year") < 2030) ==
        json::parse(R"({"year":{"$gte":2020,"$lt":2030},"genre":{"$in":["a","b"]}})"));
  CHECK(filter_sent(field("author.name") == "x") == json::parse(R"({"author.name":"x"})"));
  CHECK(filter_sent(cv::Filter() && field("a") == 1 && cv::Filter()) == json::parse(R"({"a":1})"));
}

TEST_CASE("a filter in the API's own language is sent as given, every operator of it") {
  const std::string text = R"({"a": {"$in": ["x", 1]}, "b":{"$nin":[true]}, "c":{"$eq":null}, "d.e":{"$ne":"y"},)"
                           R"("f":{"$gte":"net","$lt":"neu"}, "g":{"$gt":1,"$lte":2.5}, "h":"bare"})";
  const Scripted s({ok("{}"), ok("{}"), ok("{}")});
  const std::vector<float> q{1};
  (void)index_of(s).query(q, {.filter = raw(text)});
  CHECK(body(s).find(R"("filter":)" + text + "}") != std::string::npos);
  (void)index_of(s).query(q, {.filter = json{{"a", {{"$ne", 1}}}}});
  CHECK(s.fake->requests()[1].body.find(R"("filter":{"a":{"$ne":1}}})") != std::string::npos);
  (void)index_of(s).query(q, {.filter = cv::Filter()});
  CHECK(s.fake->requests()[2].body == R"({"vector":[1]})");
}

TEST_CASE("what a range of the caller throws while it is read is the error of the checked view, with its cause") {
  const Scripted s;
  const Broken broken;
  const auto result = index_of(s).checked().insert(broken);
  CHECK(result.error().kind() == cf::ErrorKind::callback);
  CHECK_THROWS_AS(std::rethrow_exception(result.error().cause()), std::runtime_error);
  CHECK_THROWS_AS(index_of(s).insert(broken), std::runtime_error);
  CHECK(index_of(s).checked().insert_many(broken).error().kind() == cf::ErrorKind::callback);
  CHECK(s.count() == 0);
}

TEST_CASE("a filter that breaks a rule of the language is refused with the rule") {
  using cf::field;
  filter_refused(field("") == 1, "keys are not empty");
  filter_refused(field("$a") == 1, "do not begin with '$'");
  filter_refused(field("a\"") == 1, "hold no '\"' or '|'");
  filter_refused(field("a|b") == 1, "hold no '\"' or '|'");
  filter_refused(field(std::string(513, 'k')) == 1, "513 characters; at most 512");
  filter_refused(field("a") == std::nan(""), "not one JSON object");
  filter_refused(field("a") > (1LL << 53) + 1, "beyond 2^53");
  filter_refused(field("a") == "x\xFF", "not UTF-8");
  filter_refused(field("a") == 1 && field("a") == 2, "one operator, or one lower and one upper bound");
  filter_refused(field("a") == 1 && field("a") > 2, "one operator, or one lower and one upper bound");
  filter_refused(field("a") > 1 && field("a") >= 2, "one operator, or one lower and one upper bound");
  filter_refused(field("a") > true, "$gt of the filter's 'a' needs a string or a number");
  filter_refused(raw("{}"), "no condition");
  filter_refused(raw("[]"), "not one JSON object");
  filter_refused(raw(R"({"a":1)"), "not one JSON object");
  filter_refused(raw(R"({"a":{}})"), "one operator");
  filter_refused(raw(R"({"a":[1]})"), "needs a string, number, boolean or null");
  filter_refused(raw(R"({"a":{"b":1}})"), "has an operator 'b'");
  filter_refused(raw(R"({"a":{"$or":[1]}})"), "has an operator '$or'");
  filter_refused(raw(R"({"a":{"$in":1}})"), "$in of the filter's 'a' needs an array");
  filter_refused(raw(R"({"a":{"$in":[[1]]}})"), "needs a string, number, boolean or null");
  filter_refused(raw(R"({"a":{"$lt":null}})"), "needs a string or a number");
  filter_refused(raw(R"({"a":1,"a":2})"), "twice");
  filter_refused(cv::Filter(raw(R"({"a":1})")) && (field("b") == 1), "not one JSON object");
}

TEST_CASE("a filter's compact JSON is under 2048 bytes; white space does not count") {
  const auto of_size = [](std::size_t bytes) { return cf::field("a") == std::string(bytes - 8, 'x'); };
  CHECK(of_size(2047).text().size() == 2047);
  CHECK(filter_sent(of_size(2047)).size() == 1);
  filter_refused(of_size(2048), "2048 bytes as compact JSON; less than 2048");
  CHECK(filter_sent(raw("{" + std::string(3000, ' ') + R"("a":1})")).size() == 1);
}

TEST_CASE("on request a filter is held against the metadata indexes: every property indexed, every value of its type") {
  using cf::field;
  const std::vector<cv::MetadataIndex> indexes{
      {"year", cv::MetadataType::number}, {"lang", cv::MetadataType::string}, {"free", cv::MetadataType::boolean}};
  filter_refused(field("years") > 1, "'years' has no metadata index", indexes);
  filter_refused(field("year") > "2020", "'year' is compared with a value of another type", indexes);
  filter_refused(field("lang").in({"en", 1}), "'lang' is compared with a value of another type", indexes);
  filter_refused(raw(R"({"free":"yes"})"), "'free' is compared with a value of another type", indexes);
  const Scripted s({ok("{}")});
  (void)index_of(s).query(std::vector<float>{1},
                          {.filter = field("year") > 2020 && field("lang").in({"en", nullptr}) && field("free") == true,
                           .metadata_indexes = indexes});
  CHECK(s.count() == 1);
}

TEST_CASE("a query takes a vector in braces") {
  const Scripted braces({ok(R"({"count":0,"matches":[]})"), ok(R"({"count":0,"matches":[]})")});
  CHECK(index_of(braces).query({0.25F, -1.0F}).empty());
  CHECK(body(braces) == R"({"vector":[0.25,-1]})");
  CHECK(index_of(braces).checked().query({0.25F, -1.0F}, {.top_k = 2}).value().empty());
}
