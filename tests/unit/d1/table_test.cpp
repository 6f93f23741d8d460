// Rows of unknown shape.

#include <algorithm>
#include <cloudflare/async.hpp>

#include "d1_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using d1::CellType;

static_assert(std::is_same_v<decltype(std::declval<cf::D1Database>().query("SELECT 1")), d1::Table>);
static_assert(std::input_iterator<d1::Table::Iterator>);

TEST_CASE("query without types gives the columns in order, duplicates kept, and the cells as the server sent them") {
  const Scripted s(
      {raw(R"(["id","id","name","at","data","big"])",
           R"([[1,2,"t\u00e9xt",null,[0,255],9007199254740993],[1.0,1e3,"",false,[],1e20]])", R"({"rows_read":2})")});
  const d1::Table table = database(s).query("SELECT ?", {5});
  CHECK(s.fake->requests()[0].body == R"({"sql":"SELECT ?","params":[5]})");
  CHECK(table.columns() == std::vector<std::string>{"id", "id", "name", "at", "data", "big"});
  CHECK(table.meta().rows_read == 2);
  REQUIRE(table.size() == 2);
  const d1::Row row = table[0];
  REQUIRE(row.size() == 6);
  CHECK(row[0].integer() == 1);
  CHECK(row[1].as<int>() == 2);
  CHECK(row["name"].as<std::string_view>() == "t\xC3\xA9xt");
  CHECK(row["at"].is_null());
  CHECK(row["data"].as<d1::Blob>() == d1::Blob{std::byte{0}, std::byte{255}});
  CHECK(row["big"].integer() == 9007199254740993);
  CHECK(error_of([&] { (void)row["big"].as<std::int64_t>(); }).kind() == ErrorKind::decode);
  CHECK(table[1][0].type() == CellType::real);
  CHECK(table[1][1].real() == 1000);
  CHECK(table[1][2].type() == CellType::text);
  CHECK(table[1][3].integer() == 0);
  CHECK(table[1][4].type() == CellType::blob);
  CHECK(table[1][5].real() == 1e20);
}

TEST_CASE("rows and cells are ranges, and a table outlives the call and copies of it") {
  const auto text = [] {
    const Scripted s({raw(R"(["a","b"])", R"([["x","1\n"],["y","2"],["z","3"]])"),
                      raw(R"(["a","b"])", R"([["other","text"],["of","another"],["reply",""]])")});
    const d1::Table table = database(s).query({.sql = "SELECT 1"});
    CHECK(database(s).query("SELECT 2").size() == 3);
    return d1::Table(table);
  }();
  std::string all;
  for (const d1::Row& row : text)
    for (const d1::Cell& cell : row) all += cell.as<std::string>();
  CHECK(all == "x1\ny2z3");
  const std::size_t b = text.column("b");
  CHECK(std::count_if(text.begin(), text.end(), [b](const d1::Row& row) { return row[b].bytes() > "1\n"; }) == 2);
  CHECK(text.front()[0].bytes() == "x");
}

TEST_CASE("a column that is missing or comes twice is an error that names it") {
  const Scripted s({raw(R"(["id","id","name"])", "[[1,2,3]]")});
  const d1::Table table = database(s).query("SELECT 1");
  const d1::Row row = table.front();
  for (const auto& [words, call] : std::vector<std::pair<std::string, std::function<void()>>>{
           {"two columns named id", [&] { (void)row["id"]; }},
           {"two columns named id", [&] { (void)table.column("id"); }},
           {"no column named nam", [&] { (void)row["nam"]; }},
           {"no column 3; the row has 3 columns", [&] { (void)row[3]; }}}) {
    const auto error = error_of(call);
    CHECK(error.kind() == ErrorKind::decode);
    CHECK(std::string(error.what()).find(words) != std::string::npos);
  }
}

TEST_CASE("a statement without rows gives an empty table; one without a result too") {
  const Scripted s({raw(R"(["a","b"])", "[]"), raw("[]", "[]", R"({"changes":3})"),
                    ok(R"([{"results":[],"success":true,"meta":{"changes":1}}])"), raw("[]", "[[],[]]")});
  const auto none = database(s).query("SELECT 1");
  CHECK(none.empty());
  CHECK(none.begin() == none.end());
  CHECK(none.columns().size() == 2);
  CHECK(database(s).query("DELETE FROM t").meta().changes == 3);
  CHECK(database(s).query("DELETE FROM t").empty());
  const auto two = database(s).query("SELECT 1");
  CHECK(std::distance(two.begin(), two.end()) == 2);
  CHECK(d1::Table().empty());
}

TEST_CASE("each result of a batch or of execute can be read without types") {
  const FakeReply both =
      ok(R"([{"success":true,"results":{"columns":["a","a"],"rows":[[1,"x"]]},"meta":{"rows_read":1}},)"
         R"({"success":true,"results":{"columns":[],"rows":[]},"meta":{"changes":2}}])");
  const Scripted s({both, both});
  const auto check = [](const d1::Results& results) {
    const d1::Table table = results[0].rows();
    CHECK(table.columns() == std::vector<std::string>{"a", "a"});
    CHECK(table[0][1].as<std::string>() == "x");
    CHECK(table.meta().rows_read == 1);
    CHECK(results[1].rows().empty());
  };
  check(database(s).execute("SELECT 1; DELETE FROM t"));
  check(database(s).batch({{.sql = "SELECT 1"}, {.sql = "DELETE FROM t"}}));
}

TEST_CASE("a cell can be a column of a typed row, a parameter, and a value for std::visit") {
  const Scripted s({raw(R"(["a","b","c"])", R"([[1,"text",[1]],[2,null,2.5]])"), one()});
  const auto rows = database(s).query<int, d1::Cell, d1::Value>("SELECT 1");
  CHECK(std::get<1>(rows[0]).as<std::string_view>() == "text");
  CHECK(std::get<1>(rows[1]).is_null());
  CHECK(std::get<d1::Blob>(std::get<2>(rows[0]).stored()) == d1::Blob{std::byte{1}});
  CHECK(std::get<double>(std::get<2>(rows[1]).stored()) == 2.5);
  CHECK(std::holds_alternative<std::nullptr_t>(std::get<1>(rows[1]).as<d1::Value>().stored()));
  (void)database(s).query("SELECT ?, ?, ?", {std::get<1>(rows[0]), std::get<1>(rows[1]), d1::Cell(7.5)});
  CHECK(s.fake->requests()[1].body == R"({"sql":"SELECT ?, ?, ?","params":["text",null,7.5]})");
}

TEST_CASE("the checked view gives errors as values, the asynchronous view a table") {
  const Scripted s({refused(400, 7500, "no such table: t"), raw(R"(["a"])", R"([["x"]])")});
  const auto refused_query = database(s).checked().query("SELECT * FROM t");
  REQUIRE_FALSE(refused_query);
  CHECK(refused_query.error().kind() == ErrorKind::rejected);
  const auto db = database(s);
  const d1::Table table = db.async().query("SELECT 1").as_future().get();
  CHECK(table[0][0].bytes() == "x");
}
