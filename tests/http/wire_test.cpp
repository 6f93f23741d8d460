// What travels: requests as the server sees them.

#include <cloudflare/clock.hpp>
#include <cloudflare/tracer.hpp>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace http_test;

namespace {

const std::string values = "/client/v4/accounts/acc/storage/kv/namespaces/ns/values/";

Recorded only(const FaultServer& server) {
  const auto seen = server.requests();
  REQUIRE(seen.size() == 1);
  return seen.front();
}

Recorded put(std::string_view value, const cf::kv::PutOptions& options = cf::kv::PutOptions()) {
  FaultServer server;
  server.on_request([](const Recorded&) { return success("null"); });
  client_of(server).kv("ns").put("k", value, options);
  return only(server);
}

/// A multipart body taken apart into headers and content of each part by the letter of RFC 2046; a test failure where
/// it is not one.
std::vector<std::pair<std::string, std::string>> parts_of(const Recorded& r) {
  const std::string type = r.header("Content-Type");
  REQUIRE(type.starts_with("multipart/form-data; boundary="));
  std::string boundary = type.substr(type.find('=') + 1);
  if (boundary.starts_with('"')) boundary = boundary.substr(1, boundary.size() - 2);
  std::vector<std::pair<std::string, std::string>> parts;
  std::string_view rest = r.body;
  const std::string first = "--" + boundary + "\r\n", next = "\r\n--" + boundary;
  REQUIRE(rest.starts_with(first));
  rest.remove_prefix(first.size());
  for (;;) {
    const std::size_t blank = rest.find("\r\n\r\n"), end = rest.find(next, blank + 2);
    REQUIRE(blank != std::string_view::npos);
    REQUIRE(end != std::string_view::npos);
    parts.emplace_back(rest.substr(0, blank), rest.substr(blank + 4, end - blank - 4));
    rest.remove_prefix(end + next.size());
    if (rest == "--\r\n" || rest == "--") return parts;
    REQUIRE(rest.starts_with("\r\n"));
    rest.remove_prefix(2);
  }
}

/// The content of the one part with this name.
std::string part(const Recorded& r, const std::string& name) {
  std::vector<std::string> found;
  for (const auto& [headers, content] : parts_of(r))
    if (headers.find("name=\"" + name + '"') != std::string::npos) found.push_back(content);
  REQUIRE(found.size() == 1);
  return found.front();
}

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

}  // namespace

TEST_CASE("a put without metadata is a raw body and never multipart") {
  for (const std::string& value : {"hello"s, ""s, "\n"s, all_bytes(), R"({"a":1})"s, std::string(3 << 20, 'x')}) {
    const Recorded r = put(value);
    CHECK(r.method == "PUT");
    CHECK(r.target == values + "k");
    CHECK(r.body == value);
    CHECK(r.header("Content-Type") == "application/octet-stream");
    CHECK(r.header("Content-Length") == std::to_string(value.size()));
    CHECK(r.count("Transfer-Encoding") == 0);
    CHECK(r.count("Expect") == 0);
  }
}

TEST_CASE(
    "a put with metadata is exactly two multipart parts named value and metadata, and metadata is one JSON document") {
  for (const std::string& value : {"hello"s, ""s, "\r\n--boundary\r\n"s, all_bytes()}) {
    const Recorded r = put(value, {.metadata = {{"lang", "en"}, {"n", 1}}});
    CHECK(parts_of(r).size() == 2);
    CHECK(part(r, "value") == value);
    CHECK(nlohmann::json::parse(part(r, "metadata")) == nlohmann::json{{"lang", "en"}, {"n", 1}});
    CHECK(r.header("Content-Length") == std::to_string(r.body.size()));
  }
}

TEST_CASE("empty metadata is left out, and a put with it is a raw body") {
  CHECK(put("v", {.metadata = {}}).body == "v");
  CHECK(put("v", {.metadata = cf::JsonText()}).body == "v");
  CHECK(put("v", {.metadata = cf::Metadata()}).header("Content-Type") == "application/octet-stream");
}

TEST_CASE("a ttl and an expiration travel in the query; when both are given the ttl wins") {
  CHECK(put("v", {.ttl = 90s}).target == values + "k?expiration_ttl=90");
  const auto later = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + 1h;
  const std::string epoch = std::to_string(later.time_since_epoch().count());
  CHECK(put("v", {.expiration = later}).target == values + "k?expiration=" + epoch);
  const std::string both = put("v", {.ttl = 90s, .expiration = later}).target;
  CHECK(both.find("expiration_ttl=90") != std::string::npos);
}

