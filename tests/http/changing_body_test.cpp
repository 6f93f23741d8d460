// Bodies that are not as long as they said: files that change while they are sent, callbacks that miscount.

#include <cloudflare/testing/fake_transport.hpp>

#include <filesystem>
#include <fstream>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/nginx.hpp"
#include "support/process.hpp"

using namespace http_test;
using support::Nginx;

namespace {

constexpr const char* smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/// A body of `size` bytes that gives `given` instead.
struct Miscounted {
  std::string name;
  std::string text;  ///< What the error must say.
  std::function<cf::Body(std::size_t size, const std::string& given)> body;
};

class UsersSource final : public cf::Source {
 public:
  UsersSource(std::size_t size, std::string given) : size_(size), given_(std::move(given)) {}
  std::size_t read(std::span<char> to) override {
    const std::size_t n = given_.copy(to.data(), to.size(), at_);
    at_ += n;
    return n;
  }
  bool rewind() override {
    at_ = 0;
    return true;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::size_t size_;
  std::string given_;
  std::size_t at_ = 0;
};

std::vector<Miscounted> miscounted(const support::TemporaryFolder& folder) {
  return {{"a file", "changed while it was sent",
           [&folder](std::size_t size, const std::string& given) {
             support::write_file(folder.file("f"), std::string(size, 'f'));
             cf::Body body = cf::Body::file(folder.file("f"));
             std::ofstream(folder.file("f"), std::ios::trunc) << given;
             return body;
           }},
          {"a callback", "bytes than its size",
           [](std::size_t size, const std::string& given) {
             const auto source = std::make_shared<UsersSource>(size, given);
             return cf::Body::callback([source](std::span<char> to) { return source->read(to); },
                                       [source] { (void)source->rewind(); }, size);
           }},
          {"a source of the user", "bytes than its size", [](std::size_t size, const std::string& given) {
             return cf::Body(std::make_shared<UsersSource>(size, given));
           }}};
}

/// Uploads `body` and checks that `server` took no part of it for a request or a value.
void check_refused(const FaultServer& server, const cf::KvNamespace& kv, const cf::Body& body, const std::string& text,
                   bool framed) {
  const std::size_t before = server.requests().size();
  const auto begin = std::chrono::steady_clock::now();
  const auto error = error_of([&] { framed ? kv.put("k", body, {.metadata = {{"a", 1}}}) : kv.put("k", body); });
  INFO(error.what());
  CHECK(since(begin) < 10s);  // no stall, whose limit is 15 s
  CHECK(error.kind() == cf::ErrorKind::callback);
  CHECK(error.details().text.find(text) != std::string::npos);
  CHECK(error.operation() == "kv.put");
  CHECK(error.attempts() == 1);
  CHECK(kv.get("after") == "value of /client/v4/accounts/acc/storage/kv/namespaces/ns/values/after");
  const auto seen = server.requests();
  for (std::size_t i = before; i < seen.size(); ++i) {
    CHECK(seen[i].target != "/smuggled");
    CHECK((seen[i].method == "GET" || !seen[i].complete));
  }
}

void answer_reads_and_writes(FaultServer& server) {
  server.on_request(
      [](const Recorded& r) { return r.method == "PUT" ? success("null") : reply(200, "value of " + r.target); });
}

}  // namespace

TEST_CASE("a body that is longer or shorter than its size is an error at once, and no byte is taken for a request") {
  const support::TemporaryFolder folder;
  for (const Miscounted& kind : miscounted(folder))
    for (const bool framed : {false, true})
      for (const std::size_t size : {100UL, 65'536UL, 300'000UL})
        for (const std::string& given :
             {std::string(size, 'x') + smuggled, std::string(size, 'x') + 'y', std::string(size - 1, 'x'), ""s}) {
          INFO(kind.name << (framed ? " with metadata " : " ") << size << ' ' << given.size());
          FaultServer server;
          answer_reads_and_writes(server);
          check_refused(server, client_of(server).kv("ns"), kind.body(size, given), kind.text, framed);
        }
}

TEST_CASE("a body that says it is empty and gives bytes is an error too") {
  const support::TemporaryFolder folder;
  for (const Miscounted& kind : miscounted(folder))
    for (const bool framed : {false, true}) {
      INFO(kind.name << (framed ? " with metadata " : " "));
      FaultServer server;
      answer_reads_and_writes(server);
      const auto kv = client_of(server).kv("ns");
      CHECK_NOTHROW(framed ? kv.put("k", kind.body(0, ""), {.metadata = {{"a", 1}}}) : kv.put("k", kind.body(0, "")));
      check_refused(server, kv, kind.body(0, smuggled), kind.text, framed);
    }
}

TEST_CASE("a body that is longer or shorter than its size is an error over HTTP/2 too, and the connection serves on") {
  const support::TemporaryFolder folder;
  FaultServer upstream;
  answer_reads_and_writes(upstream);
  Nginx nginx({.upstream = upstream.origin()});
  cf::ClientOptions options = fast(nginx.url());
  options.ca_file = nginx.ca_file();
  const auto kv = cf::ApiClient(cf::ApiToken(token), options).kv("ns");
  for (const Miscounted& kind : miscounted(folder))
    for (const bool framed : {false, true})
      for (const std::string& given : {std::string(300'000, 'x') + smuggled, std::string(299'999, 'x')}) {
        INFO(kind.name << (framed ? " with metadata " : " ") << given.size());
        check_refused(upstream, kv, kind.body(300'000, given), kind.text, framed);
      }
  for (const auto& one : nginx.stop()) CHECK(one.protocol == "HTTP/2.0");
}

TEST_CASE("a file that changes between two attempts is an error of the second") {
  const support::TemporaryFolder folder;
  for (const std::size_t size : {5000UL, 3000UL, 0UL}) {
    support::write_file(folder.file("f"), std::string(4000, 'f'));
    FaultServer server;
    server.on_request([&](const Recorded&) {
      std::filesystem::resize_file(folder.file("f"), size);
      return failure(503, 10001, "later");
    });
    const auto error = error_of([&] { client_of(server).kv("ns").put("k", cf::Body::file(folder.file("f"))); });
    CHECK(error.kind() == cf::ErrorKind::callback);
    CHECK(error.details().text.find("changed while it was sent") != std::string::npos);
    CHECK(error.outcome_unknown());
    CHECK(error.attempts() == 2);
    const auto seen = server.requests();
    for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i].complete == (i == 0));
  }
}

TEST_CASE("a transport that reads a whole body at once gets an error too if the body is not as long as its size") {
  const support::TemporaryFolder folder;
  for (const Miscounted& kind : miscounted(folder))
    for (const std::string& given : {std::string(101, 'x'), std::string(99, 'x')}) {
      const auto fake = std::make_shared<cf::testing::FakeTransport>();
      fake->reply({.body = R"({"success":true,"errors":[],"messages":[],"result":null})"});
      const cf::ApiClient client(cf::ApiToken(token), {.account_id = "acc", .transport = fake, .clock = fake->clock()});
      const auto error = error_of([&] { client.kv("ns").put("k", kind.body(100, given)); });
      INFO(kind.name << ' ' << given.size());
      CHECK(error.kind() == cf::ErrorKind::callback);
      CHECK(error.details().text.find(kind.text) != std::string::npos);
    }
}

TEST_CASE("a callback that says it gave more than there was room for is an error") {
  FaultServer server;
  answer_reads_and_writes(server);
  for (const std::size_t lie : {std::size_t{1} << 20, std::size_t{0x10000000}, std::size_t{0x10000001}}) {
    const auto body = cf::Body::callback([=](std::span<char>) { return lie; });
    const auto error = error_of([&] { client_of(server).kv("ns").put("k", body); });
    CHECK(error.kind() == cf::ErrorKind::callback);
    CHECK_THROWS_AS(body.read_all(), cf::Error);
  }
}
