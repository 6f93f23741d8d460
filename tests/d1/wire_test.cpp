// Import and export over HTTP: what is on the wire, and what happens when a file's connection breaks.

#include <atomic>
#include <nlohmann/json.hpp>

#include "store_server.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace d1_tests;
using namespace http_test;

namespace {

bool is_signed(const Recorded& request) { return request.target.starts_with("/signed/"); }

std::string rows_of_sql(int rows) {
  std::string sql = "CREATE TABLE t (id INTEGER, s TEXT);\n";
  for (int i = 0; i < rows; ++i)
    sql += "INSERT INTO \"t\" VALUES(" + std::to_string(i) + ",'" + std::string(1000, 'v') + "');\n";
  return sql;
}

}  // namespace

TEST_CASE("signed URLs are asked without any credential, and an upload says its length") {
  StoreServer store;
  store.server.on_request([&](const Recorded& request) { return store.execute(request); });
  const support::TemporaryFolder folder;
  const std::string sql = rows_of_sql(300);
  support::write_file(folder.file("in.sql"), sql);
  const cf::d1::ImportOptions quick{.poll_interval = 1ms};
  const cf::d1::ExportOptions at_once{.poll_interval = 1ms};
  const auto imported = store.db().import_file(folder.file("in.sql"), quick);
  CHECK(imported.num_queries == 301);
  const auto exported = store.db().export_to_file(folder.file("out.sql"), at_once);
  CHECK(exported.bytes == support::read_file(folder.file("out.sql")).size());

  int to_signed_urls = 0;
  for (const Recorded& request : store.server.requests()) {
    INFO(request.method << ' ' << request.target.substr(0, 20));
    CHECK(request.complete);
    CHECK(request.count("Authorization") == (is_signed(request) ? 0U : 1U));
    if (!is_signed(request)) continue;
    ++to_signed_urls;
    for (const auto& [name, value] : request.headers) {
      CHECK(value.find(token) == std::string::npos);
      CHECK_FALSE(support::same_name(name, "cookie"));
      CHECK_FALSE(name.starts_with("X-Auth"));
    }
    CHECK(request.target.find(token) == std::string::npos);
    if (request.method != "PUT") continue;
    CHECK(request.header("Content-Length") == std::to_string(sql.size()));
    CHECK(request.count("Transfer-Encoding") == 0);
    CHECK((request.body == sql));
  }
  CHECK(to_signed_urls == 2);
}

TEST_CASE(
    "a download that breaks starts again if it goes to a file, with the right count; for a callback it is an error") {
  StoreServer store;
  store.direct().execute("CREATE TABLE t (id INTEGER, s TEXT)");
  std::vector<std::pair<int, std::string>> rows;
  for (int i = 0; i < 3000; ++i) rows.emplace_back(i, std::string(1000, 'v'));
  CHECK(store.direct().insert_many("t", {"id", "s"}, rows).complete());
  int downloads = 0;
  store.server.on_request([&](const Recorded& request) {
    Answer answer = store.execute(request);
    if (is_signed(request) && ++downloads < 3)
      answer.stop_at = answer.body.size() / 2, answer.stop = downloads == 1 ? Stop::close : Stop::reset;
    return answer;
  });
  const support::TemporaryFolder folder;
  std::uint64_t last = 0;
  bool went_back = false;
  const auto done = store.db().export_to_file(
      folder.file("out.sql"), {.poll_interval = 1ms, .on_progress = [&](const cf::d1::ExportProgress& now) {
                                 went_back = went_back || now.bytes_done < last;
                                 last = now.bytes_done;
                               }});
  const std::string text = support::read_file(folder.file("out.sql"));
  CHECK(downloads == 3);
  CHECK(done.bytes == text.size());
  CHECK(last == text.size());
  CHECK(went_back);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3002);

  downloads = 0;
  std::uint64_t got = 0;
  const auto error = error_of([&] {
    store.db().export_to(cf::sink_to([&](std::string_view piece) { got += piece.size(); }), {.poll_interval = 1ms});
  });
  CHECK(error.kind() == cf::ErrorKind::transport);
  CHECK(downloads == 1);
  CHECK(got < text.size());
}

TEST_CASE("an upload that is cut is sent whole again, and the import runs once") {
  StoreServer store;
  int uploads = 0;
  int ingests = 0;
  store.server.on_request([&](const Recorded& request) {
    Answer answer = store.execute(request);
    if (is_signed(request) && ++uploads == 1) answer.stop_at = 0;
    ingests += request.body.find("\"ingest\"") != std::string::npos ? 1 : 0;
    return answer;
  });
  const std::string sql = rows_of_sql(2000);
  std::size_t at = 0;
  const auto once = cf::Body::callback([&](std::span<char> to) {
    const std::size_t n = std::min(to.size(), sql.size() - at);
    std::copy_n(sql.data() + at, n, to.data());
    at += n;
    return n;
  });
  CHECK(store.db().import_sql(once, {.poll_interval = 1ms}).num_queries == 2001);
  CHECK(uploads == 2);
  CHECK(ingests == 1);
  CHECK(store.direct().query_value<int>("SELECT count(*) FROM t") == 2000);
}

TEST_CASE("a split import whose polls break on the wire is resumed by another client, and every part runs once") {
  StoreServer store;
  const support::TemporaryFolder folder;
  support::write_file(folder.file("in.sql"), rows_of_sql(300));
  std::atomic<int> ingests = 0;
  std::atomic<bool> broken = true;
  store.server.on_request([&](const Recorded& request) {
    ingests += request.body.find("\"ingest\"") != std::string::npos ? 1 : 0;
    Answer answer = store.execute(request);
    if (broken && ingests == 2 && request.body.find("\"poll\"") != std::string::npos) answer.stop_at = 0;
    return answer;
  });
  const auto import = [&](const std::string& resume) {
    const auto db = store.db([](cf::ClientOptions& options) { options.backoff_base = 1ms; });
    return db.import_file(folder.file("in.sql"), {.split_bytes = 100'000, .resume = resume, .poll_interval = 1ms});
  };
  const auto error = error_of([&] { import(""); });
  CHECK(error.kind() == cf::ErrorKind::transport);
  CHECK(error.outcome_unknown());
  CHECK(std::string(error.what()).find("part 2 (statements ") != std::string::npos);
  CHECK(error.result().find("token") == std::string::npos);
  broken = false;
  const auto done = import(error.result());
  CHECK(done.parts == 3);
  CHECK(ingests == 4);
  CHECK(store.direct().query_value<int>("SELECT count(*) FROM t") == 300);
}
