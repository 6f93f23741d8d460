// Rows that are handed over while the reply arrives.

#include <cloudflare/async.hpp>

#include "d1_support.hpp"

using namespace core_tests;
using cf::ErrorKind;

namespace {

struct NamedRow {
  int id = 0;
  std::string name{};
};

/// Writes each reply to the sink in two pieces.
class PieceTransport final : public cf::Transport {
 public:
  cf::HttpResponse send(const cf::HttpRequest& request, const cf::TransferLimits&) override {
    request.sink->write(body.substr(0, cut));
    request.sink->write(body.substr(cut));
    return {.status = 200};
  }
  std::string_view body{};
  std::size_t cut = 0;
};

constexpr std::string_view reply_text =
    R"({"result":[{"results":{"columns":["id","name"],"rows":[[1,"one \"\\]"],[2,""],[3,"\u00e9"]]},"success":true,)"
    R"("meta":{"rows_read":3}}],"success":true,"errors":[],"messages":[]})";

/// One result whose members come in this text.
FakeReply result(const std::string& members) {
  return {.body = R"({"result":[{)" + members + R"(}],"success":true,"errors":[],"messages":[]})"};
}

bool has(const cf::Error& error, std::string_view words) {
  return std::string_view(error.what()).find(words) != std::string_view::npos;
}

}  // namespace

TEST_CASE("each row is handed over once and in order, wherever the reply is cut, as columns, struct and Row") {
  const auto transport = std::make_shared<PieceTransport>();
  transport->body = reply_text;
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .transport = transport});
  const cf::D1Database db = client.d1(database_id);
  const std::string expected = "1one \"\\];2;3\xC3\xA9;";
  for (transport->cut = 0; transport->cut <= reply_text.size(); ++transport->cut) {
    INFO(transport->cut);
    std::string columns, structs, rows;
    const auto done = db.for_each_row<int, std::string_view>(
        "SELECT 1", [&](int id, std::string_view name) { columns += std::to_string(id) + std::string(name) + ";"; });
    db.for_each_row_as<NamedRow>("SELECT 1",
                                 [&](const NamedRow& row) { structs += std::to_string(row.id) + row.name + ";"; });
    const auto untyped = db.for_each_row("SELECT 1", [&](const d1::Row& row) {
      rows += std::to_string(row["id"].integer()) + row[1].as<std::string>() + ";";
    });
    REQUIRE(columns == expected);
    REQUIRE(structs == expected);
    REQUIRE(rows == expected);
    CHECK(done.rows == 3);
    CHECK(done.meta.rows_read == 3);
    CHECK(untyped.columns == std::vector<std::string>{"id", "name"});
  }
}

TEST_CASE("for_each_row sends what query sends, takes parameters, and counts rows that are no rows of a table") {
  const Scripted s({raw(R"(["a"])", "[[1]]"), raw("[]", "[]", R"({"changes":2})"), raw(R"(["a","a"])", "[[1,2]]")});
  const auto db = database(s);
  int sum = 0;
  db.for_each_row<int>("SELECT ?", {7}, [&](int a) { sum += a; });
  CHECK(sum == 1);
  CHECK(s.fake->requests()[0].url.ends_with("/raw"));
  CHECK(s.fake->requests()[0].body == R"({"sql":"SELECT ?","params":[7]})");
  const auto done = db.for_each_row<int>({.sql = "DELETE FROM t"}, [](int) { FAIL("there is no row"); });
  CHECK(done.rows == 0);
  CHECK(done.columns.empty());
  CHECK(done.meta.changes == 2);
  std::string ids;
  const auto twice = db.for_each_row("SELECT 1", [&](const d1::Row& row) {
    for (const d1::Cell& cell : row) ids += std::to_string(cell.integer());
  });
  CHECK(ids == "12");
  CHECK(twice.columns == std::vector<std::string>{"a", "a"});
  CHECK(error_of([&] { db.for_each_row("SELECT 1; SELECT 2", [](const d1::Row&) {}); }).kind() ==
        ErrorKind::invalid_argument);
  CHECK(s.count() == 3);
}

