// From the text of a reply to rows.

#include "d1_support.hpp"

using namespace core_tests;
using cf::ErrorKind;

namespace {

std::string text_of(const cf::Error& error) { return error.what(); }

/// Replies with this result, in the forms that are read in different ways: a large reply is read in one go if its end
/// says that it is a success.
std::vector<FakeReply> replies(const std::string& result) {
  return {ok(result),
          {.body = R"({"result":)" + result + R"(,"success":true,"errors":[],"messages":[]})"},
          {.body = R"({"result":)" + result + " , \"errors\":[],\"messages\":[],\"success\":true}\n"},
          {.body = R"({"result":)" + result + R"(,"errors":[],"messages":[],"success":true})"}};
}

/// The error of reading one column as text, the same in every form.
cf::Error unreadable(const std::string& result) {
  std::optional<cf::Error> last;
  for (const FakeReply& reply : replies(result)) {
    const Scripted s({reply});
    last =
        error_of([&] { (void)database(s).query<std::optional<std::string>>("INSERT INTO t VALUES (1) RETURNING a"); });
    CHECK(last->kind() == ErrorKind::decode);
    CHECK(last->http_status() == 200);
    CHECK(s.count() == 1);
  }
  return *last;
}

struct Named {
  int id = 0;
  std::string name{};
};
struct NestedFirst {
  Named named{};
  int other = 0;
};

}  // namespace

TEST_CASE("rows are read whatever the order of members and the white space, members nobody knows included") {
  for (const char* result :
       {R"([{"results":{"rows":[[1,"x"]],"columns":["id","name"]},"success":true,"meta":{"changes":4}}])",
        "[ { \"meta\" : {\"changes\":4 } , \"results\" : { \"columns\" : [ \"id\" ,\"name\" ] , \"rows\" : [ [ 1 ,\n"
        " \"x\" ] ] } ,\t\"success\" : true } ]",
        R"([{"new":{"rows":[[9,9]],"columns":["id"]},"success":true,"results":{"other":[{}],"columns":["id","name"],)"
        R"("rows":[[1,"x"]],"last":null},"meta":{"changes":4,"new":[]}}])"}) {
    INFO(result);
    for (const FakeReply& reply : replies(result)) {
      const Scripted s({reply});
      const auto rows = database(s).query_as<Named>("SELECT 1");
      REQUIRE(rows.size() == 1);
      CHECK(rows[0].id == 1);
      CHECK(rows[0].name == "x");
      CHECK(rows.meta().changes == 4);
      CHECK(rows.columns() == std::vector<std::string>{"id", "name"});
    }
  }
}

TEST_CASE("text is unescaped, and lives as long as the rows") {
  const Scripted s({raw(R"(["a","b"])", R"([["plain","\" \\ \/ \b\f\n\r\t \u0041\u00e9\u20ac\ud83d\ude00"],["",""],)"
                                        R"(["0123456789abcdef","01234567\n"]])")});
  const auto views = database(s).query<std::string_view, std::string_view>("SELECT 1");
  const auto copy = views;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(std::get<1>(copy[0]) == "\" \\ / \b\f\n\r\t A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(copy[1] == std::tuple<std::string_view, std::string_view>("", ""));
  CHECK(copy[2] == std::tuple<std::string_view, std::string_view>("0123456789abcdef", "01234567\n"));
}

TEST_CASE("numbers keep their value, in whatever form they come") {
  const Scripted s({raw(R"(["n"])",
                        "[[0],[-0],[7],[-1.5],[0.1],[1e3],[2.5E-3],[100000000000000000000],[1.7976931348623157e308],"
                        "[123456789012345.678],[4.35],[5e-324]]")});
  const auto rows = database(s).query<double>("SELECT 1");
  const std::vector<double> expected{
      0, 0, 7, -1.5, 0.1, 1e3, 2.5e-3, 1e20, 1.7976931348623157e308, 123456789012345.678, 4.35, 5e-324};
  REQUIRE(rows.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::get<0>(rows[i]) == expected[i]);
}

// Sharp edge 42.
TEST_CASE("a number's form alone decides whether it is an integer, whatever stood above it in the column") {
  const Scripted s({raw(R"(["n"])", "[[1.5],[2],[3.0],[4],[5e0],[6],[null],[-7.25],[8.5 ],[9]]")});
  const d1::Table table = database(s).query("SELECT 1");
  std::string types;
  for (const d1::Row& row : table) types += row[0].is_null() ? 'n' : row[0].type() == d1::CellType::real ? 'r' : 'i';
  CHECK(types == "riririnrri");
  CHECK(table[8][0].real() == 8.5);
  CHECK(table[7][0].real() == -7.25);
}

