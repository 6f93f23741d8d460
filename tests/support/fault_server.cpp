#include "fault_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace support {

namespace {

constexpr std::size_t max_connections = 128;

template <class Integer>
std::optional<Integer> number(std::string_view text, int base = 10) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

sockaddr_in loopback(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

/// A socket with what was read ahead from it.
struct FaultServer::Connection {
  int fd = -1;
  unsigned number = 0;
  unsigned served = 0;
  std::size_t readable = never;  // bytes of the request that are still to be read
  bool drain = false;            // before closing
  bool finished = false;         // guarded by FaultServer::mutex_
  std::string buffer{};
  std::thread thread{};

  bool fill() {
    std::array<char, 65536> bytes;
    const std::size_t most = std::min(bytes.size(), readable);
    const ssize_t n = most != 0 ? ::recv(fd, bytes.data(), most, 0) : 0;
    if (n <= 0) return false;
    readable -= static_cast<std::size_t>(n);
    buffer.append(bytes.data(), static_cast<std::size_t>(n));
    return true;
  }

  std::optional<std::string> until(std::string_view mark) {
    std::size_t from = 0, at = std::string::npos;
    while ((at = buffer.find(mark, from)) == std::string::npos) {
      from = buffer.size() < mark.size() ? 0 : buffer.size() - mark.size();
      if (!fill()) return std::nullopt;
    }
    std::string text = buffer.substr(0, at);
    buffer.erase(0, at + mark.size());
    return text;
  }

  template <class Sink>
  bool exactly(std::uint64_t size, Sink sink) {
    while (size > 0) {
      if (buffer.empty() && !fill()) return false;
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
      sink(std::string_view(buffer).substr(0, part));
      buffer.erase(0, part);
      size -= part;
    }
    return true;
  }
};

FaultServer::FaultServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 128) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("FaultServer: cannot listen on loopback");
  port_ = ntohs(address.sin_port);
  on_request_ = [](const Recorded&) { return Answer{.status = 500, .body = "fault server: no behaviour was set"}; };
  acceptor_ = std::thread([this] { accept_loop(); });
}

FaultServer::~FaultServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const Connection& c : connections_)
      if (!c.finished) ::shutdown(c.fd, SHUT_RDWR);
  }
  changed_.notify_all();
  acceptor_.join();
  reap(true);
  ::close(listener_);
}

std::string FaultServer::origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
std::string FaultServer::url() const { return origin() + "/client/v4"; }

void FaultServer::on_request(std::function<Answer(const Recorded&)> f) {
  const std::lock_guard lock(behaviour_);
  on_request_ = std::move(f);
}

void FaultServer::script(std::vector<Answer> answers) {
  on_request([answers = std::move(answers), next = std::size_t{0}](const Recorded&) mutable {
    if (next < answers.size()) return answers[next++];
    return Answer{.status = 500, .body = "fault server: the script has no further answer"};
  });
}

void FaultServer::on_head(std::function<std::optional<Answer>(const Recorded&)> f) {
  const std::lock_guard lock(behaviour_);
  on_head_ = std::move(f);
}

void FaultServer::on_connect(std::function<bool(unsigned)> f) {
  const std::lock_guard lock(behaviour_);
  on_connect_ = std::move(f);
}

void FaultServer::on_begin(std::function<std::size_t()> f) {
  const std::lock_guard lock(behaviour_);
  on_begin_ = std::move(f);
}

std::vector<Recorded> FaultServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

unsigned FaultServer::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

std::uint64_t FaultServer::bytes_sent() const { return bytes_sent_; }

bool FaultServer::wait_for_requests(std::size_t n, std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  const auto whole = [&] {
    return std::count_if(requests_.begin(), requests_.end(), [](const Recorded& r) { return r.complete; });
  };
  return changed_.wait_for(lock, limit, [&] { return stopping_ || whole() >= static_cast<std::ptrdiff_t>(n); });
}

bool FaultServer::wait_for_silence(std::chrono::milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] {
    return std::all_of(connections_.begin(), connections_.end(), [](const Connection& c) { return c.finished; });
  });
}

void FaultServer::accept_loop() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;  // each byte of a dripping reply leaves at once
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    reap(false);
    unsigned number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++accepted_;
    }
    changed_.notify_all();
    bool welcome = true;
    {
      const std::lock_guard lock(behaviour_);
      welcome = !on_connect_ || on_connect_(number);
    }
    const std::lock_guard lock(mutex_);
    if (stopping_ || !welcome || connections_.size() >= max_connections) {
      ::close(fd);
      continue;
    }
    Connection& c = connections_.emplace_back();
    c.fd = fd;
    c.number = number;
    c.thread = std::thread([this, &c] { serve(c); });
  }
}

void FaultServer::reap(bool all) {
  std::list<Connection> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto c = connections_.begin(); c != connections_.end();) {
      const auto next = std::next(c);
      if (all || c->finished) ended.splice(ended.end(), connections_, c);
      c = next;
    }
  }
  for (Connection& c : ended) c.thread.join();
}

void FaultServer::serve(Connection& c) {
  while (!stopping_ && serve_one(c)) {
  }
  if (c.drain) {
    ::shutdown(c.fd, SHUT_WR);
    while (c.fill()) c.buffer.clear();
  }
  {
    // Closed under the lock: the destructor must not shut down a descriptor that by then belongs to another socket.
    const std::lock_guard lock(mutex_);
    ::close(c.fd);
    c.finished = true;
  }
  changed_.notify_all();
}

