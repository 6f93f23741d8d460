// The fault server itself: what the other tests of this folder take as evidence is checked here with a bare socket.

#include "support/fault_server.hpp"
#include "support/catch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

using namespace support;
using namespace std::literals;

namespace {

class Client {
 public:
  explicit Client(unsigned port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Client& send(std::string_view text) {
    REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    return *this;
  }
  std::string read(std::size_t most) {
    std::string out;
    std::array<char, 4096> part;
    while (out.size() < most) {
      const ssize_t n = ::recv(fd_, part.data(), std::min(part.size(), most - out.size()), 0);
      if (n <= 0) break;
      out.append(part.data(), static_cast<std::size_t>(n));
    }
    return out;
  }
  std::string read_to_end() { return read(never); }

 private:
  int fd_;
};

}  // namespace

TEST_CASE("the fault server records requests byte for byte, over one connection or several") {
  FaultServer server;
  server.on_request([](const Recorded&) { return Answer{.body = "yes"}; });
  {
    Client client(server.port());
    client.send("PUT /a/%2e/..?q=1 HTTP/1.1\r\nHost: x\r\nB: 1\r\na: 2\r\nb:3\r\nContent-Length: 4\r\n\r\n\0\r\n\xff"s);
    CHECK(client.read(render({.body = "yes"}).size()) == render({.body = "yes"}));
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n");
    CHECK(client.read(render({.body = "yes"}).size()) == render({.body = "yes"}));
  }
  Client(server.port()).send("GET / HTTP/1.1\r\n\r\n").read(1);

  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].method == "PUT");
  CHECK(seen[0].target == "/a/%2e/..?q=1");
  CHECK(seen[0].headers == Headers{{"Host", "x"}, {"B", "1"}, {"a", "2"}, {"b", "3"}, {"Content-Length", "4"}});
  CHECK(seen[0].count("B") == 2);
  CHECK(seen[0].header("A") == "2");
  CHECK(seen[0].body == "\0\r\n\xff"s);
  CHECK(seen[1].body == "abcd");
  CHECK(seen[1].complete);
  CHECK(std::array{seen[0].connection, seen[0].nth, seen[1].connection, seen[1].nth, seen[2].connection, seen[2].nth} ==
        std::array{1u, 1u, 1u, 2u, 2u, 1u});
  CHECK(server.connections() == 2);
}

TEST_CASE("the fault server cuts a reply at exactly the byte it is told") {
  for (const Framing framing : {Framing::length, Framing::chunked, Framing::bad_chunked, Framing::until_close}) {
    Answer answer{.headers = {{"CF-RAY", "1"}}, .body = "0123456789", .framing = framing, .chunk_size = 4};
    const std::string whole = render(answer);
    answer.close_after = true;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      FaultServer server;
      answer.stop_at = cut;
      server.script({answer});
      CHECK(Client(server.port()).send("GET / HTTP/1.1\r\n\r\n").read_to_end() == whole.substr(0, cut));
    }
  }
}

TEST_CASE("the fault server's framings are what their names say") {
  CHECK(render({.body = "abc"}).ends_with("\r\nContent-Length: 3\r\n\r\nabc"));
  CHECK(render({.body = "abc", .declared_length = 9}).ends_with("\r\nContent-Length: 9\r\n\r\nabc"));
  CHECK(render({.body = "abcde", .framing = Framing::chunked, .chunk_size = 3})
            .ends_with("\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  CHECK(render({.body = "abc", .framing = Framing::bad_chunked}).ends_with("3\r\nabc\r\nxyz\r\nbroken\r\n"));
  CHECK(render({.status = 204}) == "HTTP/1.1 204 Scripted\r\n\r\n");
  CHECK(gzip("abc").starts_with("\x1f\x8b"));
}

TEST_CASE("the fault server stalls for a time or until it ends, and drips") {
  const auto elapsed = [start = std::chrono::steady_clock::now()] { return std::chrono::steady_clock::now() - start; };
  FaultServer server;
  server.script({{.body = "ok", .stop_at = 20, .stop = Stop::stall, .stall_for = 30ms, .close_after = true},
                 {.raw = "12345", .drip = 5ms, .close_after = true}});
  CHECK(Client(server.port()).send("GET / HTTP/1.1\r\n\r\n").read_to_end() == render({.body = "ok"}));
  CHECK(elapsed() >= 30ms);
  CHECK(Client(server.port()).send("GET / HTTP/1.1\r\n\r\n").read_to_end() == "12345");
  CHECK(elapsed() >= 30ms + 5 * 5ms);

  auto ending = std::make_unique<FaultServer>();
  ending->script({{.body = "ok", .stop_at = 20, .stop = Stop::stall}});
  Client client(ending->port());
  CHECK(client.send("GET / HTTP/1.1\r\n\r\n").read(20).size() == 20);
  ending.reset();  // wakes the stalled thread
  CHECK(client.read_to_end().empty());
}

TEST_CASE("the fault server can refuse a connection, drop a request, answer before the body, and answer Expect") {
  FaultServer server;
  server.on_connect([](unsigned number) { return number != 1; });
  server.on_head([](const Recorded& r) -> std::optional<Answer> {
    if (r.target == "/early") return Answer{.status = 413, .drain = true};
    return std::nullopt;
  });
  server.script({{.stop_at = 0}, {.body = "ok", .close_after = true}});
  CHECK(Client(server.port()).read_to_end().empty());
  CHECK(Client(server.port()).send("GET /dropped HTTP/1.1\r\n\r\n").read_to_end().empty());
  CHECK(Client(server.port()).send("PUT /early HTTP/1.1\r\nContent-Length: 99\r\n\r\nx").read(3 + 9) == "HTTP/1.1 413");
  Client expecting(server.port());
  expecting.send("PUT /late HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(expecting.read(25) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(expecting.send("ok").read_to_end() == render({.body = "ok"}));

  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  CHECK_FALSE(seen[1].complete);
  CHECK(seen[2].body == "ok");
}
