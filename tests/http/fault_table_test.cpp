// The written table: every class of operation against every fault, over the real transport. docs/faults.md holds the
// same table.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <iostream>
#include <sstream>

#include "http/faults.hpp"
#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

namespace {

constexpr int attempts = 3;
constexpr unsigned always = 1'000'000;
constexpr auto deadline = 20s;

/// A port of loopback that nobody listens on, held so that nobody else can.
class DeadPort {
 public:
  DeadPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address_), size) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size) != 0)
      throw std::runtime_error("no port on loopback");
  }
  ~DeadPort() { ::close(fd_); }
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

 private:
  int fd_;
  sockaddr_in address_{};
};

/// Runs one operation against a server that shows the fault to the first `faulty` requests, and gives the outcome in
/// the words of the table.
std::string outcome(const Fault& fault, const OperationClass& operation, unsigned faulty) {
  const DeadPort dead;
  const bool closes = fault.where == Where::connection || fault.where == Where::handshake;
  unsigned requests = 0;
  FaultServer server;
  server.on_connect([&](unsigned number) { return !closes || number > faulty; });
  server.on_request([&](const Recorded&) {
    return ++requests <= faulty && fault.where == Where::reply ? fault.make(operation.good) : operation.good;
  });
  cf::ClientOptions options = fast(server.url());
  options.timeout = deadline;
  options.max_attempts = attempts;
  options.reply_limit = 100'000;
  if (fault.stalls) options.stall_timeout = 800ms;
  if (fault.where == Where::nobody) options.base_url = dead.url();
  if (fault.where == Where::handshake) options.base_url.replace(0, 4, "https");
  const cf::ApiClient client(cf::ApiToken(token), options);

  const auto start = std::chrono::steady_clock::now();
  std::ostringstream text;
  // The server sees each attempt as a request, or as a connection if it read no request.
  const auto attempts_seen = [&]() -> std::size_t {
    return fault.where == Where::nobody ? 0 : closes ? server.connections() : server.requests().size();
  };
  try {
    const std::string value = operation.run(client);
    const Answer bad = fault.make(operation.good);
    const bool body =
        value == bad.body.substr(0, static_cast<std::size_t>(bad.declared_length.value_or(support::never)));
    text << (value == operation.value ? "value" : body ? "body" : "wrong value: " + value);
    if (const auto seen = attempts_seen(); seen != 1) text << " x" << seen;
  } catch (const cf::Error& error) {
    text << cf::to_string(error.kind()) << " x" << error.attempts() << (error.outcome_unknown() ? " ?" : "");
    const auto seen = attempts_seen();
    if (fault.where != Where::nobody && seen != static_cast<std::size_t>(error.attempts()))
      text << " but the server saw " << seen;
  }
  if (since(start) > deadline / 2) text << " too late";
  return text.str();
}

/// The expected outcome of a fault that goes away after the first attempt.
std::string after_recovery(const std::string& cell) {
  const std::string repeated = " x" + std::to_string(attempts);
  return cell.find(repeated) == std::string::npos ? cell : "value x2";
}

std::vector<std::string> outcomes(const Fault& fault, unsigned faulty) {
  const auto operations = operation_classes();
  std::vector<std::future<std::string>> running;
  for (const OperationClass& operation : operations)
    running.push_back(
        std::async(std::launch::async, [&fault, &operation, faulty] { return outcome(fault, operation, faulty); }));
  std::vector<std::string> cells;
  for (auto& one : running) cells.push_back(one.get());
  return cells;
}

std::string table() {
  std::string text = "| fault |", rule = "|---|";
  for (const OperationClass& operation : operation_classes()) {
    text += " " + operation.name + " |";
    rule += "---|";
  }
  text += "\n" + rule + "\n";
  for (const Fault& fault : faults()) {
    text += "| " + std::string(fault.name) + " |";
    for (const char* cell : fault.expected) text += " " + std::string(cell) + " |";
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("every operation class meets every fault with the outcome of the written table, in time") {
  const auto operations = operation_classes();
  for (const Fault& fault : faults()) {
    const auto cells = outcomes(fault, always);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      INFO(fault.name << ", " << operations[i].name);
      if (fault.expected[i] != "-"s) CHECK(cells[i] == fault.expected[i]);
    }
  }
}

TEST_CASE("a fault that goes away after the first attempt does no harm exactly where the table says that we repeat") {
  const auto operations = operation_classes();
  for (const Fault& fault : faults()) {
    if (fault.where == Where::nobody || fault.where == Where::handshake) continue;
    const auto cells = outcomes(fault, 1);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      INFO(fault.name << ", " << operations[i].name);
      if (fault.expected[i] != "-"s) CHECK(cells[i] == after_recovery(fault.expected[i]));
    }
  }
}

TEST_CASE("docs/faults.md holds the table that is tested") {
  const std::string page = support::read_file(CLOUDFLARE_SOURCE_DIR "/docs/faults.md");
  const bool same = page.find(table()) != std::string::npos;
  if (!same) std::cerr << "the table that is tested:\n" << table();
  CHECK(same);
}
