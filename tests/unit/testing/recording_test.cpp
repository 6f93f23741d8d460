// Record and replay, over the embedded store and over replies that no store gives.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/recording.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../engine/core_support.hpp"
#include "support/system.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using cf::testing::RecordingTransport;
using cf::testing::ReplayTransport;

namespace {

namespace fs = std::filesystem;

struct Recording {
  std::string path = support::unused_path().string();
  Recording() { write(""); }
  ~Recording() { fs::remove(path); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  [[nodiscard]] std::string text() const {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
  }
  void write(std::string_view lines) const { std::ofstream(path, std::ios::binary) << lines; }
};

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

cf::ApiClient over(std::shared_ptr<cf::Transport> transport, const std::string& token = "hunter2-token") {
  return cf::ApiClient(cf::ApiToken(token), {.account_id = "acc",
                                             .base_url = "https://elsewhere.example/client/v4",
                                             .max_attempts = 1,
                                             .transport = std::move(transport)});
}

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

/// What a program does: writes of every form, reads to memory and to a sink, lists, a missing key, SQL.
std::string work(const cf::ApiClient& client, const std::string& ns_id, const std::string& db_id) {
  std::string seen;
  const auto kv = client.kv(ns_id);
  kv.put("text", "v\u00e9");
  kv.put("bytes", all_bytes());
  kv.put("with", "x", {.metadata = {{"lang", "en"}}});
  kv.put("file", cf::Body::callback([n = 0](std::span<char> to) mutable -> std::size_t {
           if (n++ != 0) return 0;
           to[0] = 'c';
           return 1;
         }));
  seen += *kv.get("bytes") + *kv.get("text");
  (void)kv.get_to("file", cf::sink_to([&](std::string_view bytes) { seen += bytes; }));
  if (!kv.get("missing")) seen += "none";
  for (const auto& key : kv.list()) seen += key.name + key.metadata.text();
  const auto db = client.d1(db_id);
  db.execute("CREATE TABLE t (a)");
  db.execute("INSERT INTO t VALUES (?)", {1.5});
  for (const auto& [a] : db.query<double>("SELECT a FROM t")) seen += std::to_string(a);
  if (const auto error = db.checked().execute("SELECT x FROM t"); !error) seen += error.error().what();
  return seen;
}

}  // namespace

TEST_CASE("what was recorded over the embedded store is replayed, bytes and errors alike, with any token") {
  const Recording file;
  std::string recorded, ns, db, account;
  {
    cf::local::Cloudflare cloud({.token = "hunter2-token"});
    account = cloud.account_id();
    ns = cloud.client().kv_namespaces().create("n").id;
    db = cloud.client().d1_databases().create("d").uuid;
    const auto recorder = std::make_shared<RecordingTransport>(file.path, cloud.transport());
    recorded =
        work(cf::ApiClient(cf::ApiToken("hunter2-token"), {.account_id = account, .transport = recorder}), ns, db);
  }
  CHECK_FALSE(holds(file.text(), "hunter2"));
  const auto replay = std::make_shared<ReplayTransport>(file.path);
  const cf::ApiClient client(
      cf::ApiToken("any"),
      {.account_id = account, .base_url = "https://elsewhere.example/client/v4", .transport = replay});
  CHECK(work(client, ns, db) == recorded);
  CHECK(replay->problems().empty());
}

TEST_CASE("imports and exports are replayed, though the signatures of their URLs are not in the recording") {
  const Recording file;
  const Scripted s({ok(R"({"success":true,"status":"complete","type":"export","at_bookmark":"b","result":)"
                       R"({"filename":"f.sql","signed_url":"https://r2.example/f.sql?X-Amz-Signature=hunter2&x=1"}})"),
                    {.body = "SELECT 1;"}});
  const auto dump = [](const cf::ApiClient& client) {
    std::string sql;
    client.d1("00000000-0000-4000-8000-000000000000").export_to(cf::sink_to([&](std::string_view bytes) {
      sql += bytes;
    }));
    return sql;
  };
  CHECK(dump(over(std::make_shared<RecordingTransport>(file.path, s.fake))) == "SELECT 1;");
  CHECK(s.fake->requests().at(1).url == "https://r2.example/f.sql?X-Amz-Signature=hunter2&x=1");
  CHECK_FALSE(holds(file.text(), "hunter2"));
  CHECK(holds(file.text(), "https://r2.example/f.sql"));
  const auto replay = std::make_shared<ReplayTransport>(file.path);
  CHECK(dump(over(replay)) == "SELECT 1;");
  CHECK(replay->problems().empty());
}

TEST_CASE("a recording holds no credential, whatever the server sends back, and no cookie") {
  const Recording file;
  const Scripted s({{.status = 400,
                     .body = R"({"errors":[{"message":"bad token hunter2-token"}],"success":false})",
                     .headers = {{"Set-Cookie", "a=hunter2"}, {"CF-RAY", "ray"}, {"X-Echo", "hunter2-token!"}}},
                    {.body = "hunter2-key hunter2@example.com"}});
  const auto recorder = std::make_shared<RecordingTransport>(file.path, s.fake);
  CHECK_FALSE(over(recorder).checked().request("GET", "/x"));
  const cf::ApiClient legacy(cf::EmailKey("hunter2@example.com", "hunter2-key"),
                             {.account_id = "acc", .transport = recorder});
  CHECK(legacy.request_raw("POST", "/y", "hunter2@example.com").body == "hunter2-key hunter2@example.com");
  CHECK(file.text() ==
        R"({"method":"GET","path":"/client/v4/x","status":400,"headers":[["CF-RAY","ray"],["X-Echo","[redacted]!"]],)"
        R"("reply":"{\"errors\":[{\"message\":\"bad token [redacted]\"}],\"success\":false}"})"
        "\n"
        R"({"method":"POST","path":"/client/v4/y","request":"[redacted]","status":200,"headers":[],)"
        R"("reply":"[redacted] [redacted]"})"
        "\n");
  const cf::ApiClient again(cf::EmailKey("hunter2@example.com", "hunter2-key"),
                            {.account_id = "acc", .transport = std::make_shared<ReplayTransport>(file.path)});
  CHECK(again.request_raw("POST", "/y", "hunter2@example.com").body == "[redacted] [redacted]");
}

TEST_CASE("failures are recorded and replayed, with what they mean for a repetition") {
  const Recording file;
  const Scripted s({cut(), no_connection()});
  const auto recorder = std::make_shared<RecordingTransport>(file.path, s.fake);
  const auto outcomes = [](const cf::ApiClient& client) {
    std::string all;
    for (const char* path : {"/a", "/b"}) {
      const auto error = error_of([&] { client.request("POST", path); });
      all += std::string(to_string(error.kind())) + (error.outcome_unknown() ? "?" : "") + error.details().text + ";";
    }
    return all;
  };
  const std::string recorded = outcomes(over(recorder));
  CHECK(recorded == "transport?the connection was cut;transportno connection;");
  CHECK(outcomes(over(std::make_shared<ReplayTransport>(file.path))) == recorded);
}

TEST_CASE("the same request twice gets the replies in their order, and a request too many is refused") {
  const Recording file;
  file.write(R"({"method":"GET","path":"/client/v4/x","status":200,"headers":[],"reply":"one"})"
             "\n"
             R"({"method":"GET","path":"/client/v4/x","status":200,"headers":[],"reply":"two"})"
             "\n");
  const auto replay = std::make_shared<ReplayTransport>(file.path);
  const auto client = over(replay);
  CHECK(client.request_raw("GET", "/x").body == "one");
  CHECK(holds(replay->problems(), "1 exchanges of the recording were never used"));
  CHECK(client.request_raw("GET", "/x").body == "two");
  CHECK(replay->problems().empty());
  const auto error = error_of([&] { client.request_raw("GET", "/x"); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK(holds(error.what(), "was used already"));
  CHECK(holds(replay->problems(), "no exchange of the recording answers GET /client/v4/x"));
}

TEST_CASE("a request that matches nothing names the nearest exchange and where it differs") {
  const Recording file;
  file.write(
      R"({"method":"GET","path":"/client/v4/zones?page=1","status":200,"headers":[],"reply":"1"})"
      "\n"
      R"({"method":"POST","path":"/client/v4/zones","request":"hunter2 a","status":200,"headers":[],"reply":"2"})"
      "\n");
  const auto refusal = [&](const char* method, const char* path, const char* body) {
    const auto error =
        error_of([&] { over(std::make_shared<ReplayTransport>(file.path)).request_raw(method, path, body); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK_FALSE(error.outcome_unknown());
    CHECK_FALSE(holds(error.what(), "hunter2"));
    return std::string(error.what());
  };
  CHECK(holds(refusal("GET", "/zones?page=2", ""),
              "line 1, has the path /client/v4/zones?page=1, which differs from character 22 on"));
  CHECK(holds(refusal("POST", "/zones", "hunter2 bb"),
              "line 2, has a body of 9 bytes instead of 10, which differs from byte 8 on"));
  CHECK(holds(refusal("PUT", "/zones", "hunter2 a"), "line 2, is POST /client/v4/zones"));
  file.write("");
  CHECK(holds(refusal("GET", "/zones", ""), "it is empty"));
}

TEST_CASE("a file that is no recording is refused with its line") {
  const Recording file;
  const auto refusal = [&](std::string_view lines) {
    file.write(lines);
    const auto error = error_of([&] { ReplayTransport replay(file.path); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    return std::string(error.what());
  };
  const std::string good = R"({"method":"GET","path":"/x","status":200,"headers":[],"reply":""})"
                           "\n";
  for (const char* bad : {"", "[]", "{", R"({"method":"GET","path":"/x"})", R"({"path":"/x","status":200})",
                          R"({"method":"GET","path":"/x","status":200,"reply_base64":"*"})",
                          R"({"method":"GET","path":"/x","failure":{"kind":"none"}})",
                          R"({"method":"GET","path":"/x","status":"200"})"}) {
    INFO(bad);
    CHECK(holds(refusal(good + bad + "\n"), "line 2"));
  }
  fs::remove(file.path);
  CHECK(error_of([&] { ReplayTransport replay(file.path); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { RecordingTransport recording(file.path + "/x"); }).kind() == ErrorKind::invalid_argument);
}
