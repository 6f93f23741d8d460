// Import through the client: what is sent, in which order, and what faults lead to.

#include "jobs_support.hpp"

using namespace d1_tests;
using cf::d1::ImportStage;

namespace {

const std::string three_queries =
    "CREATE TABLE t (id INTEGER, s TEXT);\nINSERT INTO t VALUES (1, 'a;''b');\nINSERT INTO t VALUES (2, 'x');\n";
// md5sum of the text above.
const std::string its_md5 = "917b802d2bf9fa5ccb75ff60f01847c0";

const std::vector<std::string> whole{"init", "upload", "ingest", "poll"};

/// `text` in pieces of at most `piece` bytes from a callback, which can go back only if told so.
cf::Body streamed(const std::string& text, std::size_t piece, bool rewinds) {
  auto at = std::make_shared<std::size_t>(0);
  auto read = [text, piece, at](std::span<char> to) {
    const std::size_t n = std::min({piece, to.size(), text.size() - *at});
    std::copy_n(text.data() + *at, n, to.data());
    *at += n;
    return n;
  };
  return cf::Body::callback(read, rewinds ? std::function<void()>([at] { *at = 0; }) : nullptr);
}

FakeReply status(const std::string& text) { return cf::testing::ok(text); }

}  // namespace

TEST_CASE("an import is uploaded to the signed URL without credentials, ingested and polled until it is complete") {
  Engine engine;
  const auto done = engine.db().import_sql(three_queries);
  CHECK(done.num_queries == 3);
  CHECK(done.meta.changes == 2);
  CHECK(done.bytes == three_queries.size());
  CHECK(done.final_bookmark == engine.direct().bookmark());
  CHECK_FALSE(done.already_uploaded);
  CHECK(engine.direct().query_value<std::string>("SELECT group_concat(s) FROM t") == "a;'b,x");

  CHECK(engine.actions() == whole);
  credentials_only_for_the_api(engine);
  const auto sent = engine.fake->requests();
  CHECK(json::parse(sent[0].body) == json{{"action", "init"}, {"etag", its_md5}});
  CHECK(sent[1].method == "PUT");
  CHECK(sent[1].body == three_queries);
  const json ingest = json::parse(sent[2].body);
  CHECK(ingest.at("etag") == its_md5);
  CHECK(holds(sent[1].url, ingest.at("filename").get<std::string>()));
  CHECK(json::parse(sent[3].body).at("current_bookmark").get<std::string>().size() == 59);
}

TEST_CASE("SQL from any source is hashed and sent as the same bytes; a source that cannot rewind is kept in a file") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("three.sql"), three_queries);
  const auto import = [&](const cf::D1Database& db, int kind) {
    switch (kind) {
      case 0: return db.import_file(folder.file("three.sql"));
      case 1: return db.import_sql(streamed(three_queries, 1, true));
      case 2: return db.import_sql(streamed(three_queries, 1, false));
      case 3: return db.import_sql(streamed(three_queries, 1000, false));
      default: return db.import_sql(cf::Body::file(folder.file("three.sql")));
    }
  };
  for (const int kind : {0, 1, 2, 3, 4}) {
    INFO(kind);
    Engine engine;
    CHECK(import(engine.db(), kind).bytes == three_queries.size());
    CHECK(json::parse(engine.fake->requests()[0].body).at("etag") == its_md5);
    CHECK(engine.fake->requests()[1].body == three_queries);
    CHECK(engine.count("t") == 2);
  }
}

TEST_CASE("20 MB from a stream that cannot rewind are imported, in steps, and uploaded whole again after a cut") {
  std::string sql = "CREATE TABLE t (s TEXT);\n";
  const std::string row = "INSERT INTO t VALUES ('" + std::string(50'000, 'y') + "');\n";
  for (int i = 0; i < 400; ++i) sql += row;
  Engine engine;
  engine.instead("upload", 1, cut());
  const auto done = engine.db().import_sql(streamed(sql, 1 << 16, false));
  CHECK(done.num_queries == 401);
  CHECK(engine.count("t") == 400);
  CHECK(engine.actions() == std::vector<std::string>{"init", "upload", "upload", "ingest", "poll"});
  CHECK((engine.fake->requests()[2].body == sql));
}

