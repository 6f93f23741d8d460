// Rows cut out of a reply that arrives in pieces.

#include "d1/row_splitter.hpp"

#include <cloudflare/limits.hpp>

#include "d1_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using cf::ops::RowSplitter;

namespace {

struct Split {
  std::vector<std::string> columns{};
  std::vector<std::string> rows{};
  std::string rest{};

  friend bool operator==(const Split&, const Split&) = default;
};

/// Splits a text that arrives in these pieces.
Split split(std::initializer_list<std::string_view> pieces, RowSplitter::Layout layout = RowSplitter::Layout::v4,
            std::uint64_t rest_limit = 10'000'000) {
  struct Keep final : RowSplitter::Receiver {
    Split split{};
    void take_columns(std::string& json) override { split.columns.push_back(json); }
    void take_row(std::string& json) override {
      split.rows.push_back(json);
      json.assign(json.size(), '#');  // as the decoder may
    }
  } keep;
  RowSplitter splitter(layout, rest_limit);
  for (const std::string_view piece : pieces) splitter.feed(piece, keep);
  keep.split.rest = splitter.take_rest();
  return keep.split;
}

cf::Error refused_split(std::string_view text) {
  return error_of([&] { (void)split({text}); });
}

struct Example {
  std::string text;
  Split expected;
  RowSplitter::Layout layout = RowSplitter::Layout::v4;
};

std::vector<Example> examples() {
  return {
      // As D1 sends it.
      {R"({"result":[{"results":{"columns":["a","b"],"rows":[[1,"x"],[null,2.5]]},"success":true,"meta":{"a":[1]}}],)"
       R"("success":true,"errors":[],"messages":[]})",
       {{R"(["a","b"])"},
        {R"([1,"x"])", R"([null,2.5])"},
        R"({"result":[{"results":{"columns":["a","b"],"rows":[]},"success":true,"meta":{"a":[1]}}],)"
        R"("success":true,"errors":[],"messages":[]})"}},
      // Other orders, white space, brackets and quotes in strings, blobs, names that look like the ones looked for.
      {"\n{ \"errors\" : [ {\"result\":[{\"results\":{\"columns\":[],\"rows\":[[1]]}}]} ], \"result\" :\t[ { \"meta\":"
       "{\"rows\":[[7]], \"x\":\"\\\"rows\\\":[[\"}, \"results\" : { \"count\":\"rows\", \"columns\" : [ \"]\\\\\" ] ,"
       " \"rows\" :\r\n[ [ \"]\\\"[{\\\\\" ] , [ [1, 2] ],[[]] ] } } ] }\n",
       {{"[ \"]\\\\\" ]"},
        {"[ \"]\\\"[{\\\\\" ]", "[ [1, 2] ]", "[[]]"},
        "\n{ \"errors\" : [ {\"result\":[{\"results\":{\"columns\":[],\"rows\":[[1]]}}]} ], \"result\" :\t[ { \"meta\":"
        "{\"rows\":[[7]], \"x\":\"\\\"rows\\\":[[\"}, \"results\" : { \"count\":\"rows\", \"columns\" : [ \"]\\\\\" ] ,"
        " \"rows\" :\r\n[] } } ] }\n"}},
      // Rows before their columns, a second result, a second list of rows, a second `result`: they stay in the rest.
      {R"({"result":[{"results":{"rows":[[1]],"columns":["a"]}}]})",
       {{R"(["a"])"}, {}, R"({"result":[{"results":{"rows":[[1]],"columns":["a"]}}]})"}},
      {R"({"result":[{"results":{"columns":["a"],"rows":[[1]]}},{"results":{"columns":["b"],"rows":[[2]]}}]})",
       {{R"(["a"])"},
        {"[1]"},
        R"({"result":[{"results":{"columns":["a"],"rows":[]}},{"results":{"columns":["b"],"rows":[[2]]}}]})"}},
      {R"({"result":[null,{"results":{"columns":["b"],"rows":[[2]]}}]})",
       {{}, {}, R"({"result":[null,{"results":{"columns":["b"],"rows":[[2]]}}]})"}},
      {R"({"result":[{"results":{"columns":["a"],"rows":[[1]],"rows":[[2]],"columns":["c"]}}],"result":[{"results":)"
       R"({"columns":["b"],"rows":[[3]]}}]})",
       {{R"(["a"])"},
        {"[1]"},
        R"({"result":[{"results":{"columns":["a"],"rows":[],"rows":[[2]],"columns":["c"]}}],"result":[{"results":)"
        R"({"columns":["b"],"rows":[[3]]}}]})"}},
      // No rows, no list of rows, no reply.
      {R"({"result":[{"results":{"columns":[],"rows":[]}}]})",
       {{"[]"}, {}, R"({"result":[{"results":{"columns":[],"rows":[]}}]})"}},
      {R"({"success":false,"errors":[{"code":7500,"message":"rows\":[["}],"result":null})",
       {{}, {}, R"({"success":false,"errors":[{"code":7500,"message":"rows\":[["}],"result":null})"}},
      {"<html>[}]]{</html>", {{}, {}, "<html>[}]]{</html>"}},
      {R"({"result":[]}{"result":[{"results":{"columns":["a"],"rows":[[1]]}}]})",
       {{}, {}, R"({"result":[]}{"result":[{"results":{"columns":["a"],"rows":[[1]]}}]})"}},
      // A reply that ends within a row: nobody can take the rest for a whole reply.
      {R"({"result":[{"results":{"columns":["a"],"rows":[[1],["x)",
       {{R"(["a"])"}, {"[1]"}, R"({"result":[{"results":{"columns":["a"],"rows":[)"}},
      // EdgeBase's objects.
      {R"({"meta":{"results":[{"a":1}]},"results":[{"a":"}]"}, {"a":[{}]}],"success":true})",
       {{}, {R"({"a":"}]"})", R"({"a":[{}]})"}, R"({"meta":{"results":[{"a":1}]},"results":[],"success":true})"},
       RowSplitter::Layout::edgebase},
  };
}

}  // namespace