TEST_CASE("a put from a file or a callback travels byte for byte, with and without metadata") {
  const support::TemporaryFolder folder;
  std::string content;
  for (int i = 0; i < 5000; ++i) content += all_bytes();
  support::write_file(folder.file("f"), content);
  FaultServer server;
  server.on_request([](const Recorded&) { return success("null"); });
  const auto kv = client_of(server).kv("ns");
  const auto callback = [&](std::optional<std::uint64_t> size) {
    auto at = std::make_shared<std::size_t>(0);
    return cf::Body::callback(
        [&content, at](std::span<char> to) {
          const std::size_t n = content.copy(to.data(), to.size(), *at);
          *at += n;
          return n;
        },
        {}, size);
  };
  kv.put("k", cf::Body::file(folder.file("f")));
  kv.put("k", callback(content.size()));
  kv.put("k", callback(std::nullopt));
  kv.put("k", cf::Body::file(folder.file("f")), {.metadata = {{"a", 1}}});
  kv.put("k", callback(std::nullopt), {.metadata = {{"a", 1}}});
  const auto seen = server.requests();
  REQUIRE(seen.size() == 5);
  for (std::size_t i = 0; i < 3; ++i) CHECK(seen[i].body == content);
  for (std::size_t i = 3; i < 5; ++i) {
    CHECK(parts_of(seen[i]).size() == 2);
    CHECK(part(seen[i], "value") == content);
    CHECK(part(seen[i], "metadata") == R"({"a":1})");
  }
  CHECK(seen[0].header("Content-Length") == std::to_string(content.size()));
  CHECK(seen[1].header("Content-Length") == std::to_string(content.size()));
  CHECK(seen[2].header("Transfer-Encoding") == "chunked");
  for (const Recorded& r : seen) CHECK(r.count("Expect") == 0);
}

TEST_CASE("a key travels percent-encoded byte by byte, once, and never climbs in the URL") {
  const std::pair<std::string, std::string> keys[] = {{"plain-._~", "plain-._~"},
                                                      {"a/b", "a%2Fb"},
                                                      {"/lead", "%2Flead"},
                                                      {"a//b", "a%2F%2Fb"},
                                                      {"a b", "a%20b"},
                                                      {"a+b", "a%2Bb"},
                                                      {"a%2Fb", "a%252Fb"},
                                                      {"a?b#c", "a%3Fb%23c"},
                                                      {"ключ", "%D0%BA%D0%BB%D1%8E%D1%87"},
                                                      {"\x1f", "%1F"},
                                                      {"..a", "..a"},
                                                      {"a/../b", "a%2F..%2Fb"},
                                                      {"...", "..."},
                                                      {"../x", "..%2Fx"},
                                                      {"\\", "%5C"},
                                                      {"a&b=c;d", "a%26b%3Dc%3Bd"},
                                                      {"\"<>^`{|}", "%22%3C%3E%5E%60%7B%7C%7D"},
                                                      {"\r\nX: 1", "%0D%0AX%3A%201"},
                                                      {"😀", "%F0%9F%98%80"},
                                                      {"\x7f", "%7F"},
                                                      {"a:b@c", "a%3Ab%40c"},
                                                      {"100%", "100%25"},
                                                      {std::string(512, '/'), ""}};
  FaultServer server;
  server.on_request([](const Recorded& r) { return r.method == "GET" ? reply(200, "v") : success("null"); });
  const auto kv = client_of(server).kv("ns");
  std::size_t n = 0;
  for (const auto& [key, encoded] : keys) {
    std::string want = encoded;
    if (key.size() == 512)
      for (std::size_t i = 0; i < key.size(); ++i) want += "%2F";
    INFO(key);
    (void)kv.get(key);
    kv.put(key, "v");
    kv.erase(key);
    const auto seen = server.requests();
    REQUIRE(seen.size() == n + 3);
    for (; n < seen.size(); ++n) CHECK(seen[n].target == values + want);
  }
}

