// Queries: columns by position and by name, rows, what execution says about itself.

#include "contract/d1_support.hpp"

using namespace contract;
using cloudflare::ErrorKind;
using Json = nlohmann::json;
namespace d1 = cloudflare::d1;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name{};
  std::optional<double> score{};
};

struct UserView {
  std::string_view name;
  std::int64_t id;
};

// A struct whose members have other names than the columns, and one member without a column.
class Account {
 public:
  std::int64_t number = 0;
  std::string owner{};
  int visits = 7;
};
auto d1_columns(const Account*) {
  return std::tuple(d1::column("account_number", &Account::number), d1::column("owner", &Account::owner));
}

void make_users(const cloudflare::D1Database& db) {
  db.execute(
      "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL);"
      "INSERT INTO users VALUES (1, 'Ann', 1.5), (2, 'Bob', NULL), (3, 'Cid', 3)");
}

}  // namespace

CONTRACT_CASE("rows come as tuples for structured bindings", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  std::string seen;
  for (const auto& [id, name] : db->query<std::int64_t, std::string>("SELECT id, name FROM users WHERE id > ?", {1}))
    seen += std::to_string(id) + name;
  CHECK(seen == "2Bob3Cid");
}

CONTRACT_CASE("rows come as structs, by the names of the columns in any order", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto users = db->query_as<User>("SELECT score, name, id, 'extra' AS more FROM users ORDER BY id");
  REQUIRE(users.size() == 3);
  CHECK(users[0].id == 1);
  CHECK(users[1].name == "Bob");
  CHECK_FALSE(users[1].score);
  CHECK(users[2].score == 3.0);

  const auto views = db->query_as<UserView>({.sql = "SELECT * FROM users WHERE id = ?", .params = {2}});
  CHECK(views.front().name == "Bob");
  CHECK(views.front().id == 2);
}

CONTRACT_CASE("a struct says by d1_columns which members are columns, and how they are called", "[d1][queries]",
              Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto account = db->query_one_as<Account>("SELECT 'Ann' AS owner, 5 AS account_number");
  REQUIRE(account);
  CHECK(account->number == 5);
  CHECK(account->owner == "Ann");
  CHECK(account->visits == 7);
}

CONTRACT_CASE("a column that is missing, or there twice, is a decode error that names it", "[d1][queries]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto missing = error_of([&] { (void)db->query_as<User>("SELECT id, name FROM users"); });
  CHECK(missing.kind() == ErrorKind::decode);
  CHECK_THAT(contract::text_of(missing), Catch::Matchers::ContainsSubstring("no column named score"));
  const auto twice = error_of([&] { (void)db->query_as<UserView>("SELECT a.id, b.id, a.name FROM users a, users b"); });
  CHECK(twice.kind() == ErrorKind::decode);
  CHECK_THAT(contract::text_of(twice), Catch::Matchers::ContainsSubstring("two columns named id"));
}

CONTRACT_CASE("a value that does not fit is a decode error that names row and column", "[d1][queries]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto error = error_of([&] { (void)db->query_as<User>("SELECT name AS id, name, score FROM users"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK(error.operation() == "d1.query");
  CHECK_THAT(contract::text_of(error),
             Catch::Matchers::ContainsSubstring("row 0, column 0: ") && Catch::Matchers::ContainsSubstring("text"));
  CHECK_THAT(contract::text_of(error), !Catch::Matchers::ContainsSubstring("Ann"));
}

CONTRACT_CASE("a result with more or fewer columns than types is a decode error", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  for (const char* sql : {"SELECT 1", "SELECT 1, 2, 3"}) {
    const auto error = error_of([&] { (void)db->query<int, int>(sql); });
    CHECK(error.kind() == ErrorKind::decode);
    CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("2 were asked for"));
  }
}

