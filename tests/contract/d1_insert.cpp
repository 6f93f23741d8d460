// insert_many.

#include "contract/d1_support.hpp"

using namespace contract;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

using Row = std::tuple<int, std::string, double, std::optional<std::string>, bool>;

Row row_at(int i) {
  return {i, "name " + std::to_string(i), i * 0.25,
          i % 3 == 0 ? std::nullopt : std::optional("note " + std::to_string(i)), i % 2 == 0};
}

/// Rows made while they are read, so that they are never all in memory.
class Generated {
 public:
  explicit Generated(int count) : count_(count) {}
  struct iterator {
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    int at = 0;
    Row operator*() const { return row_at(at); }
    iterator& operator++() {
      ++at;
      return *this;
    }
    void operator++(int) { ++at; }
    bool operator==(const iterator&) const = default;
  };
  [[nodiscard]] iterator begin() const { return {0}; }
  [[nodiscard]] iterator end() const { return {count_}; }

 private:
  int count_;
};

struct Point {
  int x = 0;
  std::string label{};
};

constexpr std::size_t ceil_div(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

std::vector<std::pair<int, std::string>> pairs(int count) {
  std::vector<std::pair<int, std::string>> rows;
  for (int i = 0; i < count; ++i) rows.emplace_back(i, "v" + std::to_string(i));
  return rows;
}

void make_pairs(const cloudflare::D1Database& db) { db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"); }

}  // namespace

CONTRACT_CASE("100 000 rows of 5 columns arrive, in ceil(statements / 100) requests", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT, value REAL, note TEXT, flag INTEGER)");
  constexpr int rows = 100'000;
  const std::size_t statements = ceil_div(rows, 100 / 5);
  std::uint64_t told = 0;
  const auto done = db->insert_many("events", {"id", "name", "value", "note", "flag"}, Generated(rows),
                                    {.on_progress = [&](const d1::InsertProgress& p) { told = p.rows_committed; }});
  REQUIRE(done.complete());
  CHECK(done.committed == rows);
  CHECK(done.changes == rows);
  CHECK(done.requests == ceil_div(statements, 100));
  CHECK(told == rows);

  // The expected sums.
  std::int64_t ids = 0;
  std::int64_t quarters = 0;
  std::int64_t characters = 0;
  int notes = 0;
  int flags = 0;
  for (const auto& [id, name, value, note, flag] : Generated(rows)) {
    ids += id;
    quarters += static_cast<std::int64_t>(value * 4) * (id % 7);
    characters += static_cast<std::int64_t>(name.size()) * (id % 11);
    notes += note && *note == "note " + std::to_string(id) ? 1 : 0;
    flags += flag ? 1 : 0;
  }
  const auto sums = db->query_one<int, std::int64_t, std::int64_t, std::int64_t, int, int>(
      "SELECT count(*), sum(id), sum(CAST(value * 4 AS INTEGER) * (id % 7)), sum(length(name) * (id % 11)),"
      " sum(note = 'note ' || id), sum(flag) FROM events");
  CHECK(sums == std::tuple(rows, ids, quarters, characters, notes, flags));
  CHECK(db->query_value<std::string>("SELECT group_concat(DISTINCT typeof(id) || typeof(name) || typeof(value) ||"
                                     " typeof(flag)) FROM events") == "integertextrealinteger");
}

CONTRACT_CASE("rows are tuples, pairs, arrays, params or structs", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (x INTEGER, label TEXT)");
  const std::initializer_list<std::string_view> columns{"x", "label"};
  CHECK(db->insert_many("t", columns, std::vector<std::tuple<int, const char*>>{{1, "tuple"}}).complete());
  CHECK(db->insert_many("t", columns, std::vector<std::pair<int, std::string>>{{2, "pair"}}).complete());
  CHECK(db->insert_many("t", columns, std::vector<std::array<d1::Value, 2>>{{3, "array"}}).complete());
  CHECK(db->insert_many("t", columns, std::vector<d1::Params>{{4, "params"}, {5, nullptr}}).complete());
  CHECK(db->insert_many("t", columns, std::vector<Point>{{6, "struct"}}).complete());
  const auto rows = db->query<int, std::optional<std::string>>("SELECT x, label FROM t ORDER BY x");
  std::string seen;
  for (const auto& [x, label] : rows) seen += std::to_string(x) + label.value_or("-") + ' ';
  CHECK(seen == "1tuple 2pair 3array 4params 5- 6struct ");
}

CONTRACT_CASE("nothing to insert makes no request", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto done = db->insert_many("nowhere", {"a"}, std::vector<std::tuple<int>>());
  CHECK(done.complete());
  CHECK(done.requests == 0);
}