TEST_CASE("meta may come before the rows, and rows before their columns") {
  for (const char* members :
       {R"("meta":{"changes":4},"success":true,"results":{"columns":["id","name"],"rows":[[1,"x"],[2,"y"]]})",
        R"("results":{"rows":[[1,"x"],[2,"y"]],"columns":["id","name"]},"success":true,"meta":{"changes":4})"}) {
    const Scripted s({result(members), result(members)});
    std::string seen;
    const auto done = database(s).for_each_row<int, std::string>(
        "SELECT 1", [&](int id, const std::string& name) { seen += std::to_string(id) + name; });
    CHECK(seen == "1x2y");
    CHECK(done.rows == 2);
    CHECK(done.meta.changes == 4);
    const auto error = error_of([&] {
      database(s).for_each_row("SELECT 1", [&](const d1::Row&) { throw cf::Error(ErrorKind::conflict, "mine"); });
    });
    CHECK(error.kind() == ErrorKind::conflict);
  }
}

TEST_CASE("a failure that the server reports behind the rows is an error, with the number of rows handed over") {
  const std::string rows = R"("results":{"columns":["a"],"rows":[[1],[2]]})";
  const Scripted s(
      {{.body = R"({"result":[{)" + rows +
                R"(}],"success":false,"errors":[{"code":7500,"message":"late failure"}],"messages":[]})"},
       result(rows + R"(,"success":false,"error":"D1 DB is overloaded")"),
       {.body = R"({"result":[{)" + rows + R"(}],"success":false,"errors":[{"code":7429,"message":"x"}]})"}});
  const auto failing = [&] { return error_of([&] { database(s).for_each_row("SELECT 1", [](const d1::Row&) {}); }); };
  const auto late = failing();
  CHECK(late.kind() == ErrorKind::rejected);
  CHECK(late.operation() == "d1.for_each_row");
  CHECK(late.code() == static_cast<cf::ErrorCode>(7500));
  CHECK(has(late, "late failure"));
  CHECK(has(late, "2 rows were handed over, so the request is not repeated"));
  CHECK(failing().kind() == ErrorKind::overloaded);
  CHECK(failing().kind() == ErrorKind::overloaded);  // a read would be repeated
  CHECK(s.count() == 3);
}

TEST_CASE("a refused statement is judged as always, and repeated while no row was handed over") {
  const Scripted s({refused(400, 7500, "no such table: t"),
                    refused(500, 7500, "internal error"),
                    cut(),
                    {.body = R"({"result":null,"success":false,"errors":[{"code":7429,"message":"overloaded"}]})"},
                    raw(R"(["a"])", "[[1]]")});
  const auto error = error_of([&] { database(s).for_each_row("SELECT 1", [](const d1::Row&) {}); });
  CHECK(error.kind() == ErrorKind::rejected);
  CHECK(error.http_status() == 400);
  CHECK(has(error, "no such table"));
  CHECK_FALSE(has(error, "handed over"));
  int rows = 0;
  database(s).for_each_row("SELECT 1", [&](const d1::Row&) { ++rows; });
  CHECK(rows == 1);
  CHECK(s.count() == 5);
}

TEST_CASE("what the caller's function throws ends the call and reaches the caller, in each view") {
  struct Mine {
    int value;
  };
  const Scripted s({raw(R"(["a"])", "[[1],[2],[3]]"), raw(R"(["a"])", "[[1],[2],[3]]"), raw(R"(["a"])", "[[1],[2]]"),
                    raw(R"(["a"])", "[[1],[2]]")});
  const auto db = database(s);
  int seen = 0;
  try {
    db.for_each_row<int>("SELECT 1", [&](int a) {
      ++seen;
      if (a == 2) throw Mine{a};
    });
    FAIL("nothing was thrown");
  } catch (const Mine& mine) {
    CHECK(mine.value == 2);
  }
  CHECK(seen == 2);

  // An Error of a nested call is not taken for an error of this one, though it could be repeated.
  const auto checked = db.checked().for_each_row("SELECT 1", [](const d1::Row&) {
    throw cf::Error(cf::ErrorDetails{.kind = ErrorKind::transport, .delivery = cf::Delivery::not_sent});
  });
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind() == ErrorKind::callback);
  CHECK(checked.error().cause() != nullptr);
  CHECK(has(checked.error(), "1 row was handed over"));

  auto future = db.async().for_each_row<int>("SELECT 1", [](int) { throw Mine{5}; }).as_future();
  CHECK_THROWS_AS(future.get(), Mine);
  std::vector<int> ids;
  CHECK(db.async().for_each_row<int>("SELECT 1", [&ids](int a) { ids.push_back(a); }).as_future().get().rows == 2);
  CHECK(ids == std::vector<int>{1, 2});
  CHECK(s.count() == 4);
}