TEST_CASE("each request of a channel goes to its own host and target, and text that is not a URL goes nowhere") {
  FaultServer a, b;
  for (FaultServer* server : {&a, &b}) server->on_request([](const Recorded& r) { return reply(200, r.target); });
  const auto channel = cf::make_curl_transport()->open(*cf::Clock::system());
  unsigned ticket = 0;
  const auto reply_of = [&](const std::string& url, const std::string& method = "GET", const std::string& body = "") {
    const cf::HttpRequest request{.method = method, .url = url, .body = cf::Body(body)};
    channel->start(++ticket, std::make_shared<const cf::HttpRequest>(request), {});
    auto done = channel->wait(cf::TimePoint::max());
    REQUIRE(done);
    REQUIRE(done->ticket == ticket);
    return std::move(done->reply);
  };
  const auto goes_to = [&](const FaultServer& server, const std::string& target, const std::string& method = "GET") {
    const std::size_t before = server.requests().size(), all = a.requests().size() + b.requests().size();
    CHECK(reply_of(server.origin() + target, method)->body == target);
    CHECK(server.requests().size() == before + 1);
    CHECK(server.requests().back().header("Host") == server.origin().substr(7));
    CHECK(a.requests().size() + b.requests().size() == all + 1);
  };
  const auto goes_nowhere = [&](const std::string& url) {
    INFO(url);
    const std::size_t all = a.requests().size() + b.requests().size();
    const auto reply = reply_of(url);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().kind() == cf::ErrorKind::invalid_argument);
    CHECK(reply.error().details().delivery == cf::Delivery::not_sent);
    CHECK(a.requests().size() + b.requests().size() == all);
  };
  goes_to(a, "/one");
  goes_to(a, "/two?x=1&y=%2F");
  goes_to(a, "/three/../%2F%2f/.");
  goes_to(b, "/one");
  goes_to(a, "/one?");
  goes_to(a, "/four", "DELETE");
  goes_to(a, "/five");
  CHECK(reply_of(a.origin(), "POST", "x"));
  CHECK(a.requests().back().body == "x");
  CHECK(a.requests().back().count("Content-Type") == 0);
  goes_to(b, "/six?x", "DELETE");
  for (const std::string& url : {""s, "/"s, "nonsense"s, "http://"s, "ftp://127.0.0.1/"s, a.origin() + "x/"s,
                                 a.origin() + "/a b"s, a.origin() + "/a\r\nX: 1"s, a.origin() + "/a\x7f"s,
                                 "http:/" + a.origin().substr(7) + "/?q=://x"s, "http:" + a.origin().substr(7)})
    goes_nowhere(url);
  goes_to(a, "/seven");
  CHECK(reply_of(a.origin() + "/eight#part")->body == "/eight");
  CHECK(reply_of(a.origin() + "?x")->body == "/?x");
  CHECK(reply_of(a.origin())->body == "/");
  goes_to(a, "/nine");
}

TEST_CASE("the keys . and .. and the empty key are refused before any request") {
  FaultServer server;
  const auto kv = client_of(server).kv("ns");
  for (const std::string& key : {"."s, ".."s, ""s, std::string(513, 'k')}) {
    CHECK(error_of([&] { (void)kv.get(key); }).kind() == cf::ErrorKind::invalid_argument);
    CHECK(error_of([&] { kv.put(key, "v"); }).kind() == cf::ErrorKind::invalid_argument);
    CHECK(error_of([&] { kv.erase(key); }).kind() == cf::ErrorKind::invalid_argument);
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("dot segments of a path given to request() are sent as they are: nothing is squashed on the way") {
  FaultServer server;
  server.on_request([](const Recorded&) { return success("null"); });
  client_of(server).request("GET", "/a/../b/./c/%2e%2e/d");
  CHECK(only(server).target == "/client/v4/a/../b/./c/%2e%2e/d");
}

TEST_CASE("the prefix of a list is encoded once and repeated, with the limit, beside each cursor") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    const bool first = r.target.find("cursor=") == std::string::npos;
    return reply(200, R"({"success":true,"errors":[],"messages":[],"result":[{"name":")" + (first ? "a"s : "b"s) +
                          R"("}],"result_info":{"count":1,"cursor":")" + (first ? "next+/=" : "") + R"("}})");
  });
  std::string names;
  for (const cf::kv::Key& key : client_of(server).kv("ns").list({.prefix = "a b%2F/é", .limit = 10})) names += key.name;
  CHECK(names == "ab");
  const auto seen = server.requests();
  REQUIRE(seen.size() == 2);
  for (const Recorded& r : seen) {
    CHECK(r.method == "GET");
    CHECK(r.target.starts_with("/client/v4/accounts/acc/storage/kv/namespaces/ns/keys?"));
    CHECK(r.target.find("prefix=a%20b%252F%2F%C3%A9") != std::string::npos);
    CHECK(r.target.find("limit=10") != std::string::npos);
  }
  CHECK(seen[1].target.find("cursor=next%2B%2F%3D") != std::string::npos);
}

