// Any bytes as a reply on a real connection, to requests of every form, through libcurl and the transfer's own checks.

#include <cloudflare/http/transport.hpp>
#include <cloudflare/kv.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <thread>

#include "fuzz.hpp"

namespace {

namespace cf = cloudflare;

/// Answers each connection on a loopback port with the same bytes, and closes it or leaves that to the client.
class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    fuzz::require(::bind(listener_, at, size) == 0 && ::listen(listener_, 16) == 0, "loopback has a free port");
    ::getsockname(listener_, at, &size);
    port_ = ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();  // ends with the process
  }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  void answer_with(std::string bytes, bool stays_open = false) {
    const std::lock_guard lock(mutex_);
    bytes_ = std::move(bytes);
    stays_open_ = stays_open;
  }

 private:
  void serve() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      std::string request(4096, '\0');
      std::size_t size = 0;
      while (size < request.size() && request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::recv(connection, request.data() + size, request.size() - size, 0);
        if (n <= 0 || request.front() == '\x16') break;  // gone, or the beginning of TLS
        size += static_cast<std::size_t>(n);
      }
      const auto [bytes, stays_open] = [&] {
        const std::lock_guard lock(mutex_);
        return std::pair(bytes_, stays_open_);
      }();
      (void)::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      // What is left unread would reset the connection, and the reply with it.
      while (::recv(connection, request.data(), request.size(), stays_open ? 0 : MSG_DONTWAIT) > 0) {
      }
      ::close(connection);
    }
  }

  int listener_;
  int port_ = 0;
  std::mutex mutex_{};
  std::string bytes_{};
  bool stays_open_ = false;
};

cf::Body body_of(std::size_t form) {
  static const std::string text = "the body of a request";
  if (form == 0) return {};
  if (form == 1) return text;
  const auto read = [form, at = std::make_shared<std::size_t>(0)](std::span<char> to) {
    if (form == 7) throw std::domain_error("the source threw");
    const std::size_t n = std::min(to.size(), text.size() - *at);
    std::copy_n(text.data() + *at, n, to.data());
    *at += n;
    return n;
  };
  const auto size = form == 2 ? std::nullopt : std::optional<std::uint64_t>(text.size() + form - 3);  // or a wrong one
  return cf::Body::callback(read, nullptr, size);
}

// A request of any form by the transport itself. It answers, or it throws an Error.
void send_any(fuzz::Input& in, Server& server) {
  static const auto transport = cf::make_curl_transport();
  static constexpr std::array methods{"GET", "HEAD", "POST", "PUT", "DELETE"};
  static constexpr std::array<std::uint64_t, 4> sizes{0, 40, 4096, 1 << 20};
  cf::HttpRequest request;
  request.method = methods[in.below(methods.size())];
  request.body = body_of(in.below(8));
  const std::size_t form = in.byte();
  const bool stays_open = (form & 1U) != 0, throws = (form & 2U) != 0;
  request.measured = (form & 4U) != 0;
  request.resendable = (form & 8U) == 0;
  request.reply_expected = sizes[form >> 4U & 3U];
  request.reply_limit = (form & 0x40U) != 0 ? 40 : 1 << 20;
  std::string taken;
  if ((form & 0x80U) != 0)
    request.sink = cf::sink_to([&](std::string_view bytes) {
      if (throws) throw std::bad_alloc();
      taken += bytes;
    });
  static constexpr std::array urls{"http://127.0.0.1:", "http://127.0.0.1:", "https://127.0.0.1:", "nothing://"};
  request.url = urls[in.below(urls.size())] + server.port();
  const std::string bytes = in.rest();
  server.answer_with(bytes, stays_open);
  const auto limit = std::chrono::milliseconds(stays_open ? 20 : 2'000);
  fuzz::succeeds([&] {
    try {
      const auto reply = transport->send(request, {.connect_timeout = limit, .stall_timeout = limit});
      fuzz::require(reply.status >= 100 && reply.status <= 999, "a reply has a status", bytes);
      fuzz::require(reply.body.size() <= std::max(request.reply_limit, request.reply_expected), "the cap holds", bytes);
      const bool sunk = request.sink && reply.status >= 200 && reply.status < 300;
      fuzz::require(sunk ? reply.body.empty() : taken.empty(), "a sink takes the whole of a success alone", bytes);
    } catch (const std::bad_alloc&) {
      fuzz::require(throws, "an exception is the caller's", bytes);
    } catch (const std::domain_error&) {
      fuzz::require(request.body.source() != nullptr, "an exception is the caller's", bytes);
    }
  });
}

}  // namespace

FUZZ_TARGET(http_bytes) {
  static Server& server = *new Server();
  static const cf::KvNamespace kv = [] {
    cf::ClientOptions options;
    options.account_id = "acc";
    options.base_url = "http://127.0.0.1:" + server.port();
    options.max_attempts = 1;
    options.reply_limit = 1 << 20;
    options.timeout = std::chrono::seconds(5);
    return cf::ApiClient(cf::ApiToken("token"), options).kv("ns");
  }();
  const std::size_t choice = in.byte();
  if ((choice & 0x80U) != 0) return send_any(in, server);
  const std::string text = in.rest();
  server.answer_with((choice & 1U) != 0 ? "HTTP/1.1 200 OK\r\n" + text : text);
  const bool value = (choice & 2U) != 0;
  const auto got = [&] { return value ? kv.checked().get("k").has_value() : kv.checked().list_page().has_value(); }();
  if (got)
    fuzz::require(text.find("\r\n") != std::string::npos || text.find('\n') != std::string::npos, "a reply has a head",
                  text);
}
