#include <cloudflare/testing/recording.hpp>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <utility>

#include "base/files.hpp"
#include "testing/exchange_line.hpp"

namespace cloudflare::testing {

namespace {

// Hands the body of a success to the sink that waits for it.
HttpResponse delivered(const HttpRequest& request, HttpResponse reply) {
  if (!request.sink || reply.status < 200 || reply.status >= 300) return reply;
  try {
    request.sink->write(reply.body);
  } catch (...) {
    throw Error(ErrorDetails{.kind = ErrorKind::callback, .text = "the sink threw", .cause = std::current_exception()});
  }
  reply.body.clear();
  return reply;
}

// How much two texts have in common at their beginning.
std::size_t common_begin(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

struct RecordingTransport::Tape {
  std::mutex mutex{};
  std::ofstream file{};
};

RecordingTransport::RecordingTransport(const std::string& path, std::shared_ptr<Transport> inner)
    : inner_(inner ? std::move(inner) : make_curl_transport()), tape_(std::make_unique<Tape>()) {
  tape_->file.open(detail::files::path_of(path), std::ios::binary | std::ios::trunc);
  if (!tape_->file) throw invalid_argument("the recording \"" + path + "\" cannot be written");
}
RecordingTransport::~RecordingTransport() = default;

HttpResponse RecordingTransport::send(const HttpRequest& request, const TransferLimits& limits) {
  // Source and sink are used once, so bytes in memory take their place.
  HttpRequest passed = request;
  if (request.body.source()) passed.body = Body(request.body.read_all());
  passed.sink = nullptr;
  RecordedExchange exchange{.request = key_of(passed)};
  std::optional<Error> failure;
  HttpResponse reply;
  try {
    reply = inner_->send(passed, limits);
  } catch (const Error& error) {
    failure = error;
  }
  exchange.reply = reply;
  exchange.failure = failure;
  scrub(exchange, secrets_of(request));
  {
    const std::lock_guard lock(tape_->mutex);
    tape_->file << line_of(exchange) << '\n' << std::flush;
    if (!tape_->file)
      throw Error(ErrorDetails{
          .kind = ErrorKind::callback, .text = "the recording cannot be written", .delivery = Delivery::unknown});
  }
  if (failure) throw Error(*failure);
  return delivered(request, std::move(reply));
}

struct ReplayTransport::Tape {
  struct Take {
    RecordedExchange exchange{};
    bool used = false;
  };
  mutable std::mutex mutex{};
  std::vector<Take> takes{};
  std::string unmatched{};

  [[nodiscard]] std::string nearest(const RequestKey& asked) const;
};

ReplayTransport::ReplayTransport(const std::string& path) : tape_(std::make_unique<Tape>()) {
  std::ifstream file(detail::files::path_of(path), std::ios::binary);
  if (!file) throw invalid_argument("the recording \"" + path + "\" cannot be read");
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      tape_->takes.push_back({exchange_of(std::move(line))});
    } catch (const Error& error) {
      throw invalid_argument("line " + std::to_string(number) + " of the recording \"" + path +
                             "\" is not an exchange: " + error.details().text);
    }
  }
}
ReplayTransport::~ReplayTransport() = default;

// Unused exchanges first; then the same path, then the same method, then the longest beginning of the path in common.
std::string ReplayTransport::Tape::nearest(const RequestKey& asked) const {
  const auto rank = [&](const Take& take) {
    const RequestKey& key = take.exchange.request;
    return std::tuple(key.path == asked.path && key.method == asked.method, key.path == asked.path,
                      key.method == asked.method, common_begin(key.path, asked.path), !take.used);
  };
  const auto best =
      std::max_element(takes.begin(), takes.end(), [&](const Take& a, const Take& b) { return rank(a) < rank(b); });
  if (best == takes.end()) return "; it is empty";
  const RequestKey& key = best->exchange.request;
  const std::string at = "; the nearest exchange, line " + std::to_string(best - takes.begin() + 1) + ", ";
  if (key.method != asked.method) return at + "is " + key.method + " " + key.path;
  if (key.path != asked.path)
    return at + "has the path " + key.path + ", which differs from character " +
           std::to_string(common_begin(key.path, asked.path)) + " on";
  if (key.body != asked.body)
    return at + "has a body of " + std::to_string(key.body.size()) + " bytes instead of " +
           std::to_string(asked.body.size()) + ", which differs from byte " +
           std::to_string(common_begin(key.body, asked.body)) + " on";
  return at + "was used already";
}

HttpResponse ReplayTransport::send(const HttpRequest& request, const TransferLimits&) {
  const RequestKey asked = key_of(request);
  const auto matches = [&](const Tape::Take& take) {
    const RequestKey& key = take.exchange.request;
    return !take.used && key.method == asked.method && key.path == asked.path && key.body == asked.body;
  };
  RecordedExchange exchange;
  {
    const std::lock_guard lock(tape_->mutex);
    const auto take = std::find_if(tape_->takes.begin(), tape_->takes.end(), matches);
    if (take == tape_->takes.end()) {
      const std::string text = "no exchange of the recording answers " + asked.method + " " + asked.path;
      tape_->unmatched += text + "; ";
      throw Error(ErrorDetails{
          .kind = ErrorKind::invalid_argument, .text = text + tape_->nearest(asked), .delivery = Delivery::not_sent});
    }
    take->used = true;
    exchange = take->exchange;
  }
  if (exchange.failure) throw Error(*exchange.failure);
  return delivered(request, std::move(exchange.reply));
}

std::string ReplayTransport::problems() const {
  const std::lock_guard lock(tape_->mutex);
  std::string text = tape_->unmatched;
  const auto unused =
      std::count_if(tape_->takes.begin(), tape_->takes.end(), [](const auto& take) { return !take.used; });
  if (unused != 0) text += std::to_string(unused) + " exchanges of the recording were never used; ";
  return text;
}

}  // namespace cloudflare::testing
