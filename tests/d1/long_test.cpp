// 200 MB through import, export and rows: the memory stays small, in the client and in the embedded store.

#include <cloudflare/local.hpp>
#include <fstream>
#include <iostream>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/memory.hpp"
#include "support/process.hpp"

using namespace http_test;

namespace {

constexpr std::uint64_t wanted_bytes = 200'000'000;
constexpr std::uint64_t memory_limit = 32'000'000;
constexpr double megabyte = 1'000'000;

/// Writes a table and rows of about 1 KB; how many statements.
std::int64_t generate(const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  std::string text = "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);\n";
  std::int64_t count = 1;
  for (std::uint64_t made = 0; made < wanted_bytes; ++count) {
    made += text.size();
    file << text;
    text = "INSERT INTO \"t\" VALUES(" + std::to_string(count) + ",'" + std::string(1000, 'x') + "');\n";
  }
  REQUIRE(file.flush());
  return count - 1;
}

}  // namespace

TEST_CASE("a file of 200 MB is imported and exported again within 32 MB of memory above idle, store included") {
  const support::TemporaryFolder folder;
  const std::int64_t queries = generate(folder.file("in.sql"));
  const cf::local::Cloudflare cloud(folder.file("store"));
  const cf::ApiClient client = cloud.client();
  const cf::D1Database db = client.d1(client.d1_databases().create("big").uuid);
  db.import_sql("SELECT 1;", {.poll_interval = 1ms});

  const support::PeakMemory import_memory;
  const auto imported = db.import_file(folder.file("in.sql"), {.poll_interval = 1ms});
  const std::uint64_t import_growth = import_memory.growth();
  CHECK(imported.num_queries == queries);
  CHECK(imported.bytes >= wanted_bytes);
  CHECK(import_growth < memory_limit);

  const support::PeakMemory export_memory;
  const auto exported = db.export_to_file(folder.file("out.sql"), {.poll_interval = 1ms});
  const std::uint64_t export_growth = export_memory.growth();
  CHECK(exported.bytes >= wanted_bytes);
  CHECK(export_growth < memory_limit);
  CHECK(db.query_value<std::int64_t>("SELECT count(*) FROM t") == queries - 1);
  std::cout << "embedded store and client, above idle: import " << static_cast<double>(import_growth) / megabyte
            << " MB, export " << static_cast<double>(export_growth) / megabyte << " MB\n";
}

TEST_CASE("over HTTP the client alone imports and exports 200 MB within 32 MB of memory above idle") {
  const support::TemporaryFolder folder;
  generate(folder.file("in.sql"));
  std::uint64_t uploaded = 0;
  std::string etag;
  std::string dump;
  FaultServer server;
  server.on_request([&](const Recorded& request) {
    if (request.method == "PUT") {
      uploaded = request.body_size;
      server.keep_bodies(true);
      return with_header(reply(200, ""), "ETag", "\"" + etag + "\"");
    }
    if (request.method == "GET") return reply(200, dump, "application/octet-stream");
    const std::string done = R"({"success":true,"status":"complete","at_bookmark":"b","result":)";
    if (request.target.ends_with("/export"))
      return success(done + R"({"filename":"f.sql","signed_url":")" + server.origin() + R"(/signed/f.sql?x"}})");
    if (request.body.find("\"init\"") == std::string::npos) return success(done + R"({"num_queries":1}})");
    etag = nlohmann::json::parse(request.body).at("etag").get<std::string>();
    server.keep_bodies(false);  // of the upload to come
    return success(R"({"success":true,"filename":"f","upload_url":")" + server.origin() + R"(/signed/f?x"})");
  });
  const auto probe = [&](const std::string& mode) {
    return std::stod(support::run({CLOUDFLARE_D1_MEMORY_PROBE, mode, server.url(), folder.file("")}));
  };
  const double import_growth = probe("import");
  CHECK(uploaded >= wanted_bytes);
  CHECK(import_growth < static_cast<double>(memory_limit));

  dump = support::read_file(folder.file("in.sql"));
  const double export_growth = probe("export");
  CHECK((support::read_file(folder.file("out.sql")) == dump));
  CHECK(export_growth < static_cast<double>(memory_limit));
  std::cout << "client over HTTP, above idle: import " << import_growth / megabyte << " MB, export "
            << export_growth / megabyte << " MB\n";
}

TEST_CASE("a reply of 200 MB, beyond the cap of 128 MiB, is read row by row within 4 MB of memory above idle") {
  std::string body = R"({"result":[{"results":{"columns":["id","s"],"rows":[)";
  const std::string text(1000, 'x');
  for (std::int64_t id = 0; body.size() < wanted_bytes; ++id)
    body.append(id == 0 ? "[" : ",[").append(std::to_string(id)).append(",\"").append(text).append("\"]");
  body += R"(]},"success":true,"meta":{}}],"success":true,"errors":[],"messages":[]})";
  FaultServer server;
  server.on_request([&](const Recorded&) { return reply(200, body); });
  const double growth = std::stod(support::run({CLOUDFLARE_D1_MEMORY_PROBE, "rows", server.url(), ""}));
  CHECK(growth < 4 * megabyte);
  std::cout << "client over HTTP, above idle: rows " << growth / megabyte << " MB\n";
}
