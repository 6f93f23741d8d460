// Any bytes as a reply on a real connection, through libcurl and the transfer's own checks.

#include <cloudflare/kv.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "fuzz.hpp"

namespace {

namespace cf = cloudflare;

/// Answers each connection on a loopback port with the same bytes, and closes it.
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
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void answer_with(std::string bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ = std::move(bytes);
  }

 private:
  void serve() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      std::string request(4096, '\0');
      std::size_t size = 0;
      while (size < request.size() && request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::recv(connection, request.data() + size, request.size() - size, 0);
        if (n <= 0) break;
        size += static_cast<std::size_t>(n);
      }
      const std::string bytes = [&] {
        const std::lock_guard lock(mutex_);
        return bytes_;
      }();
      (void)::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(connection);
    }
  }

  int listener_;
  int port_ = 0;
  std::mutex mutex_{};
  std::string bytes_{};
};

}  // namespace

FUZZ_TARGET(http_bytes) {
  static Server& server = *new Server();
  static const cf::KvNamespace kv = [] {
    cf::ClientOptions options;
    options.account_id = "acc";
    options.base_url = server.url();
    options.max_attempts = 1;
    options.reply_limit = 1 << 20;
    options.timeout = std::chrono::seconds(5);
    return cf::ApiClient(cf::ApiToken("token"), options).kv("ns");
  }();
  const std::size_t choice = in.byte();
  const std::string text = in.rest();
  server.answer_with((choice & 1U) != 0 ? "HTTP/1.1 200 OK\r\n" + text : text);
  const bool value = (choice & 2U) != 0;
  const auto got = [&] { return value ? kv.checked().get("k").has_value() : kv.checked().list_page().has_value(); }();
  if (got)
    fuzz::require(text.find("\r\n") != std::string::npos || text.find('\n') != std::string::npos, "a reply has a head",
                  text);
}