TEST_CASE(
    "rows are all there, in a vector of about their size, whether the first of them are long, short or the same") {
  const std::string longer(200, 'x');
  for (const int wide : {0, 64, 100, 4096, 5000, 9'999, 10'000}) {  // so many rows at the beginning are the longer ones
    std::string rows, reversed;
    for (int i = 0; i < 10'000; ++i) {
      const std::string& text = i < wide ? longer : "";
      rows += (i == 0 ? "[" : ",") + ("[" + std::to_string(i) + ",\"" + text + "\"]");
      reversed += (i == 0 ? "[" : ",") + ("[" + std::to_string(i) + ",\"" + (i < wide ? "" : longer) + "\"]");
    }
    const Scripted s({raw(R"(["id","text"])", rows + "]"), raw(R"(["id","text"])", reversed + "]")});
    for (int reply = 0; reply < 2; ++reply) {
      const auto all = database(s).query_as<std::tuple<int, std::string_view>>("SELECT 1");
      REQUIRE(all.size() == 10'000);
      for (int i = 0; i < 10'000; ++i) REQUIRE(std::get<0>(all[static_cast<std::size_t>(i)]) == i);
      if (wide == 0) CHECK(all.items().capacity() < 12'000);
    }
  }
}

TEST_CASE("integers from 2^53 on are refused with a hint, 5.0 is an integer, 5.5 and text are not") {
  for (const char* number : {"9007199254740992", "-9007199254740993", "9223372036854775807", "1e300"}) {
    const Scripted s({raw(R"(["n"])", "[[" + std::string(number) + "]]")});
    const auto error = error_of([&] { (void)database(s).query<std::int64_t>("SELECT 1"); });
    CHECK(error.kind() == ErrorKind::decode);
    CHECK_THAT(text_of(error), Catch::Matchers::ContainsSubstring("CAST(x AS TEXT)"));
  }
  const Scripted good({raw(R"(["n"])", "[[9007199254740991],[5.0]]")});
  const auto rows = database(good).query<std::int64_t>("SELECT 1");
  CHECK(std::get<0>(rows[0]) == 9007199254740991);
  CHECK(std::get<0>(rows[1]) == 5);
  for (const char* other : {"5.5", "\"5\"", "null", "[5]"}) {
    const Scripted s({raw(R"(["n"])", "[[" + std::string(other) + "]]")});
    CHECK(error_of([&] { (void)database(s).query<std::int64_t>("SELECT 1"); }).kind() == ErrorKind::decode);
  }
  const Scripted wide({raw(R"(["n"])", "[[300]]")});
  CHECK_THAT(text_of(error_of([&] { (void)database(wide).query<std::uint8_t>("SELECT 1"); })),
             Catch::Matchers::ContainsSubstring("range"));
}

// Sharp edge 41.
TEST_CASE("an array of byte values is a blob; anything else in an array is an error") {
  const Scripted s({raw(R"(["b"])", "[[[0,127,255]],[[]],[[ 1 , 2 ]]]")});
  const auto rows = database(s).query<d1::Blob>("SELECT 1");
  CHECK(std::get<0>(rows[0]) == d1::Blob{std::byte{0}, std::byte{127}, std::byte{255}});
  CHECK(std::get<0>(rows[1]).empty());
  CHECK(std::get<0>(rows[2]) == d1::Blob{std::byte{1}, std::byte{2}});
  for (const char* other : {"[256]", "[-1]", "[1.5]", "[\"a\"]", "[[1]]", "[1,]", "[null]", "[1 2]"}) {
    INFO(other);
    const Scripted bad({raw(R"(["b"])", "[[" + std::string(other) + "]]")});
    CHECK(error_of([&] { (void)database(bad).query<d1::Blob>("SELECT 1"); }).kind() == ErrorKind::decode);
  }
}

// Sharp edge 43.
TEST_CASE("columns with the same name are kept by position, and refused by name") {
  const Scripted s({raw(R"(["id","id"])", "[[1,2]]"), raw(R"(["id","name","id"])", R"([[1,"x",2]])")});
  const auto db = database(s);
  CHECK(db.query<int, int>("SELECT a.id, b.id")[0] == std::tuple(1, 2));
  CHECK_THAT(text_of(error_of([&] { (void)db.query_as<Named>("SELECT 1"); })),
             Catch::Matchers::ContainsSubstring("two columns named id"));
}

// Sharp edge 50.
TEST_CASE("every field of meta is optional by itself, and a field of another type counts as absent") {
  const Scripted s({raw("[]", "[]", R"({"changes":1})"), raw("[]", "[]", R"({"last_row_id":2,"changes":null})"),
                    raw("[]", "[]", R"({"duration":0.25,"changed_db":true,"rows_read":3,"rows_written":4,"size_after":5,
      "served_by":"s","served_by_colo":"c","served_by_region":"WEUR","served_by_primary":false,"total_attempts":2,
      "timings":{"sql_duration_ms":0.5},"changes":"many"})"),
                    raw("[]", "[]", "null")});
  const auto db = database(s);
  const auto meta = [&] { return db.execute("DELETE FROM t")[0].meta(); };
  const auto first = meta();
  CHECK(first.changes == 1);
  CHECK_FALSE(first.last_row_id);
  CHECK_FALSE(first.duration_ms);
  const auto second = meta();
  CHECK(second.last_row_id == 2);
  CHECK_FALSE(second.changes);
  const auto third = meta();
  CHECK(third.duration_ms == 0.25);
  CHECK(third.changed_db == true);
  CHECK(third.rows_read == 3);
  CHECK(third.rows_written == 4);
  CHECK(third.size_after == 5);
  CHECK(third.served_by == "s");
  CHECK(third.served_by_colo == "c");
  CHECK(third.served_by_region == "WEUR");
  CHECK(third.served_by_primary == false);
  CHECK(third.total_attempts == 2);
  CHECK(third.sql_duration_ms == 0.5);
  CHECK_FALSE(third.changes);
  CHECK_FALSE(meta().served_by);
}

TEST_CASE("a reply without proper rows and columns is a decode error, never a wrong value") {
  for (const char* result : {"null",
                             "{}",
                             "[]",
                             "5",
                             R"([{"success":true,"results":{"columns":["a"]}}])",
                             R"([{"success":true,"results":{"rows":[[1]]}}])",
                             R"([{"success":true,"results":[1]}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[1]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[{}]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[[{}]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[["x","y"]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[[]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[["x",]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[[nul]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[[01]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[[1.]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[[-]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[["\q"]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[["\ud800"]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[["\u12"]]}}])",
                             R"([{"success":true,"results":{"columns":["a"],"rows":[["x"]]}},{"success":true}])"}) {
    INFO(result);
    CHECK(unreadable(result).kind() == ErrorKind::decode);
  }
}

TEST_CASE("a malformed or failed reply is an error even if its end looks like success") {
  const std::string good = R"([{"success":true,"results":{"columns":["a"],"rows":[["x"]]}}])";
  const std::string end = R"(,"success":true,"errors":[],"messages":[]})";
  for (const std::string& body : std::vector<std::string>{
           R"({"result":)" + good + R"(}],"success":true,"errors":[],"messages":[]})", R"({"other":)" + good + end,
           R"({"result":)" + good + R"(,"result":)" + good + end, R"(["result",)" + good + end, good.substr(1) + end,
           R"({"result":{"a":[]],"success":true,"errors":[],"messages":[]})",
           R"({"x":"\"],\"success\":true,\"errors\":[],\"messages\":[]}],"success":true,"errors":[],"messages":[]})"}) {
    INFO(body);
    const Scripted s({{.body = body}});
    CHECK(error_of([&] { (void)database(s).query<std::string>("SELECT 1"); }).kind() == ErrorKind::decode);
  }
  const Scripted refused_at_the_end(
      {{.body = R"({"result":)" + good + R"(,"errors":[],"messages":[],"success":false})"}});
  CHECK(error_of([&] { (void)database(refused_at_the_end).query<std::string>("SELECT 1"); }).kind() ==
        ErrorKind::rejected);
  const Scripted failed(
      {{.status = 500, .body = R"({"result":)" + good + end}, {.body = R"({"result":)" + good + end}});
  CHECK(std::get<0>(database(failed).query<std::string>("SELECT 1")[0]) == "x");  // the 500 was repeated
  CHECK(failed.count() == 2);
}

TEST_CASE(
    "the error of a value that does not fit names row and column by position, and shows no value and no column name") {
  const Scripted s({raw(R"(["id","name"])", R"([[1,"a"],[2,"b"],["secret","c"]])")});
  const auto error = error_of([&] { (void)database(s).query_as<Named>("SELECT 1"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK_THAT(text_of(error), Catch::Matchers::ContainsSubstring("row 2, column 0: "));
  CHECK_THAT(text_of(error), !Catch::Matchers::ContainsSubstring("secret"));
  const Scripted named({raw(R"(["'secret'"])", "[[null]]")});  // SELECT 'secret'
  const auto of_value = error_of([&] { (void)database(named).query<std::string>("SELECT 1"); });
  CHECK_THAT(text_of(of_value), Catch::Matchers::ContainsSubstring("row 0, column 0: "));
  CHECK_THAT(text_of(of_value), !Catch::Matchers::ContainsSubstring("secret"));
}

TEST_CASE("rows that do not match their columns are a decode error, whatever is missing, empty, null or there twice") {
  for (const char* results : {R"({"columns":[],"rows":[[]]})",
                              R"({"columns":[],"rows":[[],[]]})",
                              R"({"columns":[],"rows":[[1]]})",
                              R"({"rows":[[]],"columns":[]})",
                              R"({"rows":[[]]})",
                              R"({"columns":null,"rows":[[]]})",
                              R"({"columns":["a"],"rows":[[]]})",
                              R"({"columns":["a"],"rows":[[1,2]]})",
                              R"({"columns":["a"],"rows":[null]})",
                              R"({"columns":["a"],"rows":[{}]})",
                              R"({"columns":["a"],"rows":null})",
                              R"({"columns":["a"]})",
                              R"({"columns":{},"rows":[[]]})",
                              R"({"columns":[null],"rows":[[1]]})",
                              R"({"columns":[[]],"rows":[[]]})",
                              "[{}]",
                              "[[]]",
                              "[null]",
                              "{}",
                              "1",
                              R"({"columns":["a"],"rows":[]},"results":{"columns":[],"rows":[[]]})",
                              R"({"columns":[],"rows":[]},"results":{"columns":["a"],"rows":[["x"]]})"}) {
    INFO(results);
    const std::string result = R"([{"success":true,"results":)" + std::string(results) + R"(,"meta":{}}])";
    (void)unreadable(result);
    const auto kind_of = [&](auto read) {
      const Scripted s({ok(result)});
      return error_of([&] { read(database(s)); }).kind();
    };
    CHECK(kind_of([](auto db) { (void)db.template query_as<Named>("SELECT 1"); }) == ErrorKind::decode);
    CHECK(kind_of([](auto db) { (void)db.template query<int, std::string_view>("SELECT 1"); }) == ErrorKind::decode);
    CHECK(kind_of([](auto db) { (void)db.template query_value<std::optional<int>>("SELECT 1"); }) == ErrorKind::decode);
    CHECK(kind_of([](auto db) { (void)db.execute("SELECT 1")[0].template rows<int>(); }) == ErrorKind::decode);
  }
}

TEST_CASE("statements without a result have no rows and no columns") {
  for (const char* results : {"[]", "null", R"({"columns":[],"rows":[]})"}) {
    const Scripted s({ok(R"([{"success":true,"results":)" + std::string(results) + R"(,"meta":{"changes":1}}])")});
    const auto done = database(s).execute("DELETE FROM t");
    CHECK(done.changes() == 1);
  }
}

TEST_CASE("rows of a temporary are taken by value; a base class is told from a first member that is a struct") {
  struct Based : Named {
    double score = 0;
  };
  const FakeReply reply =
      ok(R"([{"results":{"columns":["id","name"],"rows":[[1,"a name that no small string holds"],[2,"b"]]},)"
         R"("success":true}])");
  const Scripted s({reply, reply, reply});
  const std::string first = std::get<1>(database(s).query<int, std::string>("SELECT 1").front());
  CHECK(first == "a name that no small string holds");
  CHECK(std::get<0>(database(s).query<int, std::string>("SELECT 1")[1]) == 2);
  CHECK(database(s).query_as<Named>("SELECT 1").items().at(0).name == first);
  static_assert(cf::detail::HasBase<Based> && !cf::detail::HasBase<Named> && !cf::detail::HasBase<NestedFirst>);
  static_assert(cf::detail::has_views<std::tuple<int, std::optional<std::string_view>>>());
  static_assert(!cf::detail::has_views<std::tuple<int, std::string>>());
}