/// Waits for a request, and asks how much of it is to be read; false ends the connection.
bool FaultServer::begin(Connection& c) {
  c.readable = never;
  char first = 0;
  if (c.buffer.empty() && ::recv(c.fd, &first, 1, MSG_PEEK) <= 0) return false;
  const std::lock_guard lock(behaviour_);
  if (on_begin_) c.readable = on_begin_();
  return true;
}

/// Reads one request and answers it; false ends the connection.
bool FaultServer::serve_one(Connection& c) {
  if (!begin(c)) return false;
  const auto text = c.until("\r\n\r\n");
  if (!text) return false;

  Recorded request;
  request.connection = c.number;
  request.nth = ++c.served;
  std::string_view rest = *text;
  const auto line = [&rest] {
    const std::size_t end = rest.find("\r\n");
    const std::string_view one = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return one;
  };
  const std::string_view start = line();
  const std::size_t first = start.find(' '), last = start.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  request.method = start.substr(0, first);
  request.target = start.substr(first + 1, last - first - 1);
  while (!rest.empty()) {
    const std::string_view one = line();
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos) return false;
    std::string_view value = one.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    request.headers.emplace_back(one.substr(0, colon), value);
  }

  std::size_t index = 0;
  {
    const std::lock_guard lock(mutex_);
    index = requests_.size();
    requests_.push_back(request);
  }
  if (tunnels_ && request.method == "CONNECT") return tunnel(c, request.target);

  std::optional<Answer> answer;
  {
    const std::lock_guard lock(behaviour_);
    if (on_head_) answer = on_head_(request);
  }
  const bool early = answer.has_value();
  if (!early) {
    if (!read_body(c, request, index)) return false;
    const std::lock_guard lock(behaviour_);
    answer = on_request_(request);
  }
  c.drain = answer->drain;
  return deliver(c, *answer, request.method) && !early;
}

bool FaultServer::read_body(Connection& c, Recorded& request, std::size_t index) {
  if (continue_100_ && same_name(request.header("Expect"), "100-continue") &&
      !send_all(c, "HTTP/1.1 100 Continue\r\n\r\n"))
    return false;

  const auto take = [&](std::string_view part) {
    request.body_size += part.size();
    if (keep_bodies_) request.body.append(part);
  };
  const auto chunks = [&] {
    for (;;) {
      const auto line = c.until("\r\n");
      const auto size =
          line ? number<std::uint64_t>(std::string_view(*line).substr(0, line->find(';')), 16) : std::nullopt;
      if (!size || !c.exactly(*size, take) || c.until("\r\n") != "") return false;
      if (*size == 0) return true;
    }
  };
  request.complete = same_name(request.header("Transfer-Encoding"), "chunked")
                         ? chunks()
                         : c.exactly(number<std::uint64_t>(request.header("Content-Length")).value_or(0), take);
  {
    const std::lock_guard lock(mutex_);
    requests_[index] = request;
  }
  changed_.notify_all();
  return request.complete;
}

/// Sends the answer as it says; false ends the connection.
bool FaultServer::deliver(Connection& c, const Answer& answer, std::string_view method) {
  if (!wait_for_requests(answer.hold_for)) return false;
  const std::string bytes = render(answer, method);
  const std::string_view whole = bytes, sent = whole.substr(0, answer.stop_at);
  const auto send = [&](std::string_view part) {
    if (answer.drip.count() == 0) return send_all(c, part);
    return std::all_of(part.begin(), part.end(), [&](const char& byte) {
      return send_all(c, {&byte, 1}) && pause(answer.drip);
    });
  };
  if (!send(sent)) return false;
  if (answer.stop_at < whole.size()) {
    if (answer.stop == Stop::reset) {
      const linger now{1, 0};
      ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    if (answer.stop != Stop::stall || !pause(answer.stall_for)) return false;
    if (!send(whole.substr(sent.size()))) return false;
  }
  if (answer.endless) {
    const std::string again = framed_body(answer);
    while (!stopping_ && !again.empty() && send(again)) {
    }
    return false;
  }
  return !answer.close_after && answer.framing != Framing::until_close;
}

/// Joins the client with the port it asked for until either side hangs up.
bool FaultServer::tunnel(Connection& c, const std::string& target) {
  const auto port = number<unsigned>(std::string_view(target).substr(target.rfind(':') + 1));
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port.value_or(0));
  if (other >= 0 && ::connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send_all(c, "HTTP/1.1 200 Connected\r\n\r\n")) {
    const auto pump = [](int from, int to) {
      std::array<char, 65536> bytes;
      const ssize_t n = ::recv(from, bytes.data(), bytes.size(), 0);
      return n > 0 && ::send(to, bytes.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
    };
    std::array<pollfd, 2> ends{pollfd{c.fd, POLLIN, 0}, pollfd{other, POLLIN, 0}};
    while (::poll(ends.data(), ends.size(), -1) > 0) {
      if (ends[0].revents != 0 && !pump(c.fd, other)) break;
      if (ends[1].revents != 0 && !pump(other, c.fd)) break;
    }
  }
  if (other >= 0) ::close(other);
  return false;
}

bool FaultServer::pause(std::optional<std::chrono::milliseconds> time) {
  std::unique_lock lock(mutex_);
  const auto ending = [this] { return stopping_.load(); };
  if (time) return !changed_.wait_for(lock, *time, ending);
  changed_.wait(lock, ending);
  return false;
}

bool FaultServer::send_all(Connection& c, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(c.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes_sent_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace support
