#pragma once

// A TCP proxy on loopback that spoils connections: it cuts them at any byte, holds bytes back so that requests overtake
// each other, and opens further connections that send a part of a request and end.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace chaos {

/// A file descriptor that is closed with its owner.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// False if the peer is gone.
  [[nodiscard]] bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
};

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline Socket connect_to(int port) {
  Socket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  const int yes = 1;
  ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Socket();
  return made;
}

struct ProxyCounts {
  std::atomic<std::uint64_t> connections{0}, pieces{0}, cuts{0}, delays{0}, duplicates{0};
};

class Proxy {
 public:
  /// `share`: of the pieces that pass are spoiled.
  Proxy(int server, std::uint64_t seed, double share) : server_(server), seed_(seed), share_(share) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), at, size) != 0 || ::listen(listener_.get(), 128) != 0)
      throw std::runtime_error("the proxy has no port");
    ::getsockname(listener_.get(), at, &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~Proxy() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& each : relays_) each.join();
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] const ProxyCounts& counts() const noexcept { return counts_; }

 private:
  void accept() {
    while (!stopping_) {
      pollfd wait{listener_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 50) <= 0) continue;
      Socket client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const std::uint64_t number = ++counts_.connections;
      relays_.emplace_back([this, number, client = std::move(client)] { relay(client, number); });
    }
  }

  void relay(const Socket& client, std::uint64_t number) {
    std::mt19937_64 random(seed_ * 1'000'003 + number);
    const Socket server = connect_to(server_);
    if (server.get() < 0) return;
    std::array<char, 16'384> room;  // NOLINT(*-member-init)
    while (!stopping_) {
      std::array<pollfd, 2> wait{pollfd{client.get(), POLLIN, 0}, pollfd{server.get(), POLLIN, 0}};
      if (::poll(wait.data(), 2, 50) < 0) return;
      for (std::size_t side = 0; side < 2; ++side) {
        if ((wait[side].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
        const ssize_t n = ::recv(wait[side].fd, room.data(), room.size(), 0);
        if (n <= 0) return;
        const std::string_view piece(room.data(), static_cast<std::size_t>(n));
        if (!pass(piece, side == 0 ? server : client, side == 0, random)) return;
      }
    }
  }

  // False if the connection is to be cut.
  bool pass(std::string_view piece, const Socket& to, bool to_server, std::mt19937_64& random) {
    ++counts_.pieces;
    const bool spoiled = std::uniform_real_distribution<>(0, 1)(random) < share_;
    switch (spoiled ? random() % 3 : 3) {
      case 0:
        ++counts_.cuts;
        (void)to.send(piece.substr(0, random() % (piece.size() + 1)));
        return false;
      case 1:
        ++counts_.delays;
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
        break;
      case 2:
        if (!to_server) break;
        ++counts_.duplicates;
        // All but the last byte, so that it is no whole request.
        (void)connect_to(server_).send(piece.substr(0, piece.size() - 1));
        break;
      default: break;
    }
    return to.send(piece);
  }

  int server_;
  std::uint64_t seed_;
  double share_;
  Socket listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  ProxyCounts counts_{};
  std::list<std::thread> relays_{};  // touched by the acceptor alone, until it has ended
  std::thread acceptor_{};
};

}  // namespace chaos