TEST_CASE("an empty text is imported as nothing") {
  Engine engine;
  CHECK(engine.db().import_sql("").num_queries == 0);
  CHECK(engine.actions() == whole);
}

TEST_CASE("a file that the server has is not sent again: complete at once, or still active") {
  Engine engine;
  engine.db().import_sql(three_queries);
  const auto again = engine.db().import_sql(three_queries);
  CHECK(again.already_uploaded);
  CHECK(again.num_queries == 3);
  CHECK(engine.actions().size() == whole.size() + 1);
  CHECK(engine.count("t") == 2);

  Engine busy;
  busy.instead("init", 1, status(R"({"success":true,"type":"import","status":"active","at_bookmark":"b7"})"));
  busy.instead("poll", 1, status(R"({"success":true,"status":"active","at_bookmark":"b8","messages":["half"]})"));
  busy.instead("poll", 2, status(R"({"success":true,"status":"complete","at_bookmark":"b8",
      "result":{"final_bookmark":"b9","num_queries":7,"meta":{"changes":5,"unheard_of":1}}})"));
  const auto joined = busy.db().import_sql(three_queries);
  CHECK(joined.already_uploaded);
  CHECK(joined.num_queries == 7);
  CHECK(joined.final_bookmark == "b9");
  CHECK(joined.meta.changes == 5);
  CHECK(busy.actions() == std::vector<std::string>{"init", "poll", "poll"});
  CHECK(json::parse(busy.fake->requests()[1].body).at("current_bookmark") == "b7");
  CHECK(json::parse(busy.fake->requests()[2].body).at("current_bookmark") == "b8");
}

TEST_CASE("a dropped init, upload or poll is made again, and the file is ingested once") {
  for (const FakeReply& fault : {cut(), refused(504, 7009, "timed out"), refused(503, 7429, "D1 DB is overloaded"),
                                 refused(429, 971, "please wait"), cf::testing::no_connection()}) {
    for (const char* what : {"init", "upload", "poll"}) {
      INFO(what << ' ' << fault.status);
      Engine engine;
      engine.instead(what, 1, fault);
      engine.lose(what, 2);
      CHECK(engine.db().import_sql(three_queries).num_queries == 3);
      CHECK(engine.count("t") == 2);
      const auto actions = engine.actions();
      CHECK(std::count(actions.begin(), actions.end(), what) == 3);
      CHECK(std::count(actions.begin(), actions.end(), "ingest") == 1);
      credentials_only_for_the_api(engine);
    }
  }
}

TEST_CASE("a dropped ingest is not repeated and says that the outcome is unknown; the same import again finds out") {
  Engine executed;
  executed.lose("ingest", 1);
  const auto error = error_of([&] { executed.db().import_sql(three_queries); });
  CHECK(error.outcome_unknown());
  CHECK(error.operation() == "d1.import.ingest");
  CHECK(executed.actions() == std::vector<std::string>{"init", "upload", "ingest"});
  CHECK(executed.db().import_sql(three_queries).already_uploaded);
  CHECK(executed.count("t") == 2);

  Engine lost;
  lost.instead("ingest", 1, refused(504, 7009, "timed out"));
  CHECK(error_of([&] { lost.db().import_sql(three_queries); }).outcome_unknown());
  CHECK(lost.actions() == std::vector<std::string>{"init", "upload", "ingest"});
  CHECK_FALSE(lost.db().import_sql(three_queries).already_uploaded);
  CHECK(lost.count("t") == 2);
}

