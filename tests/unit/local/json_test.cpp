// JSON of requests as the embedded store reads it.
#include <cloudflare/limits.hpp>

#include "local/http/json.hpp"
#include "local_d1_support.hpp"

using namespace cloudflare_tests;
using cloudflare::local::parse_json;

namespace {

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) out += open;
  out += '1';
  for (std::size_t i = 0; i < depth; ++i) out += close;
  return out;
}

}  // namespace

TEST_CASE("embedded store: JSON is taken up to the depth limit and refused beyond it, at any depth") {
  const std::size_t limit = cloudflare::limits::json_depth;
  CHECK(parse_json(nested(limit, "[", "]")));
  CHECK(parse_json(nested(limit, "{\"a\":", "}")));
  for (const std::size_t depth : {limit + 1, std::size_t{5'000}, std::size_t{300'000}}) {
    CHECK_FALSE(parse_json(nested(depth, "[", "]")));
    CHECK_FALSE(parse_json(nested(depth, "{\"a\":", "}")));
    CHECK_FALSE(parse_json(nested(depth, "[1,", "]")));
  }
  LocalApi api;
  const LocalD1 db(api);
  const Answer refused = api.account("POST", db.path + "/query", nested(300'000, "{\"sql\":", "}"));
  CHECK(refused.status == 400);
  CHECK(refused.code() == 7400);
  CHECK(refused.message() == "The request is malformed: its JSON is nested deeper than 100 levels");
}

TEST_CASE("embedded store: a JSON word or number with wrong characters after it is refused, alone and nested") {
  for (const char* right : {"null", " true\n", "false", "-0", "1e400", "12345678901234567890123", "0.5 "}) {
    CAPTURE(right);
    CHECK(parse_json(right));
    CHECK(parse_json("[" + std::string(right) + "]"));
    CHECK(parse_json("{\"a\":" + std::string(right) + ",\"b\":" + right + "}"));
  }
  for (const char* wrong : {"null9", "nullx",     "nul",    "n",   "true1",  "truefalse", "tru", "falsey", "01",
                            "1.",    "+1",        ".5",     "1e",  "0x1",    "-",         "1a",  "NaN",    "null\"a\"",
                            "1 2",   "null null", "\"a\"1", "[]1", "{}null", "xyz",       "?"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_json(wrong));
    CHECK_FALSE(parse_json("[" + std::string(wrong) + "]"));
    CHECK_FALSE(parse_json("{\"a\":" + std::string(wrong) + ",\"b\":1}"));
  }
  CHECK_FALSE(parse_json(""));
  CHECK_FALSE(parse_json(" \n"));
}
