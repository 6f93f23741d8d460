// Vectors as ndjson, and floats that come back to the same bits.

#include <cloudflare/vectorize/ndjson.hpp>

#include <forward_list>
#include <limits>

#include "float_round_trip.hpp"
#include "vectorize_support.hpp"

using namespace vectorize_tests;

namespace {

struct Document {
  std::string key;
  std::vector<float> embedding;
};
// Found by argument-dependent lookup: a caller's own type is an element like any other.
cf::vectorize::VectorView view_of(const Document& d) { return {.id = d.key, .values = d.embedding}; }

}  // namespace

TEST_CASE("vectors are encoded one to a line, from owned vectors, views, pairs and the caller's own type") {
  const std::string expected = "{\"id\":\"a\",\"values\":[1,-0]}\n{\"id\":\"b\",\"values\":[0.5,1e-45]}\n";
  const std::vector<float> a{1, -0.F};
  const std::vector<float> b{0.5F, 1e-45F};
  CHECK(cf::ndjson::encode(std::vector<Vector>{{.id = "a", .values = a}, {.id = "b", .values = b}}) == expected);
  CHECK(cf::ndjson::encode(std::forward_list<cf::vectorize::VectorView>{{"a", a}, {"b", b}}) == expected);
  CHECK(cf::ndjson::encode(std::map<std::string, std::vector<float>>{{"a", a}, {"b", b}}) == expected);
  CHECK(cf::ndjson::encode(std::vector<std::pair<const char*, std::span<const float>>>{{"a", a}, {"b", b}}) ==
        expected);
  const Document documents[] = {{"a", a}, {"b", b}};
  CHECK(cf::ndjson::encode(documents) == expected);
  CHECK(cf::ndjson::encode(std::vector<Vector>()).empty());
}

TEST_CASE("the rows of a matrix are vectors with an id each and one namespace") {
  const std::vector<std::string> ids{"a", "b"};
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const cf::ndjson::Matrix matrix(ids, values, 3, "n");
  CHECK(matrix.size() == 2);
  const std::string expected =
      "{\"id\":\"a\",\"values\":[1,2,3],\"namespace\":\"n\"}\n"
      "{\"id\":\"b\",\"values\":[4,5,6],\"namespace\":\"n\"}\n";
  CHECK(cf::ndjson::encode(matrix) == expected);
  const Scripted s({accepted("m")});
  (void)index_of(s).insert(matrix);
  CHECK(body(s) == expected);
  for (const std::size_t dimensions : {0U, 2U, 4U, 6U})
    CHECK(error_of([&] { cf::ndjson::Matrix(ids, values, dimensions); }).kind() == cf::ErrorKind::invalid_argument);
}

TEST_CASE("absent namespace and metadata are left out; strings are escaped, so that every line is one line") {
  std::string out = "before\n";
  cf::ndjson::append(out, {.id = "\"\\\n\r\t\x01\x7F/\xE2\x80\xA8", .values = std::vector<float>{1}});
  CHECK(json::parse(out.substr(7)) == json{{"id", "\"\\\n\r\t\x01\x7F/\xE2\x80\xA8"}, {"values", {1}}});
  CHECK(std::count(out.begin(), out.end(), '\n') == 2);
  const std::vector<float> one{1};
  const std::string pretty = "{\n  \"a\": 1,\r\n  \"b\": \"x\\ny\"\n}";
  out.clear();
  cf::ndjson::append(out, {.id = "a", .values = one, .ns = "n\"", .metadata = pretty});
  CHECK(std::count(out.begin(), out.end(), '\n') == 1);
  CHECK(out.find('\r') == std::string::npos);
  CHECK(json::parse(out) ==
        json{{"id", "a"}, {"values", {1}}, {"namespace", "n\""}, {"metadata", json::parse(pretty)}});
}

TEST_CASE("what cannot be a line leaves the text as it was and says why, with the position in a range") {
  std::string out = "kept";
  const std::vector<float> good{1};
  const std::vector<float> bad{1, std::numeric_limits<float>::infinity()};
  const auto says = [&](const cf::vectorize::VectorView& vector, std::string_view text) {
    const auto error = error_of([&] { cf::ndjson::append(out, vector); });
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(std::string_view(error.what()).find(text) != std::string_view::npos);
    CHECK(out == "kept");
  };
  says({.id = "a", .values = bad}, "value 1 is NaN or infinite");
  says({.id = "\xFF", .values = good}, "id is not UTF-8");
  says({.id = "a", .values = good, .ns = "\xFF"}, "namespace is not UTF-8");
  for (const char* metadata : {"[]", "{\"a\":[1,xyz]}", "{\"a\":xyz}", "{\"a\":nope}", "xyz"})
    says({.id = "a", .values = good, .metadata = metadata}, "not one JSON object");
  const std::vector<std::pair<std::string, std::vector<float>>> range{{"a", good}, {"b", bad}};
  CHECK(std::string_view(error_of([&] { (void)cf::ndjson::encode(range); }).what()).find("vector 1: value 1") !=
        std::string_view::npos);
}

TEST_CASE("floats are the shortest text that reads back to the same float32") {
  const std::vector<float> values{0.1F, 1.0F / 3, 16'777'216, 3.4028235e38F, 1.1754944e-38F, 1e-45F, -0.3F, 1e21F};
  std::string out;
  cf::ndjson::append(out, {.id = "a", .values = values});
  CHECK(out == "{\"id\":\"a\",\"values\":[0.1,0.33333334,16777216,3.4028235e+38,1.1754944e-38,1e-45,-0.3,1e+21]}\n");
}

TEST_CASE(
    "every float of a sample of bit patterns reads back to the same bits, through float, double and this library") {
  CHECK(round_trip::losses(round_trip::sample(300'000)) == 0);
  // The values that are hardest: zeros, denormals, the ends, and the one whose shortest text misleads readers of
  // double.
  std::vector<float> hard{0.F, -0.F, std::numeric_limits<float>::max(), std::numeric_limits<float>::min()};
  for (const std::uint32_t bits :
       {1U, 2U, 0x007FFFFFU, 0x00800000U, 0x7F7FFFFFU, 0x15AE43FDU, 0x95AE43FDU, 0x15AE43FEU})
    hard.push_back(std::bit_cast<float>(bits));
  CHECK(round_trip::losses(hard) == 0);
}