TEST_CASE("an Error of the caller's function reaches the caller as it is, whatever the transport makes of it") {
  const auto transport = std::make_shared<PieceTransport>();  // lets exceptions pass
  transport->body = reply_text;
  transport->cut = reply_text.size() / 2;
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .transport = transport});
  const cf::D1Database db = client.d1(database_id);
  const auto throwing = [](const d1::Row&) {
    throw cf::Error(
        cf::ErrorDetails{.kind = ErrorKind::server, .operation = "mine", .delivery = cf::Delivery::unknown});
  };
  const auto checked = db.checked().for_each_row("INSERT INTO t VALUES (1) RETURNING *", throwing);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind() == ErrorKind::callback);
  CHECK(checked.error().operation() == "d1.for_each_row");
  CHECK(checked.error().outcome_unknown());
  const auto thrown = error_of([&] { db.for_each_row("SELECT 1", throwing); });
  CHECK(thrown.kind() == ErrorKind::server);
  CHECK(thrown.operation() == "mine");
}

TEST_CASE("a row that does not fit is a decode error with row and column, after the rows before it") {
  struct Case {
    const char* columns;
    const char* rows;
    const char* words;
    int seen;
  };
  for (const Case& c : {Case{R"(["a"])", R"([[1],["secret"]])", "row 1, column 0: it is text", 1},
                        Case{R"(["a","b"])", "[[1,2]]", "1 were asked for", 0},
                        Case{R"(["a"])", "[[1],[1,2]]", "row 1, column 1: the row is not as wide", 1},
                        Case{R"(["a"])", "[[1],[nul]]", "row 1, column 0: the row cannot be read", 1},
                        Case{R"(["a"])", "[[1],[[[[1]]]]]", "row 1, column 0", 1},
                        Case{R"(["a"])", "[[1],7]", "the list of rows holds something else", 1},
                        Case{R"([1])", "[[1]]", "cannot be read", 0},
                        Case{R"(["a"])", "[[1]", "the list of rows holds something else", 1}}) {
    INFO(c.rows);
    const Scripted s({raw(c.columns, c.rows)});
    int seen = 0;
    const auto error =
        error_of([&] { database(s).for_each_row<int>("INSERT INTO t VALUES (1) RETURNING a", [&](int) { ++seen; }); });
    CHECK(error.kind() == ErrorKind::decode);
    CHECK(error.operation() == "d1.for_each_row");
    CHECK(error.attempts() == 1);
    CHECK(error.outcome_unknown());
    CHECK(has(error, c.words));
    CHECK_FALSE(has(error, "secret"));
    CHECK(has(error, "handed over") == (c.seen != 0));
    CHECK(seen == c.seen);
    CHECK(s.count() == 1);
  }
}

TEST_CASE("the function may be a named object, which keeps its state, and may run queries itself") {
  const Scripted s({raw(R"(["a"])", R"([["first"],["second"]])"), raw(R"(["b"])", R"([["other text"]])"),
                    raw(R"(["b"])", R"([["other text"]])")});
  const auto db = database(s);
  struct Sum {
    const cf::D1Database* db;
    std::string text{};
    void operator()(std::string_view a) {
      CHECK(db->query_value<std::string>("SELECT 1") == "other text");
      text += a;
    }
  } sum{&db};
  db.for_each_row<std::string_view>("SELECT 1", sum);
  CHECK(sum.text == "firstsecond");
}

TEST_CASE("a blob and a long text arrive whole, row after row") {
  const std::string text(100'000, 'x');
  const Scripted s({raw(R"(["a","b"])", R"([[[0,255,7],")" + text + R"("],[[1],"short"]])")});
  std::vector<d1::Blob> blobs;
  std::vector<std::size_t> sizes;
  database(s).for_each_row<d1::Blob, std::string_view>("SELECT 1", [&](d1::Blob blob, std::string_view b) {
    blobs.push_back(std::move(blob));
    sizes.push_back(b.size());
  });
  CHECK(blobs == std::vector<d1::Blob>{{std::byte{0}, std::byte{255}, std::byte{7}}, {std::byte{1}}});
  CHECK(sizes == std::vector<std::size_t>{100'000, 5});
}
