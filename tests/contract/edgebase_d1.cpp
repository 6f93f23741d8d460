// EdgeBase's D1: rows, types, meta, errors.

#include <cloudflare/d1.hpp>

#include "contract/edgebase.hpp"

using namespace contract;
using cloudflare::ErrorKind;
namespace cf = cloudflare;
namespace d1 = cloudflare::d1;

namespace {

struct Event {
  std::int64_t id = 0;
  std::string type{};
  std::optional<double> weight{};
};

/// The same code for a database of v4 and one of EdgeBase.
std::vector<std::tuple<std::int64_t, std::string>> use(const cf::SqlDatabase<cf::Throwing>& db,
                                                       const std::string& table) {
  db.execute("CREATE TABLE " + table + "t (id INTEGER PRIMARY KEY, type TEXT NOT NULL, weight REAL)");
  const std::string insert = "INSERT INTO " + table + "t (type, weight) VALUES (?, ?), (?, ?)";
  CHECK(db.execute(insert, {"click", 1.5, "view", nullptr}).changes() == 2);
  CHECK(db.query_value<int>("SELECT count(*) FROM " + table + "t") == 2);
  CHECK(db.query_one_as<Event>("SELECT * FROM " + table + "t WHERE id = ?", {1})->weight == 1.5);
  CHECK_FALSE(db.query_one<int>("SELECT id FROM " + table + "t WHERE id > 2"));
  const auto events = db.query_as<Event>("SELECT * FROM " + table + "t ORDER BY id");
  CHECK(events.size() == 2);
  CHECK_FALSE(events[1].weight);
  CHECK(db.query_json("SELECT type FROM " + table + "t WHERE id = 2")[0]["type"] == "view");
  const auto rows = db.query<std::int64_t, std::string>("SELECT id, type FROM " + table + "t ORDER BY id");
  return {rows.begin(), rows.end()};
}

}  // namespace

EDGEBASE_CASE("code over the common base of databases runs on v4 and on EdgeBase with the same results",
              "[edgebase][d1]", Embedded, Real) {
  const std::vector<std::tuple<std::int64_t, std::string>> expected{{1, "click"}, {2, "view"}};
  const std::string table = EdgeBase::fresh("use_");
  CHECK(use(edge.client().d1("analytics"), table) == expected);
  std::string why;
  const auto db = open<Embedded>(&why)->fresh_database();
  CHECK(use(*db, table) == expected);
}

EDGEBASE_CASE("parameters of every type arrive as what they are, and rows bring them back", "[edgebase][d1]", Embedded,
              Real) {
  const auto db = edge.client().d1("analytics");
  const d1::Blob bytes{std::byte{0}, std::byte{127}, std::byte{255}};
  const auto row = db.query_one<std::int64_t, double, std::string, std::optional<int>, bool, d1::Blob, std::string>(
      "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, typeof(?6) AS g",
      {42, 2.5, "t\xC3\xA9xt \"q\"", nullptr, true, bytes});
  REQUIRE(row);
  CHECK(*row == std::tuple(42, 2.5, "t\xC3\xA9xt \"q\"", std::nullopt, true, bytes, "blob"));
  CHECK(db.query_value<std::int64_t>("SELECT ? AS n", {9007199254740991}) == 9007199254740991);
  CHECK(error_of([&] { (void)db.query_value<std::int64_t>("SELECT 9007199254740993 AS n"); }).kind() ==
        ErrorKind::decode);
  CHECK(db.query_value<std::string>("SELECT CAST(9007199254740993 AS TEXT) AS n") == "9007199254740993");
}

