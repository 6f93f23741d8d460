#pragma once

// Flows: an operation tells the loop as data what to do next. No I/O, no clock, no thread here.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloudflare/http/transport.hpp>
#include <cloudflare/options.hpp>
#include <cloudflare/result.hpp>

namespace cloudflare::detail {

class ClientCore;
class OpenClient;

/// What an operation may use of its client to build requests: account, limits and clock. It cannot send.
struct RequestContext {
  std::shared_ptr<const ClientOptions> options{};
  CallOptions call{};
  bool edgebase = false;  ///< Encode requests for EdgeBase instead of v4.
};

/// The state of a handle. It keeps its client open.
struct Context : RequestContext {
  std::shared_ptr<OpenClient> client{};
};

/// The state of an asynchronous operation. It keeps the client's memory, but does not keep the client open.
struct AsyncContext : RequestContext {
  std::shared_ptr<ClientCore> core{};
};

/// When a request may be sent again.
enum class Repeat : std::uint8_t { read, idempotent, once };
/// How a reply is judged: by the v4 envelope, by the HTTP status alone, or by the bare `{code, message}` of EdgeBase;
/// `rows` is the envelope too, but on success the decoder may get the whole text instead of `result`; `open` is the
/// envelope if the reply is one, else any body; with `any` every status is a success.
enum class Form : std::uint8_t { envelope, raw, bare, rows, open, any };

struct ReplyRules;

/// A row of a product's table of endpoints.
struct Endpoint {
  std::string_view name{};
  std::string_view method{};
  std::string_view path{};  ///< Relative to the base URL; `{}` stands for an argument.
  Repeat repeat = Repeat::once;
  Form form = Form::envelope;
  const ReplyRules* rules = nullptr;  ///< The product's own rules for replies; may be null.
};

/// A request on its way to the loop, which adds base URL, credential and limits.
struct Request {
  const Endpoint* endpoint = nullptr;
  HttpRequest http{};  ///< `url` is a path under the base URL, or absolute if not `authenticated`.
  Repeat repeat = Repeat::once;
  bool authenticated = true;
  /// The flow will halve this request: a cut connection, 413 or 524 is reported at once instead of repeated.
  bool divisible = false;
  /// The request belongs to a bulk job: it leaves a share of the rate budget to other calls, and throttling is reported
  /// at once because the flow pauses as a whole.
  bool paced = false;
};

/// A reply that the server called a success.
struct Reply {
  HttpResponse http{};
  std::size_t result_begin = 0;
  std::size_t result_size = 0;
  std::size_t info_begin = 0;
  std::size_t info_size = 0;
  int attempts = 0;
  const Endpoint* endpoint = nullptr;  ///< The endpoint that answered; null for a part of another reply.

  /// Text of the envelope's `result`, or of a bare reply; empty if it is absent.
  [[nodiscard]] std::string_view result() const {
    return std::string_view(http.body).substr(result_begin, result_size);
  }
  /// Text of the envelope's `result_info`; empty if it is absent.
  [[nodiscard]] std::string_view info() const { return std::string_view(http.body).substr(info_begin, info_size); }
};

/// Adds operation, status, ray id and attempts to a decoder's error. A write may have been executed if its reply cannot
/// be read, or if this was not the first attempt.
[[nodiscard]] CLOUDFLARE_API Error undecodable(const Error& error, const Request& sent, const Reply& reply);

/// Names the operation in an error of what is done with a reply after it was decoded, unless the error names one.
[[nodiscard]] CLOUDFLARE_API Error in_operation(const Error& error, const Request& sent);

/// Takes a flow's requests and wake-ups.
class Outbox {
 public:
  virtual void send(unsigned tag, Request&& request) = 0;
  virtual void wake_after(std::chrono::milliseconds pause) = 0;
  /// Wakes the flow when the requests sent so far are on their way.
  virtual void yield() = 0;
  /// A function that wakes the flow from any thread, for what no reply tells. It does nothing once the flow has ended.
  [[nodiscard]] virtual std::function<void()> waker() = 0;
  /// The request that the current reply answers; a flow may move its body out.
  [[nodiscard]] virtual Request& sent() = 0;
  /// Seconds since the epoch by the client's clock.
  [[nodiscard]] virtual std::chrono::sys_seconds wall() const = 0;
  [[nodiscard]] virtual TimePoint now() const = 0;
  /// How many requests the rate budget allows at once; nullopt without a budget.
  [[nodiscard]] virtual std::optional<std::size_t> budget_left() const = 0;