TEST_CASE("bulk writes, erases and reads send a JSON body with its content type") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    return r.target.ends_with("/bulk/get") ? success(R"({"values":{"a":"1","b":null}})")
                                           : success(R"({"successful_key_count":2,"unsuccessful_keys":[]})");
  });
  const auto kv = client_of(server).kv("ns");
  const std::vector<std::string> keys = {"a", "b"};
  const std::vector<cf::kv::Entry> entries = {{.key = "a", .value = "1"},
                                              {.key = "b", .value = "\xff", .metadata = {{"m", 1}}}};
  (void)kv.put_bulk(entries);
  (void)kv.erase_bulk(keys);
  (void)kv.get_bulk(keys);
  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  const std::string base = "/client/v4/accounts/acc/storage/kv/namespaces/ns/bulk";
  CHECK(seen[0].method + seen[0].target == "PUT" + base);
  CHECK(seen[1].method + seen[1].target == "POST" + base + "/delete");
  CHECK(seen[2].method + seen[2].target == "POST" + base + "/get");
  for (const Recorded& r : seen) CHECK(r.header("Content-Type") == "application/json");
  const auto pairs = nlohmann::json::parse(seen[0].body);
  REQUIRE(pairs.is_array());
  CHECK(pairs.at(0).at("value") == "1");
  CHECK(pairs.at(1).at("value") == "/w==");
  CHECK(pairs.at(1).at("base64") == true);
  CHECK(pairs.at(1).at("metadata") == nlohmann::json{{"m", 1}});
  CHECK_FALSE(pairs.at(0).contains("metadata"));
  CHECK(nlohmann::json::parse(seen[1].body) == nlohmann::json(keys));
  CHECK(nlohmann::json::parse(seen[2].body).at("keys") == nlohmann::json(keys));
}

TEST_CASE(
    "every request names its host, one user agent and one accepted encoding, and nothing that was not asked for") {
  FaultServer server;
  server.on_request([](const Recorded&) { return reply(200, "v"); });
  (void)client_of(server).kv("ns").get("k");
  (void)client_of(server, [](cf::ClientOptions& o) { o.user_agent = "app/1"; }).kv("ns").get("k");
  const auto seen = server.requests();
  REQUIRE(seen.size() == 2);
  for (const Recorded& r : seen) {
    CHECK(r.header("Host") == server.origin().substr(7));
    CHECK(r.count("User-Agent") == 1);
    CHECK(r.count("Content-Length") + r.count("Content-Type") + r.count("Expect") + r.count("Cookie") == 0);
    CHECK(r.count("Authorization") == 1);
  }
  CHECK(seen[0].header("User-Agent").starts_with("cloudflare-cpp/"));
  CHECK(seen[1].header("User-Agent").find("app/1") != std::string::npos);
}

TEST_CASE("a tracer hears what libcurl knows: the server, bytes of the bodies, and whether the connection was reused") {
  struct Ends final : cf::Tracer {
    struct End {
      std::string server;
      int port;
      std::uint64_t sent, received;
      std::optional<bool> reused;
      bool took_time;
    };
    std::vector<End> ends{};
    void attempt_ends(const cf::AttemptTrace& a) override {
      ends.push_back({std::string(a.server_address), a.server_port, a.bytes_sent, a.bytes_received, a.connection_reused,
                      a.duration > 0ns});
    }
  };
  const auto ends = std::make_shared<Ends>();
  FaultServer server;
  server.on_request([](const Recorded& r) { return r.method == "GET" ? reply(200, "12345") : success("null"); });
  const auto client = client_of(server, [&](cf::ClientOptions& options) { options.tracers = {ends}; });
  (void)client.kv("ns").get("k");
  client.kv("ns").put("k", std::string(100'000, 'x'));
  client.kv("ns").put("k", cf::Body::callback([n = 0](std::span<char> to) mutable -> std::size_t {
                        if (n++ != 0) return 0;
                        to[0] = 'c';
                        return 1;
                      }));
  REQUIRE(ends->ends.size() == 3);
  CHECK(ends->ends[0].server == "127.0.0.1");
  CHECK(server.url().find(":" + std::to_string(ends->ends[0].port)) != std::string::npos);
  CHECK(ends->ends[0].sent == 0);
  CHECK(ends->ends[0].received == 5);
  CHECK(ends->ends[0].reused == false);
  CHECK(ends->ends[1].sent == 100'000);
  CHECK(ends->ends[1].reused == true);
  CHECK(ends->ends[2].sent >= 1);  // chunks are counted with their frames
  CHECK(ends->ends[0].took_time);

  cf::ClientOptions options = fast("http://127.0.0.1:1");
  options.tracers = {ends};
  options.max_attempts = 1;
  CHECK_FALSE(cf::ApiClient(cf::ApiToken(token), options).kv("ns").checked().get("k"));
  CHECK_FALSE(ends->ends.at(3).reused);
}

TEST_CASE("blocking calls one after another use one connection") {
  FaultServer server;
  server.on_request([](const Recorded& r) { return r.method == "GET" ? reply(200, "v") : success("null"); });
  const auto kv = client_of(server).kv("ns");
  for (int i = 0; i < 5; ++i) {
    (void)kv.get("k");
    kv.put("k", "v", {.metadata = {{"a", 1}}});
    kv.erase("k");
  }
  CHECK(server.requests().size() == 15);
  CHECK(server.connections() == 1);
}