TEST_CASE("an upload whose etag is missing or another one than the MD5 is an error, and nothing is ingested") {
  for (const bool missing : {false, true}) {
    Engine engine;
    engine.after("upload", 1, [&](FakeReply reply) {
      reply.headers.clear();
      if (!missing) reply.headers.push_back({"ETag", "\"00000000000000000000000000000000\""});
      return reply;
    });
    const auto error = error_of([&] { engine.db().import_sql(three_queries); });
    CHECK(error.kind() == cf::ErrorKind::decode);
    CHECK(holds(error.what(), "etag"));
    CHECK_FALSE(error.outcome_unknown());
    CHECK(engine.actions() == std::vector<std::string>{"init", "upload"});
  }
  Engine bare;  // some stores leave the quotes out
  bare.after("upload", 1, [&](FakeReply reply) {
    reply.headers = {{"etag", its_md5}};
    return reply;
  });
  CHECK(bare.db().import_sql(three_queries).num_queries == 3);
}

TEST_CASE("SQL that fails is an error with SQLite's text, and the database is as it was") {
  Engine engine;
  engine.direct().execute("CREATE TABLE t (id INTEGER)");
  const auto error =
      error_of([&] { engine.db().import_sql("INSERT INTO t VALUES (1); INSERT INTO nope VALUES (1);"); });
  CHECK(error.kind() == cf::ErrorKind::rejected);
  CHECK(error.operation() == "d1.import.poll");
  REQUIRE(error.messages().size() == 1);
  CHECK(error.messages()[0].message == "no such table: nope: SQLITE_ERROR");
  CHECK(holds(error.what(), "no such table: nope"));
  CHECK(holds(error.what(), "as it was before"));
  CHECK_FALSE(error.outcome_unknown());
  CHECK(engine.count("t") == 0);

  const auto checked = engine.db().checked().import_sql("INSERT INTO nope VALUES (1)");
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind() == cf::ErrorKind::rejected);
}

TEST_CASE("errors of the status come from error or from errors, and with any HTTP status") {
  for (const char* body : {R"({"success":false,"status":"error","error":"it broke"})",
                           R"({"success":true,"status":"error","errors":["it broke"],"error":null})",
                           R"({"success":false,"error":"it broke","status":"error","messages":null})"}) {
    INFO(body);
    Engine engine;
    engine.instead("poll", 1, status(body));
    const auto error = error_of([&] { engine.db().import_sql(three_queries); });
    CHECK(error.kind() == cf::ErrorKind::rejected);
    CHECK(holds(error.what(), "it broke"));
    CHECK_FALSE(error.outcome_unknown());
  }
}

TEST_CASE("once D1 runs the file, the outcome is unknown if no poll tells how the import ended") {
  const auto error_after = [](const FakeReply& poll) {
    Engine engine;
    engine.instead("poll", 1, poll);
    return error_of([&] { engine.db().import_sql(three_queries); });
  };
  const auto forgotten = error_after(status(R"({"success":false,"error":"Not currently importing anything."})"));
  CHECK(forgotten.outcome_unknown());
  CHECK(holds(forgotten.what(), "Not currently importing anything."));
  const auto forbidden = error_after(refused(403, 10000, "Authentication error"));
  CHECK(forbidden.kind() == cf::ErrorKind::unauthorized);
  CHECK(forbidden.outcome_unknown());
  const auto strange = error_after(status(R"({"success":true,"status":"resting"})"));
  CHECK(strange.kind() == cf::ErrorKind::decode);
  CHECK(strange.outcome_unknown());
  const auto unreadable = error_after(status("[1"));
  CHECK(unreadable.kind() == cf::ErrorKind::decode);
  CHECK(unreadable.outcome_unknown());

  Engine gone;
  for (int i = 1; i <= 4; ++i) gone.instead("poll", i, cut());
  const auto cut_off = error_of([&] { gone.db().import_sql(three_queries); });
  CHECK(cut_off.outcome_unknown());
  CHECK(cut_off.attempts() == 4);
}

TEST_CASE("an import takes longer than the timeout of a call, and polls at its interval") {
  Engine engine({.timeout = 5s});
  for (int i = 1; i <= 100; ++i)
    engine.instead("poll", i, status(R"({"success":true,"status":"active","at_bookmark":"b"})"));
  engine.instead("poll", 101, status(R"({"success":true,"status":"complete","result":{"num_queries":3}})"));
  CHECK(engine.db().import_sql(three_queries, {.poll_interval = 2s}).num_queries == 3);
  const auto sent = engine.fake->requests();
  CHECK(sent.size() == 104);
  for (std::size_t i = 4; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 1].at == 2s);
}