CONTRACT_CASE("names of tables and columns are quoted", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute(R"(CREATE TABLE "order ""by"" x" ("group" TEXT, "a;b" TEXT))");
  CHECK(
      db->insert_many("order \"by\" x", {"group", "a;b"}, std::vector<std::pair<std::string, std::string>>{{"1", "2"}})
          .complete());
  CHECK(db->query_value<std::string>(R"(SELECT "group" || "a;b" FROM "order ""by"" x")") == "12");
}

CONTRACT_CASE("a conflict fails the request as a whole: the result names its rows and those committed before",
              "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_pairs(*db);
  auto rows = pairs(1000);
  rows[700].first = 3;
  const auto done = db->insert_many("t", {"id", "v"}, rows, {.max_statements = 5});  // 250 rows a request
  REQUIRE(done.failure);
  CHECK(done.failure->first_row == 500);
  CHECK(done.failure->last_row == 749);
  CHECK(done.failure->error.code() == ErrorCode::d1_sql);
  CHECK_FALSE(done.failure->error.outcome_unknown());
  CHECK(done.committed == 500);
  CHECK(done.changes == 500);
  CHECK(done.requests == 3);
  CHECK(contract::count(*db) == 500);
}

CONTRACT_CASE("locate_failure halves down to the very row; what is before it is committed", "[d1][insert]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  make_pairs(*db);
  auto rows = pairs(1000);
  rows[777].first = 3;
  const auto done = db->insert_many("t", {"id", "v"}, rows, {.max_statements = 5, .locate_failure = true});
  REQUIRE(done.failure);
  CHECK(done.failure->first_row == 777);
  CHECK(done.failure->last_row == 777);
  CHECK(done.committed == 777);
  CHECK(contract::count(*db) == 777);
  CHECK(db->query_value<int>("SELECT max(id) FROM t") == 776);
}

CONTRACT_CASE("on_conflict ignore leaves rows out, replace takes the last", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_pairs(*db);
  db->execute("INSERT INTO t VALUES (1, 'old')");
  const auto ignored = db->insert_many("t", {"id", "v"}, pairs(3), {.on_conflict = d1::OnConflict::ignore});
  CHECK(ignored.complete());
  CHECK(ignored.committed == 3);
  CHECK(ignored.changes == 2);
  CHECK(db->query_value<std::string>("SELECT v FROM t WHERE id = 1") == "old");
  CHECK(db->insert_many("t", {"id", "v"}, pairs(3), {.on_conflict = d1::OnConflict::replace}).complete());
  CHECK(db->query_value<std::string>("SELECT v FROM t WHERE id = 1") == "v1");
  CHECK(contract::count(*db) == 3);
}

CONTRACT_CASE("a row that cannot be sent ends the call after the rows before it", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_pairs(*db);
  std::vector<d1::Params> rows;
  for (int i = 0; i < 10; ++i) rows.push_back({i, "v"});
  rows[6] = {6, std::numeric_limits<double>::quiet_NaN()};
  rows[8] = {8};
  const auto done = db->insert_many("t", {"id", "v"}, rows);
  REQUIRE(done.failure);
  CHECK(done.failure->first_row == 6);
  CHECK(done.failure->last_row == 6);
  CHECK(done.failure->error.kind() == ErrorKind::invalid_argument);
  CHECK(done.committed == 6);
  CHECK(contract::count(*db) == 6);
}

CONTRACT_CASE("large rows are cut by the size of the request", "[d1][insert]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_pairs(*db);
  std::vector<std::pair<int, std::string>> rows;
  for (int i = 0; i < 30; ++i) rows.emplace_back(i, std::string(100'000, 'x'));
  const auto done = db->insert_many("t", {"id", "v"}, rows);
  CHECK(done.complete());
  CHECK(done.requests == 4);  // 9 rows of 100 007 bytes in 1 MB
  CHECK(db->query_value<std::int64_t>("SELECT sum(length(v)) FROM t") == 3'000'000);
}

CONTRACT_CASE("what insert_many cannot send at all is refused before the first request", "[d1][insert]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  const std::vector<std::tuple<int>> rows{{1}};
  const std::vector<std::string_view> too_many(101, "c");
  CHECK(error_of([&] { (void)db->insert_many("", {"a"}, rows); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)db->insert_many("t", std::span<const std::string_view>(), rows); }).kind() ==
        ErrorKind::invalid_argument);
  const auto error = error_of([&] { (void)db->insert_many("t", too_many, rows); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(std::string(error.what()), Catch::Matchers::ContainsSubstring("at most 100"));
}

CONTRACT_CASE("a table that is not there is the server's error, and every row of the request is named", "[d1][insert]",
              Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto done = db->insert_many("nope", {"id", "v"}, pairs(10));
  REQUIRE(done.failure);
  CHECK(done.failure->first_row == 0);
  CHECK(done.failure->last_row == 9);
  CHECK(done.committed == 0);
  CHECK_THAT(std::string(done.failure->error.what()), Catch::Matchers::ContainsSubstring("no such table: nope"));
}