// SHARP EDGE: drizzle-orm#555.
CONTRACT_CASE("columns of the same name are all kept", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto rows = db->query<int, int>("SELECT a.id, b.id FROM users a JOIN users b ON b.id = a.id + 1 ORDER BY a.id");
  CHECK(rows.columns() == std::vector<std::string>{"id", "id"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == std::tuple(1, 2));
  CHECK(rows[1] == std::tuple(2, 3));
}

CONTRACT_CASE("an empty result has its true columns", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto rows = db->query<std::int64_t, std::string>("SELECT id, name AS \"the name\" FROM users WHERE id > 99");
  CHECK(rows.empty());
  CHECK(rows.columns() == std::vector<std::string>{"id", "the name"});
  CHECK(db->query_as<User>("SELECT * FROM users WHERE id > 99").empty());
}

CONTRACT_CASE("query_one: nothing, the only row, or an error if there are several", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  CHECK_FALSE(db->query_one<int>("SELECT id FROM users WHERE id = 9"));
  CHECK(db->query_one<int, std::string>("SELECT id, name FROM users WHERE id = 2") ==
        std::tuple<int, std::string>(2, "Bob"));
  CHECK(db->query_one_as<User>("SELECT * FROM users WHERE id = 2")->name == "Bob");
  const auto error = error_of([&] { (void)db->query_one<int>("SELECT id FROM users"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("3 rows"));
}

CONTRACT_CASE("query_value: nothing, or the one value", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  CHECK(db->query_value<int>("SELECT count(*) FROM users") == 3);
  CHECK_FALSE(db->query_value<int>("SELECT id FROM users WHERE id = 9"));
  CHECK(db->query_value<std::string>("SELECT name FROM users WHERE id = ?", {3}) == "Cid");
}

CONTRACT_CASE("query_json gives the rows as objects", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const Json rows = db->query_json("SELECT * FROM users WHERE id < ? ORDER BY id", {3});
  CHECK(rows == Json::parse(R"([{"id":1,"name":"Ann","score":1.5},{"id":2,"name":"Bob","score":null}])"));
  CHECK(db->query_json("SELECT * FROM users WHERE id > 99") == Json::array());
}

CONTRACT_CASE("parameters by number may repeat and change places", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_one<std::string, std::string, std::string>("SELECT ?2, ?1, ?2", {"a", "b"}) ==
        std::tuple<std::string, std::string, std::string>("b", "a", "b"));
}

// SHARP EDGE: openstory PR#1324.
CONTRACT_CASE("parameters with names bind in the order in which the names first appear", "[d1][queries]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query<int, int, int, int>("SELECT :a, @b, $c, :a", {1, 2, 3})[0] == std::tuple(1, 2, 3, 1));
  CHECK(db->query<int, int>("SELECT ?, :a", {1, 2})[0] == std::tuple(1, 2));
  CHECK(db->query<int, int, int>("SELECT ?2, :x, ?", {1, 2, 3, 4})[0] == std::tuple(2, 3, 4));
  CHECK(error_of([&] { (void)db->query<int, int>("SELECT :a, :b", {1}); }).kind() == ErrorKind::rejected);
}

CONTRACT_CASE("in_list binds any number of values as one parameter; ORDER BY, LIMIT, COUNT and NOT IN stay right",
              "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  db->execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
      "INSERT INTO t SELECT i, 'n' || i FROM n");
  std::vector<int> even;
  for (int i = 2; i <= 1000; i += 2) even.push_back(i);
  const d1::Params params{d1::in_list(even)};
  const std::string in = "IN (SELECT value FROM json_each(?))";
  CHECK(db->query_value<int>("SELECT count(*) FROM t WHERE id " + in, params) == 500);
  CHECK(db->query_value<int>("SELECT count(*) FROM t WHERE id NOT " + in, params) == 500);
  const auto rows = db->query<int>("SELECT id FROM t WHERE id " + in + " ORDER BY id DESC LIMIT 2", params);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1] == std::tuple(998));
  CHECK(db->query_value<int>("SELECT count(*) FROM t WHERE name " + in,
                             {d1::in_list(std::vector<std::string>{"n7", "n8", "it's \"no\" name"})}) == 2);
  CHECK(db->query_value<int>("SELECT count(*) FROM t WHERE id " + in, {d1::in_list(std::vector<int>())}) == 0);
}