 protected:
  ~Outbox() = default;
};

/// An operation of one or many requests.
class Flow {
 public:
  virtual ~Flow() = default;
  virtual void begin(Outbox& out) = 0;
  virtual void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) = 0;
  virtual void on_wake(Outbox&) {}
  [[nodiscard]] virtual bool finished() const noexcept = 0;
  /// The error that a finished flow ended with; null for a success.
  [[nodiscard]] virtual const Error* ended_by() const noexcept = 0;
  /// Deadline, stop token or shutdown: ends the flow; a result that is already there stays.
  virtual void abort(Error error) = 0;
  /// Whether the client's timeout bounds the whole flow; a flow without a bound has the stall limit only.
  [[nodiscard]] virtual bool bounded() const noexcept { return true; }
};

template <class T>
class FlowOf : public Flow {
 public:
  using value_type = T;
  [[nodiscard]] bool finished() const noexcept final { return result_.has_value(); }
  [[nodiscard]] const Error* ended_by() const noexcept final {
    return result_ && !*result_ ? &result_->error() : nullptr;
  }
  void abort(Error error) override { finish(std::move(error)); }
  [[nodiscard]] Result<T> take() { return std::move(*result_); }

 protected:
  void finish(Result<T>&& result) {
    if (!result_) result_.emplace(std::move(result));
  }

 private:
  std::optional<Result<T>> result_{};
};

/// A flow whose class is private to its source file.
template <class T>
using FlowPtr = std::unique_ptr<FlowOf<T>>;

template <class F>
F& flow_in(F& flow) noexcept {
  return flow;
}
template <class T>
FlowOf<T>& flow_in(FlowPtr<T>& flow) noexcept {
  return *flow;
}

/// Nearly every operation: one request and one decoder. Arguments are already encoded, so nothing can dangle.
template <class T>
class Call final : public FlowOf<T> {
 public:
  using Decode = std::function<Result<T>(Reply&&)>;
  /// Turns an error that is a normal outcome into a value, or returns the error.
  using Recover = Result<T> (*)(Error&&);

  /// If `request` is an error, it was refused before sending and the call is finished.
  Call(Result<Request>&& request, Decode decode, Recover recover = nullptr)
      : request_(request ? std::move(*request) : Request()), decode_(std::move(decode)), recover_(recover) {
    if (!request) this->finish(request.error());
  }
  /// Refused before any request.
  explicit Call(Error refused) { this->finish(std::move(refused)); }

  /// The same call with a last step on its value. Exceptions of the step reach the caller.
  template <class Step>
  [[nodiscard]] Call then(Step step) && {
    decode_ = [decode = std::move(decode_), step = std::move(step)](Reply&& reply) {
      Result<T> value = decode(std::move(reply));
      if (value) step(*value);
      return value;
    };
    return std::move(*this);
  }

  /// The same call with its request under this tag, for a flow of several calls.
  [[nodiscard]] Call tagged(unsigned tag) && {
    tag_ = tag;
    return std::move(*this);
  }
  [[nodiscard]] unsigned tag() const noexcept { return tag_; }

  void begin(Outbox& out) override { out.send(tag_, std::move(request_)); }
  void on_reply(unsigned, Result<Reply>&& reply, Outbox& out) override {
    if (reply) {
      Result<T> value = decode_(static_cast<Reply&&>(*reply));  // moves at most the body out
      if (!value) return this->finish(undecodable(value.error(), out.sent(), *reply));
      return this->finish(std::move(value));
    }
    this->finish(recover_ ? recover_(Error(reply.error())) : Result<T>(reply.error()));
  }

 private:
  Request request_{};
  Decode decode_{};
  Recover recover_ = nullptr;
  unsigned tag_ = 0;
};

/// A flow whose result is passed through a function at the end.
template <class Inner, class Then>
class Mapped final : public FlowOf<typename std::invoke_result_t<Then, typename Inner::value_type>::value_type> {
 public:
  Mapped(Inner inner, Then then) : inner_(std::move(inner)), then_(std::move(then)) { settle(); }

  void begin(Outbox& out) override {
    inner_.begin(out);
    settle();
  }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    inner_.on_reply(tag, std::move(reply), out);
    settle(&out);
  }
  void on_wake(Outbox& out) override {
    inner_.on_wake(out);
    settle();
  }
  void abort(Error error) override {
    inner_.abort(std::move(error));
    settle();
  }
  [[nodiscard]] bool bounded() const noexcept override { return inner_.bounded(); }

 private:
  void settle(Outbox* out = nullptr) {
    if (!inner_.finished() || this->finished()) return;
    auto result = [this] {
      try {
        return inner_.take().and_then(then_);
      } catch (...) {
        return decltype(inner_.take().and_then(then_))(thrown_by_caller());
      }
    }();
    if (!result && out != nullptr) return this->finish(in_operation(result.error(), out->sent()));
    this->finish(std::move(result));
  }

  Inner inner_;
  Then then_;
};

/// Runs a flow on the calling thread until it is finished.
CLOUDFLARE_API void drive(const Context& context, Flow& flow);

}  // namespace cloudflare::detail
