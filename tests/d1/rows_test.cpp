// for_each_row over sockets: replies of a real engine, cut before, within and behind their rows.

#include <numeric>

#include <cloudflare/async.hpp>

#include "store_server.hpp"
#include "support/catch.hpp"

using namespace d1_tests;
using namespace http_test;

namespace {

constexpr int row_count = 300;
constexpr const char* select_all = "SELECT id, s FROM t ORDER BY id";

/// A table with rows of about 1 KB.
void fill(const StoreServer& store) {
  store.direct().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
  std::vector<std::pair<int, std::string>> rows;
  for (int i = 0; i < row_count; ++i) rows.emplace_back(i, std::string(1000, 'v'));
  REQUIRE(store.direct().insert_many("t", {"id", "s"}, rows).complete());
}

/// Ids that must come once each, in order.
class Ids {
 public:
  void operator()(int id, std::string_view text) {
    CHECK(text.size() == 1000);
    ids_.push_back(id);
  }
  [[nodiscard]] std::size_t count() const noexcept { return ids_.size(); }
  [[nodiscard]] bool in_order() const {
    std::vector<int> expected(ids_.size());
    std::iota(expected.begin(), expected.end(), 0);
    return ids_ == expected;
  }

 private:
  std::vector<int> ids_{};
};

bool has(const cf::Error& error, const std::string& words) {
  return std::string_view(error.what()).find(words) != std::string_view::npos;
}

/// Bytes of the reply's head and of its body up to the first row.
std::size_t before_rows(const Answer& answer) { return support::render(answer, "POST").find("\"rows\":[[") + 9; }

}  // namespace