CONTRACT_CASE("in_list keeps integers that are too large for a parameter", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<int>("SELECT 9223372036854775807 IN (SELECT value FROM json_each(?))",
                             {d1::in_list({9223372036854775807})}) == 1);
  CHECK(db->query_value<int>("SELECT 9223372036854775807 IN (SELECT value FROM json_each(?))",
                             {d1::in_list({9223372036854775806})}) == 0);
}

CONTRACT_CASE("in_list over 2 MB of JSON is refused with the limit named", "[d1][queries]", Embedded, Real) {
  const std::vector<std::string> many(3, std::string(700'000, 'x'));
  const auto error = error_of([&] { (void)d1::in_list(many); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("2000000"));
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<int>("SELECT count(*) FROM json_each(?)",
                             {d1::in_list(std::vector<std::string>(2, many[0]))}) == 2);
}

CONTRACT_CASE("comments, a final semicolon, WITH, VALUES, EXPLAIN and PRAGMA", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  CHECK(db->query_value<int>("-- a comment; with a semicolon\n /* another; */ SELECT 1 -- end\n;") == 1);
  CHECK(db->query_value<int>("WITH n(i) AS (VALUES (4)) SELECT i FROM n") == 4);
  CHECK(db->query<int, std::string>("VALUES (1, 'a'), (2, 'b;')").size() == 2);
  CHECK_FALSE(db->query_json("EXPLAIN QUERY PLAN SELECT * FROM users").empty());
  CHECK(db->query_json("PRAGMA table_info(users)").size() == 3);
}

// SHARP EDGE: every field by itself.
CONTRACT_CASE("meta tells what happened, field by field", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto insert = db->execute("INSERT INTO users (name) VALUES ('Dan'), ('Eve')");
  REQUIRE(insert.size() == 1);
  CHECK(insert.changes() == 2);
  CHECK(insert.last_row_id() == 5);
  CHECK(insert[0].meta().changed_db == true);
  CHECK(insert[0].meta().rows_written.value_or(0) >= 2);
  CHECK(insert[0].meta().size_after.value_or(0) > 0);
  CHECK(insert[0].meta().duration_ms.value_or(-1) >= 0);
  CHECK_FALSE(insert[0].meta().served_by_primary == false);

  const auto select = db->query<int>("SELECT id FROM users");
  CHECK(select.meta().changes == 0);
  CHECK(select.meta().changed_db == false);
  CHECK(select.meta().rows_read.value_or(0) >= 5);
  CHECK(db->execute("UPDATE users SET score = 0").changes() == 5);
  CHECK(db->execute("DELETE FROM users WHERE id > 3").changes() == 2);
}

CONTRACT_CASE("RETURNING gives rows of a write", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  make_users(*db);
  const auto rows = db->query<std::int64_t, std::string>(
      "INSERT INTO users (name) VALUES (?), (?) RETURNING id, upper(name)", {"Dan", "Eve"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[1] == std::tuple<std::int64_t, std::string>(5, "EVE"));
  CHECK(rows.meta().changes == 2);
}

CONTRACT_CASE("ten thousand rows come back in order", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto rows = db->query<int, std::string>(
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) SELECT i, 'row \"' || i || '\"' "
      "FROM n");
  REQUIRE(rows.size() == 10'000);
  bool in_order = true;
  for (int i = 0; i < 10'000; ++i)
    in_order = in_order && rows[static_cast<std::size_t>(i)] ==
                               std::tuple<int, std::string>(i, "row \"" + std::to_string(i) + "\"");
  CHECK(in_order);
}

CONTRACT_CASE("the checked view gives results instead of exceptions", "[d1][queries]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto good = db->checked().query<int>("SELECT 1");
  REQUIRE(good);
  CHECK(std::get<0>(good->front()) == 1);
  const auto bad = db->checked().execute("SELEC");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().kind() == ErrorKind::rejected);
}
