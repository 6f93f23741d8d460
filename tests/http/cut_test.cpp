// Replies cut at each byte: what arrives is whole, or the call fails.

#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

namespace {

/// Without the connection of the request before: libcurl 8.22 looks at most once a second whether one still stands.
cf::ApiClient fresh_client(const FaultServer& server) {
  return client_of(server, [](cf::ClientOptions& o) { o.max_attempts = 1; });
}

void cut_at_each_byte(const OperationClass& operation, Framing framing, Stop stop) {
  Answer answer = operation.good;
  answer.framing = framing;
  answer.chunk_size = 7;
  answer.close_after = true;
  answer.stop = stop;
  const std::size_t size = support::render(answer).size();
  FaultServer server;
  server.on_request([answer, next = std::size_t{0}](const Recorded&) mutable {
    Answer now = answer;
    now.stop_at = next++;
    return now;
  });
  for (std::size_t cut = 0; cut < size; ++cut) {
    INFO(operation.name << ", cut after byte " << cut << " of " << size);
    try {
      const std::string value = operation.run(fresh_client(server));
      // All that is missing is the line feed behind the last chunk.
      CHECK((framing == Framing::chunked && cut == size - 1 && value == operation.value));
    } catch (const cf::Error& error) {
      CHECK(error.kind() == cf::ErrorKind::transport);
      CHECK(error.attempts() == 1);
    }
    CHECK(server.requests().size() == cut + 1);
  }
  CHECK(operation.run(fresh_client(server)) == operation.value);
}

}  // namespace

TEST_CASE("a reply cut at any byte of headers or body is an error, never a short value") {
  for (const OperationClass& operation : operation_classes())
    for (const Framing framing : {Framing::length, Framing::chunked}) cut_at_each_byte(operation, framing, Stop::close);
}

TEST_CASE("a reply reset at any byte is an error, never a short value") {
  cut_at_each_byte(operation_classes().front(), Framing::length, Stop::reset);
  cut_at_each_byte(operation_classes().front(), Framing::chunked, Stop::reset);
}

TEST_CASE("an envelope that ends with its connection is an error when it is cut at any byte") {
  for (const OperationClass& operation : operation_classes()) {
    if (operation.good.headers.front().second != "application/json") continue;
    Answer answer = operation.good;
    answer.framing = Framing::until_close;
    const std::size_t size = support::render(answer).size();
    FaultServer server;
    server.on_request([answer, next = std::size_t{0}](const Recorded&) mutable {
      Answer now = answer;
      now.stop_at = next++;
      return now;
    });
    for (std::size_t cut = 0; cut < size; ++cut) {
      INFO(operation.name << ", cut after byte " << cut << " of " << size);
      const auto kind = error_of([&] { operation.run(fresh_client(server)); }).kind();
      CHECK((kind == cf::ErrorKind::transport || kind == cf::ErrorKind::decode));
    }
    CHECK(operation.run(fresh_client(server)) == operation.value);
  }
}

TEST_CASE("bytes behind the end of a reply are never taken for the reply to the next request") {
  FaultServer server;
  Answer smuggled = reply(200, "first" + support::render(reply(200, "smuggled")));
  smuggled.declared_length = 5;
  server.script({smuggled, reply(200, "second"), reply(200, "third")});
  const cf::KvNamespace kv = client_of(server).kv("ns");
  CHECK(kv.get("a") == "first");
  CHECK(kv.get("b") == "second");
  CHECK(kv.get("c") == "third");
}

TEST_CASE("a first header that is folded is noticed behind a status line in small letters, too") {
  FaultServer server;
  const Answer good{.raw = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nvalue"};
  const auto odd = [](const std::string& before) {
    return Answer{.raw = before + "hTTP/1.1 200 a: b\r\n\t:\r\nContent-Length: 5\r\n\r\nvalue"};
  };
  for (const char* before : {"", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    server.script({good, odd(before), good});
    const cf::KvNamespace kv = client_of(server, [](cf::ClientOptions& o) { o.max_attempts = 1; }).kv("ns");
    CHECK(kv.get("a") == "value");
    CHECK(kv.checked().get("b").error().kind() == cf::ErrorKind::transport);
    CHECK(kv.get("c") == "value");
  }
}

TEST_CASE("a reply whose first header is folded is read without the headers of the reply before it") {
  FaultServer server;
  const auto raw = [](const std::string& head) {
    return Answer{.raw = "HTTP/1.1 200 OK\r\n" + head + "Content-Length: 5\r\n\r\nvalue"};
  };
  server.script({raw(""), raw(" a: folded\r\n"), raw("\ta: folded\r\n"), raw("")});
  const cf::KvNamespace kv = client_of(server, [](cf::ClientOptions& o) { o.max_attempts = 1; }).kv("ns");
  CHECK(kv.get("a") == "value");
  // libcurl from 8.1.1 on takes the line for a header; before that the reply is refused.
  for (int i = 0; i < 2; ++i) {
    const auto read = kv.checked().get("b");
    if (!read) CHECK(read.error().kind() == cf::ErrorKind::transport);
  }
  CHECK(kv.get("c") == "value");
}

TEST_CASE("a body that begins with a blank is whole, after interim replies and a first header of any length") {
  const std::string final = "HTTP/1.1 200 OK\r\nX: " + std::string(16'384 - 3, 'x') + " y\r\n folded\r\n";
  const std::string body = "Content-Length: 6\r\n\r\n\t body";
  FaultServer server;
  server.script({Answer{.raw = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + final + body},
                 Answer{.raw = "HTTP/1.1 100 Continue\r\n\r\n" + final + body}, Answer{.raw = final + body}});
  const cf::KvNamespace kv = client_of(server).kv("ns");
  for (int i = 0; i < 3; ++i) CHECK(kv.get("k") == "\t body");
}