TEST_CASE("a stop token ends an import; whether D1 had begun with it decides if the outcome is known") {
  const auto stopped_at = [](ImportStage stage) {
    Engine engine;
    std::stop_source stop;
    const auto error = error_of([&] {
      engine.db()
          .with({.stop = stop.get_token()})
          .import_sql(streamed(three_queries, 1000, true), {.on_progress = [&](const cf::d1::ImportProgress& now) {
                        if (now.stage == stage) stop.request_stop();
                      }});
    });
    CHECK(error.kind() == cf::ErrorKind::cancelled);
    return std::pair(error.outcome_unknown(), engine.actions().size());
  };
  CHECK_FALSE(stopped_at(ImportStage::reading).first);
  CHECK(stopped_at(ImportStage::running) == std::pair(true, std::size_t{3}));
}

TEST_CASE("progress tells of reading, uploading and running; what it throws ends the import") {
  Engine engine;
  std::string sql = "CREATE TABLE t (s TEXT);\n";
  while (sql.size() < 9'000'000) sql += "INSERT INTO t VALUES ('" + std::string(90'000, 'z') + "');\n";
  std::vector<cf::d1::ImportProgress> seen;
  engine.db().import_sql(streamed(sql, 1 << 16, true),
                         {.on_progress = [&](const cf::d1::ImportProgress& now) { seen.push_back(now); }});
  std::map<ImportStage, std::size_t> calls;
  std::map<ImportStage, std::uint64_t> last;
  for (const auto& now : seen) {
    CHECK(now.bytes_done >= last[now.stage]);
    last[now.stage] = now.bytes_done;
    ++calls[now.stage];
  }
  CHECK(std::is_sorted(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.stage < b.stage; }));
  for (const auto stage : {ImportStage::reading, ImportStage::uploading, ImportStage::running})
    CHECK(last[stage] == sql.size());
  CHECK(calls[ImportStage::reading] == 2);    // steps of 8 MB
  CHECK(calls[ImportStage::uploading] == 9);  // about once for each MB, and the end
  CHECK(calls[ImportStage::running] == 2);    // ingest and one poll
  CHECK(seen.back().messages == std::vector<std::string>{"Processed 101 queries."});
  CHECK(seen.back().bytes_total == sql.size());

  struct Enough {};
  for (const auto stage : {ImportStage::reading, ImportStage::uploading, ImportStage::running}) {
    Engine another;
    const auto import = [&] {
      another.db().import_sql(streamed(three_queries, 1, true), {.on_progress = [&](const cf::d1::ImportProgress& now) {
                                if (now.stage == stage) throw Enough();
                              }});
    };
    CHECK_THROWS_AS(import(), Enough);
  }
}

