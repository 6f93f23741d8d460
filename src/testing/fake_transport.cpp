#include <cloudflare/testing/fake_transport.hpp>

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "base/saturating.hpp"

namespace cloudflare::testing {

namespace {

// A reply as the library expects it from a transport: bytes of a success go to the sink.
Result<HttpResponse> delivered(const HttpRequest& request, FakeReply reply) {
  if (reply.failure) return *reply.failure;
  HttpResponse response{.status = reply.status, .headers = std::move(reply.headers), .body = std::move(reply.body)};
  if (response.body.size() > request.reply_limit)
    return Error(ErrorDetails{
        .kind = ErrorKind::too_large, .text = "the reply is larger than the cap", .delivery = Delivery::unknown});
  if (!request.sink || reply.status < 200 || reply.status >= 300) return response;
  try {
    request.sink->write(response.body);
  } catch (...) {
    return Error(
        ErrorDetails{.kind = ErrorKind::callback, .text = "the sink threw", .cause = std::current_exception()});
  }
  response.body.clear();
  return response;
}

}  // namespace

FakeReply ok(std::string_view result_json, std::string_view result_info_json) {
  FakeReply reply;
  reply.body = R"({"success":true,"errors":[],"messages":[],"result":)" + std::string(result_json);
  if (!result_info_json.empty()) reply.body += R"(,"result_info":)" + std::string(result_info_json);
  reply.body += "}";
  return reply;
}

FakeReply refused(int status, int code, std::string_view message) {
  return {.status = status,
          .body = R"({"success":false,"errors":[{"code":)" + std::to_string(code) + R"(,"message":")" +
                  std::string(message) + R"("}],"messages":[],"result":null})"};
}

FakeReply no_connection() {
  return {.failure = Error(
              ErrorDetails{.kind = ErrorKind::transport, .text = "no connection", .delivery = Delivery::not_sent})};
}

FakeReply cut() {
  return {.failure = Error(ErrorDetails{
              .kind = ErrorKind::transport, .text = "the connection was cut", .delivery = Delivery::unknown})};
}

std::string SentRequest::header(std::string_view name) const {
  const std::string* value = find_header(headers, name);
  return value != nullptr ? *value : std::string();
}

// Replies arrive in the order of their times, by the transport's clock. Waiting goes by the client's clock, which
// usually is the same, and moves it.
class FakeTransport::FakeChannel final : public Channel {
 public:
  FakeChannel(FakeTransport& transport, Clock& clock) : transport_(transport), clock_(clock) {}
  ~FakeChannel() override {
    for (std::size_t left = due_.size(); left != 0; --left) leave();
  }

  void start(unsigned ticket, std::shared_ptr<const HttpRequest> request, const TransferLimits&) override {
    FakeReply reply = transport_.next(*request);
    const Clock::time_point at = detail::saturating_add(transport_.clock_->now(), reply.after);
    due_.emplace(at, Due{ticket, std::move(request), std::move(reply)});
    const std::lock_guard lock(transport_.mutex_);
    transport_.most_in_flight_ = std::max(transport_.most_in_flight_, ++transport_.in_flight_);
  }
  void abandon(unsigned ticket) override {
    if (std::erase_if(due_, [ticket](const auto& entry) { return entry.second.ticket == ticket; }) != 0) leave();
  }
  std::optional<Completion> wait(Clock::time_point until) override {
    const bool woken = [&] {
      const std::lock_guard lock(mutex_);
      return std::exchange(woken_, false);
    }();
    if (woken) return std::nullopt;
    if (due_.empty() || due_.begin()->first > until) {
      std::unique_lock lock(mutex_);
      clock_.wait(lock, signal_, until, [this] { return woken_; });
      woken_ = false;
      return std::nullopt;
    }
    const Clock::time_point at = due_.begin()->first;
    Due due = std::move(due_.extract(due_.begin()).mapped());
    transport_.clock_->advance_to(at);
    leave();
    return Completion{due.ticket, delivered(*due.request, std::move(due.reply))};
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    signal_.notify_all();
  }

 private:
  struct Due {
    unsigned ticket;
    std::shared_ptr<const HttpRequest> request;
    FakeReply reply;
  };
  void leave() {
    const std::lock_guard lock(transport_.mutex_);
    --transport_.in_flight_;
  }

  FakeTransport& transport_;
  Clock& clock_;
  std::multimap<Clock::time_point, Due> due_{};
  std::mutex mutex_{};
  std::condition_variable signal_{};
  bool woken_ = false;
};

FakeTransport::FakeTransport(std::shared_ptr<FakeClock> clock) : clock_(std::move(clock)) {}

FakeTransport& FakeTransport::reply(FakeReply reply) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(reply));
  return *this;
}

void FakeTransport::answer_with(std::function<FakeReply(const SentRequest&)> answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::make_shared<std::function<FakeReply(const SentRequest&)>>(std::move(answer));
}

std::vector<SentRequest> FakeTransport::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t FakeTransport::most_in_flight() const {
  const std::lock_guard lock(mutex_);
  return most_in_flight_;
}

std::string FakeTransport::problems() const {
  const std::lock_guard lock(mutex_);
  std::string text = unexpected_;
  if (used_ < script_.size()) text += std::to_string(script_.size() - used_) + " scripted replies were never used; ";
  return text;
}

FakeReply FakeTransport::next(const HttpRequest& request) {
  SentRequest sent{
      .method = request.method, .url = request.url, .headers = request.headers, .body = request.body.read_all()};
  sent.at = clock_->now();
  std::shared_ptr<std::function<FakeReply(const SentRequest&)>> answer;  // called without the lock; shared, not copied
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(sent);
    if (used_ < script_.size()) return script_[used_++];
    answer = answer_;
    if (!answer) unexpected_ += "unexpected request: " + sent.method + ' ' + sent.url + "; ";
  }
  if (answer) return (*answer)(sent);
  return {.failure = Error(ErrorKind::invalid_argument, "the fake transport has no reply for this request")};
}

HttpResponse FakeTransport::send(const HttpRequest& request, const TransferLimits&) {
  FakeReply reply = next(request);
  clock_->advance(reply.after);
  return delivered(request, std::move(reply)).value();
}

std::unique_ptr<Channel> FakeTransport::open(Clock& clock) { return std::make_unique<FakeChannel>(*this, clock); }

}  // namespace cloudflare::testing
