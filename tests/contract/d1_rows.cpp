// Rows without types, and rows one by one while the reply arrives.

#include "contract/d1_support.hpp"

using namespace contract;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

constexpr const char* every_type =
    "SELECT 1 AS a, 2 AS a, -7 AS n, 2.5 AS r, 'caf\xC3\xA9 \"q\" ]}' AS t, x'00ff' AS b, NULL AS z, '' AS e, x'' AS "
    "eb,"
    " 9007199254740991 AS big, 1e20 AS huge";

/// Type and value of each cell.
std::string text_of(const d1::Row& row) {
  std::string text;
  for (const d1::Cell& cell : row) {
    switch (cell.type()) {
      case d1::CellType::null: text += "null"; break;
      case d1::CellType::integer: text += "i" + std::to_string(cell.integer()); break;
      case d1::CellType::real: text += "r" + std::to_string(cell.real()); break;
      case d1::CellType::text: text.append("t").append(cell.bytes()); break;
      case d1::CellType::blob: text += "b" + std::to_string(cell.bytes().size()); break;
    }
    text += ';';
  }
  return text;
}

constexpr const char* every_text =
    "i1;i2;i-7;r2.500000;tcaf\xC3\xA9 \"q\" ]};b2;null;t;b0;i9007199254740991;r100000000000000000000.000000;";

}  // namespace

// SHARP EDGE: drizzle-orm#555.
CONTRACT_CASE("a query without types gives columns in order, duplicates kept, and cells of every type", "[d1][queries]",
              Embedded, Real) {
  const auto db = cloud.fresh_database();
  const d1::Table table = db->query(every_type);
  CHECK(table.columns() == std::vector<std::string>{"a", "a", "n", "r", "t", "b", "z", "e", "eb", "big", "huge"});
  REQUIRE(table.size() == 1);
  CHECK(text_of(table[0]) == every_text);
  CHECK(table.meta().duration_ms.has_value());

  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
  CHECK(db->query("INSERT INTO t (s) VALUES (?), (?)", {"x", nullptr}).meta().changes == 2);
  CHECK(db->query("SELECT * FROM t WHERE id > 9").columns() == std::vector<std::string>{"id", "s"});
  CHECK(db->query("SELECT s FROM t WHERE id = ?", {2})[0]["s"].is_null());
  CHECK(error_of([&] { (void)db->query("SELECT * FROM none"); }).kind() == ErrorKind::rejected);
}

CONTRACT_CASE("results of batch and execute are read without types", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto results = db->batch({{.sql = every_type}, {.sql = "SELECT ? AS s", .params = {"x"}}});
  CHECK(text_of(results[0].rows()[0]) == every_text);
  CHECK(results[1].rows()[0]["s"].as<std::string>() == "x");
  CHECK(db->execute("SELECT 1 AS a; SELECT 2 AS b")[1].rows().columns() == std::vector<std::string>{"b"});
}

CONTRACT_CASE("for_each_row hands over what query returns, row after row", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->for_each_row(every_type, [](const d1::Row& row) { CHECK(text_of(row) == every_text); });
  const std::string numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) ";
  std::int64_t sum = 0;
  const auto done = db->for_each_row<std::int64_t, std::string_view>(
      numbers + "SELECT i, hex(zeroblob(100)) FROM n", {2000}, [&](std::int64_t i, std::string_view text) {
        CHECK(text.size() == 200);
        sum += i;
      });
  CHECK(sum == 2001000);
  CHECK(done.rows == 2000);
  CHECK(done.columns.size() == 2);
  CHECK(done.meta.duration_ms.has_value());

  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
  int changed = 0;
  CHECK(db->for_each_row<int>("INSERT INTO t (s) VALUES ('x'), ('y') RETURNING id", [&](int) {
            ++changed;
          }).meta.changes == 2);
  CHECK(changed == 2);
  CHECK(db->for_each_row("DELETE FROM t", [](const d1::Row&) { FAIL("there is no row"); }).meta.changes == 2);
  const auto error = error_of([&] { db->for_each_row("SELECT * FROM none", [](const d1::Row&) {}); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 400);
  CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("no such table"));
}