TEST_CASE("a reply is split into rows and rest, wherever it is cut into pieces") {
  for (const Example& example : examples()) {
    const std::string_view text = example.text;
    INFO(text);
    const Split whole = split({text}, example.layout);
    CHECK(whole.columns == example.expected.columns);
    CHECK(whole.rows == example.expected.rows);
    CHECK(whole.rest == example.expected.rest);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      INFO(cut);
      REQUIRE(split({text.substr(0, cut), text.substr(cut)}, example.layout) == whole);
      if (cut == text.size()) continue;
      REQUIRE(split({text.substr(0, cut), text.substr(cut, 1), text.substr(cut + 1)}, example.layout) == whole);
    }
  }
}

TEST_CASE("a list of rows that holds something else is refused at once") {
  for (const char* rows : {"[[1][2]]", "[[1],]", "[,[1]]", "[[1],,[2]]", "[1]", "[null]", R"(["[1]"])", "[[1]}"}) {
    INFO(rows);
    const auto error = refused_split(R"({"result":[{"results":{"columns":["a"],"rows":)" + std::string(rows));
    CHECK(error.kind() == ErrorKind::decode);
  }
}

TEST_CASE("a row, the rest and the nesting have limits, which the error names") {
  const std::string head = R"({"result":[{"results":{"columns":["a"],"rows":[)";
  const std::string text(cf::limits::d1_row_json_bytes - 4, 'x');
  CHECK(split({head, "[\"" + text + "\"]", "]}}]}"}).rows.size() == 1);
  const auto too_long = error_of([&] { (void)split({head, "[\"" + text, "x\"]"}); });
  CHECK(too_long.kind() == ErrorKind::too_large);
  CHECK(std::string(too_long.what()).find("limit of 33554432 bytes") != std::string::npos);

  CHECK(split({head, "[1],[22],[333]]}}]}"}, RowSplitter::Layout::v4, head.size() + 6).rows.size() == 3);
  const auto rest = error_of([&] { (void)split({head, "[1]]}}]}"}, RowSplitter::Layout::v4, head.size() + 4); });
  CHECK(rest.kind() == ErrorKind::too_large);
  CHECK(std::string(rest.what()).find("without its rows") != std::string::npos);

  const std::size_t around = 5;
  CHECK(split({head, std::string(cf::limits::json_depth - around, '[')}).rows.empty());
  for (const std::string& deep :
       {head + std::string(cf::limits::json_depth - around + 1, '['), std::string(cf::limits::json_depth + 1, '{')}) {
    const auto error = refused_split(deep);
    CHECK(error.kind() == ErrorKind::decode);
    CHECK(std::string(error.what()).find("more deeply than 100 levels") != std::string::npos);
  }
}

TEST_CASE("after restart() a splitter begins anew") {
  struct Count final : RowSplitter::Receiver {
    int columns = 0;
    int rows = 0;
    void take_columns(std::string&) override { ++columns; }
    void take_row(std::string&) override { ++rows; }
  } count;
  RowSplitter splitter(RowSplitter::Layout::v4, 1000);
  splitter.feed(R"({"result":[{"results":{"columns":["a"],"rows":[["x)", count);
  splitter.restart();
  splitter.feed(R"({"result":[{"results":{"columns":["a"],"rows":[[1]]}}]})", count);
  CHECK(count.columns == 2);
  CHECK(count.rows == 1);
  CHECK(splitter.take_rest() == R"({"result":[{"results":{"columns":["a"],"rows":[]}}]})");
}