TEST_CASE("what cannot be imported is refused before any request, with the limit") {
  const support::TemporaryFolder folder;
  Engine engine;
  const auto missing = error_of([&] { engine.db().import_file(folder.file("none.sql")); });
  CHECK(missing.kind() == cf::ErrorKind::invalid_argument);
  CHECK_FALSE(engine.db().checked().import_file(folder.file("none.sql")));

  support::write_file(folder.file("huge.sql"), "");
  std::filesystem::resize_file(folder.file("huge.sql"), 5'000'000'001);  // a hole, not bytes
  const auto huge = error_of([&] { engine.db().import_file(folder.file("huge.sql")); });
  CHECK(huge.kind() == cf::ErrorKind::invalid_argument);
  CHECK(holds(huge.what(), "5000000000"));
  CHECK(engine.fake->requests().empty());

  CHECK_FALSE(engine.client().d1("not-a-uuid").checked().import_sql("SELECT 1"));
  CHECK(engine.fake->requests().empty());
}

TEST_CASE("a source that ends early when it is read again ends the import with an error that says so") {
  Engine engine;
  int reads = 0;
  const auto shrinking = cf::Body::callback(
      [&](std::span<char> to) -> std::size_t {
        ++reads;
        const std::string text = reads == 1 || reads == 2 ? "SELECT 1; SELECT 2;" : reads == 4 ? "SELECT 1;" : "";
        std::copy(text.begin(), text.end(), to.begin());
        return text.size();
      },
      [] {});
  const auto error = error_of([&] { engine.db().import_sql(shrinking); });
  CHECK(error.kind() == cf::ErrorKind::callback);
  CHECK(holds(error.what(), "fewer bytes than its size: it ended after 9 of 19"));
}

TEST_CASE("a signed URL shows in no error, and one that is neither https nor http is not asked") {
  Engine engine;
  engine.instead("upload", 1, {.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"});
  const auto denied = error_of([&] { engine.db().import_sql(three_queries); });
  CHECK(denied.operation() == "d1.import.upload");
  CHECK(denied.http_status() == 403);
  CHECK_FALSE(holds(denied.what(), "token="));

  Engine echo;
  echo.after("upload", 1, [&](FakeReply) {
    const std::string url = echo.fake->requests()[1].url;
    return refused(400, 1, "refused: " + url.substr(url.find('?') + 1));
  });
  const auto echoed = error_of([&] { echo.db().import_sql(three_queries); });
  const std::string url = echo.fake->requests()[1].url;
  CHECK_FALSE(holds(echoed.what(), url.substr(url.find('?') + 1)));

  Engine foreign;
  foreign.instead("init", 1, status(R"({"success":true,"filename":"f","upload_url":"file:///etc/passwd?x"})"));
  const auto error = error_of([&] { foreign.db().import_sql(three_queries); });
  CHECK(error.kind() == cf::ErrorKind::decode);
  CHECK_FALSE(holds(error.what(), "passwd"));
  CHECK(foreign.actions() == std::vector<std::string>{"init"});
}

TEST_CASE("a signed URL over plain http is asked only where the API itself may be") {
  const auto asked = [](const std::string& base, bool allowed, const std::string& url) {
    cf::ClientOptions options;
    options.base_url = base;
    options.allow_plain_http = allowed;
    Engine engine(options);
    engine.instead("init", 1, status(R"({"success":true,"filename":"f","upload_url":")" + url + R"("})"));
    engine.instead(
        "export", 1,
        status(R"({"success":true,"status":"complete","result":{"filename":"f","signed_url":")" + url + R"("}})"));
    int errors = 0;
    for (const auto& error : {error_of([&] { engine.db().import_sql(three_queries); }),
                              error_of([&] { (void)engine.db().export_to(cf::sink_to([](std::string_view) {})); })}) {
      errors += error.kind() == cf::ErrorKind::decode && holds(error.what(), "gave a signed URL");
      CHECK_FALSE(holds(error.what(), "SECRET"));
    }
    const auto actions = engine.actions();
    const auto is_signed = [](const std::string& action) {
      return action != "import" && action != "init" && action != "export";
    };
    const auto requests = std::count_if(actions.begin(), actions.end(), is_signed);
    CHECK(errors == (requests == 0 ? 2 : 0));
    return requests != 0;
  };
  const std::string https = "https://api.cloudflare.com/client/v4", loopback = "http://127.0.0.1:1/client/v4";
  CHECK_FALSE(asked(https, false, "http://storage.example/f?SECRET"));
  CHECK_FALSE(asked(https, false, "http://127.0.0.1/f?SECRET"));
  CHECK_FALSE(asked(https, false, "HTTP://storage.example/f?SECRET"));
  CHECK_FALSE(asked(loopback, false, "http://storage.example/f?SECRET"));
  CHECK_FALSE(asked(loopback, false, "http:/127.0.0.1/?SECRET://x"));
  CHECK(asked(loopback, false, "http://127.0.0.1:2/f?SECRET"));
  CHECK(asked(loopback, false, "https://storage.example/f?SECRET"));
  CHECK(asked(https, true, "http://storage.example/f?SECRET"));
  CHECK(asked("http://api.example", true, "http://storage.example/f?SECRET"));
}