TEST_CASE("rows beyond the cap of a reply are read one by one, over sockets and over the store in this process") {
  StoreServer store;
  fill(store);
  const auto small = [](cf::ClientOptions& options) { options.reply_limit = 100'000; };
  store.server.on_request([&](const Recorded& request) {
    Answer answer = store.execute(request);
    answer.framing = Framing::chunked;
    answer.chunk_size = 777;
    return answer;
  });
  cf::ClientOptions options;
  small(options);
  for (const cf::D1Database& db : {store.db(small), store.cloud.client(options).d1(store.id)}) {
    CHECK(error_of([&] { (void)db.query<int, std::string>(select_all); }).kind() == cf::ErrorKind::too_large);
    Ids ids;
    const auto done = db.for_each_row<int, std::string_view>(select_all, ids);
    CHECK(ids.count() == row_count);
    CHECK(ids.in_order());
    CHECK(done.rows == row_count);
    CHECK(done.columns == std::vector<std::string>{"id", "s"});
    CHECK(done.meta.rows_read == row_count);
    CHECK(error_of([&] { db.for_each_row("SELECT * FROM none", [](const cf::d1::Row&) {}); }).kind() ==
          cf::ErrorKind::rejected);
  }
}

TEST_CASE("a reply that breaks within its rows is an error that says how many were handed over, and is not repeated") {
  for (const Framing framing : {Framing::length, Framing::chunked, Framing::until_close}) {
    for (const Stop stop : {Stop::close, Stop::reset}) {
      if (framing == Framing::until_close && stop == Stop::reset) continue;
      StoreServer store;
      fill(store);
      store.server.on_request([&](const Recorded& request) {
        Answer answer = store.execute(request);
        answer.framing = framing;
        answer.chunk_size = 5000;
        answer.stop_at = answer.body.size() / 2;
        answer.stop = stop;
        return answer;
      });
      Ids ids;
      const auto error = error_of([&] { store.db().for_each_row<int, std::string_view>(select_all, ids); });
      // Without framing the end of the connection is the end of the body, which is then no JSON.
      CHECK(error.kind() == (framing == Framing::until_close ? cf::ErrorKind::decode : cf::ErrorKind::transport));
      CHECK(error.operation() == "d1.for_each_row");
      CHECK(error.attempts() == 1);
      CHECK_FALSE(error.outcome_unknown());
      if (stop == Stop::close) CHECK(ids.count() > 100);
      CHECK(ids.count() < row_count);
      CHECK(ids.in_order());
      if (ids.count() > 1)
        CHECK(has(error, std::to_string(ids.count()) + " rows were handed over, so the request is not repeated"));
      CHECK(store.server.requests().size() == 1);
    }
  }
}

TEST_CASE("a read whose reply breaks before the first row is repeated, a write is not") {
  StoreServer store;
  fill(store);
  int requests = 0;
  store.server.on_request([&](const Recorded& request) {
    Answer answer = store.execute(request);
    const std::size_t at = before_rows(answer);
    if (++requests == 1) answer.stop_at = at - 20;  // within the columns
    if (requests == 2) answer.stop_at = at + 500;   // within the first row
    if (requests == 4) answer.stop_at = at + 1;
    return answer;
  });
  Ids ids;
  CHECK(store.db().for_each_row<int, std::string_view>(select_all, ids).rows == row_count);
  CHECK(requests == 3);
  CHECK(ids.in_order());

  const auto error = error_of([&] {
    store.db().for_each_row<int>("UPDATE t SET s = '' WHERE id < 7 RETURNING id", [](int) { FAIL("there is a row"); });
  });
  CHECK(requests == 4);
  CHECK(error.outcome_unknown());
  CHECK_FALSE(has(error, "handed over"));
  CHECK(store.direct().query_value<int>("SELECT count(*) FROM t WHERE s = ''") == 7);
}

TEST_CASE("a compressed reply is split as it is unpacked, and a 502 is repeated") {
  StoreServer store;
  fill(store);
  int requests = 0;
  store.server.on_request([&](const Recorded& request) {
    if (++requests == 1) return reply(502, html, "text/html");
    Answer answer = store.execute(request);
    answer.body = support::gzip(answer.body);
    answer.headers.emplace_back("Content-Encoding", "gzip");
    return answer;
  });
  Ids ids;
  store.db().for_each_row<int, std::string_view>(select_all, ids);
  CHECK(requests == 2);
  CHECK(ids.count() == row_count);
  CHECK(ids.in_order());
}

TEST_CASE("a function that throws ends the transfer early, and a stop token ends the call between rows") {
  StoreServer store;
  fill(store);
  store.server.on_request([&](const Recorded& request) {
    Answer answer = store.execute(request);
    answer.stop_at = answer.body.size() / 2;
    answer.stop = Stop::stall;  // a client that waited for the end would wait for ever
    return answer;
  });
  const auto throwing = [](int id, const std::string&) {
    if (id == 5) throw std::length_error("enough");
  };
  CHECK_THROWS_AS((store.db().for_each_row<int, std::string>(select_all, throwing)), std::length_error);
  std::stop_source source;
  int seen = 0;
  const auto stopped =
      store.db().with({.stop = source.get_token()}).checked().for_each_row(select_all, [&](const cf::d1::Row&) {
        if (++seen == 3) source.request_stop();
      });
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind() == cf::ErrorKind::cancelled);
  CHECK(has(stopped.error(), " rows were handed over"));
  CHECK(store.server.requests().size() == 2);
}

TEST_CASE("the asynchronous view calls the function on the I/O thread, and may read several replies at once") {
  StoreServer store;
  fill(store);
  store.server.on_request([&](const Recorded& request) { return store.execute(request); });
  const cf::D1Database db = store.db();
  std::thread::id thread;
  Ids one, two;
  auto first = db.async()
                   .for_each_row<int, std::string_view>(select_all,
                                                        [&](int id, std::string_view text) {
                                                          thread = std::this_thread::get_id();
                                                          one(id, text);
                                                        })
                   .as_future();
  auto second =
      db.async()
          .for_each_row<int, std::string_view>(select_all, [&](int id, std::string_view text) { two(id, text); })
          .as_future();
  // Ids checks on the I/O thread, so this one checks nothing before both reads have ended.
  const std::uint64_t first_rows = first.get().rows, second_rows = second.get().rows;
  CHECK(first_rows == row_count);
  CHECK(second_rows == row_count);
  CHECK(thread != std::this_thread::get_id());
  CHECK(one.in_order());
  CHECK(two.in_order());
}