EDGEBASE_CASE("two columns of one name arrive as one, and reading both is an error", "[edgebase][d1]", Embedded, Real) {
  const auto db = edge.client().d1("analytics");
  const auto error = error_of([&] { (void)db.query<int, int>("SELECT 1 AS a, 2 AS a"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("1 columns, 2 were asked for"));
  CHECK((db.query<int, int>("SELECT 1 AS a, 2 AS b")[0] == std::tuple(1, 2)));
  CHECK(db.query("SELECT 1 AS a, 2 AS a").columns() == std::vector<std::string>{"a"});
}

EDGEBASE_CASE("rows are read without types, and one by one while the reply arrives", "[edgebase][d1]", Embedded, Real) {
  const auto db = edge.client().d1("analytics");
  const std::string t = EdgeBase::fresh("each_");
  db.execute("CREATE TABLE " + t + " (id INTEGER PRIMARY KEY, name TEXT, data BLOB)");
  db.execute("INSERT INTO " + t + " VALUES (1, 'a}\"', x'00ff'), (2, NULL, NULL)");
  const auto table = db.query("SELECT * FROM " + t + " ORDER BY id");
  CHECK(table.columns() == std::vector<std::string>{"id", "name", "data"});
  CHECK(table[0]["name"].as<std::string>() == "a}\"");
  CHECK(table[0]["data"].as<d1::Blob>() == d1::Blob{std::byte{0}, std::byte{255}});
  CHECK(table[1]["data"].is_null());
  std::string seen;
  const auto done = db.for_each_row("SELECT * FROM " + t + " WHERE id < ? ORDER BY id", {9}, [&](const d1::Row& row) {
    seen += std::to_string(row["id"].integer()) + row["name"].as<std::optional<std::string>>().value_or("-");
  });
  CHECK(seen == "1a}\"2-");
  CHECK(done.rows == 2);
  CHECK(error_of([&] { db.for_each_row("SELECT * FROM none", [](const d1::Row&) {}); }).kind() == ErrorKind::rejected);
}

EDGEBASE_CASE("meta tells changes and rows, and several statements give the last result only", "[edgebase][d1]",
              Embedded, Real) {
  const auto db = edge.client().d1("analytics");
  const std::string t = EdgeBase::fresh("meta_");
  db.execute("CREATE TABLE " + t + " (n INTEGER)");
  const auto inserted = db.execute("INSERT INTO " + t + " VALUES (1), (2), (3)");
  CHECK(inserted.changes() == 3);
  CHECK(inserted[0].meta().rows_written == 3);
  const auto rows = db.query<int>("SELECT n FROM " + t + " ORDER BY n");
  CHECK(rows.meta().rows_read >= 3);
  CHECK(rows.meta().duration_ms.has_value());
  CHECK(rows.meta().changes == 0);
  CHECK(db.query<int>("SELECT n FROM " + t + " WHERE n > 3").empty());
  const auto last = db.execute("SELECT 1 AS a; SELECT 2 AS b");
  REQUIRE(last.size() == 1);
  CHECK(last[0].rows<int>()[0] == std::tuple(2));
}

EDGEBASE_CASE("SQL that SQLite refuses is rejected with its text, and changes nothing", "[edgebase][d1]", Embedded,
              Real) {
  const auto db = edge.client().d1("analytics");
  const std::string t = EdgeBase::fresh("errors_");
  db.execute("CREATE TABLE " + t + " (id INTEGER PRIMARY KEY)");
  db.execute("INSERT INTO " + t + " VALUES (1)");
  const auto fails = [&](const std::string& sql, const char* text) {
    const auto error = error_of([&] { db.execute(sql); });
    CHECK(error.kind() == ErrorKind::rejected);
    CHECK(error.http_status() == 400);
    CHECK(error.operation() == "edgebase.d1.query");
    CHECK_FALSE(error.outcome_unknown());
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(text));
  };
  fails("SELEC 1", "near \"SELEC\": syntax error");
  fails("SELECT * FROM " + t + "none", "no such table");
  fails("INSERT INTO " + t + " VALUES (1)", "UNIQUE constraint failed");
  CHECK(db.query_value<int>("SELECT count(*) AS n FROM " + t) == 1);
}
