// A miss is a flow that waits for a flight: a read through the cache's groups on the I/O thread, which any number of
// flows may wait for. A write is a flow that tells the core when it begins and how it ended.

#include <cloudflare/kv/cache.hpp>

#include <functional>
#include <utility>

#include <cloudflare/kv/async.hpp>

#include "base/saturating.hpp"
#include "engine/client_core.hpp"
#include "kv/cache_core.hpp"
#include "kv/common.hpp"
#include "kv/handle.hpp"

namespace cloudflare::kv {

namespace {

using CorePtr = std::shared_ptr<CacheCore>;
using detail::Outbox;
using detail::Reply;

class CacheGet final : public detail::FlowOf<std::optional<std::string>> {
 public:
  CacheGet(CorePtr core, std::string_view key, const GetOptions& options)
      : core_(std::move(core)), key_(key), limit_(read_limit(core_->groups()->context(), options)) {
    if (auto error = ops::check_key(key, detail::checks_limits(core_->groups()->context()))) finish(std::move(*error));
  }

  [[nodiscard]] bool bounded() const noexcept override { return false; }
  void on_reply(unsigned, Result<Reply>&&, Outbox&) override {}

  void begin(Outbox& out) override {
    deadline_ = detail::saturating_add(out.now(), limit_);
    join(out, false);
  }
  void on_wake(Outbox& out) override {
    if (auto result = core_->result_of(flight_)) return settle(std::move(*result), out);
    if (out.now() >= deadline_) finish(read_too_late());
  }

 private:
  void join(Outbox& out, bool again) {
    const TimePoint now = out.now();
    CacheCore::Joined joined = core_->join(key_, now, deadline_, out.waker(), again);
    if (joined.at_once) return settle(std::move(*joined.at_once), out);
    flight_ = std::move(joined.flight);
    began_ = joined.begins;
    if (began_) return core_->fly(flight_, now);  // its deadline is this one's
    if (deadline_ < flight_->deadline) out.wake_after(time_left(now, deadline_));
  }

  // A flight that another caller began may end too early for this one.
  void settle(Result<SharedValue> result, Outbox& out) {
    const bool too_early = !result && result.error().kind() == ErrorKind::timeout && flight_ && !began_;
    if (too_early && out.now() < deadline_) return join(out, true);
    finish(result ? Read(result->copy()) : Read(result.error()));
  }

  CorePtr core_;
  std::string key_;
  std::chrono::milliseconds limit_;
  TimePoint deadline_{};
  CacheCore::FlightPtr flight_{};
  bool began_ = false;
};

class CacheWrite final : public detail::FlowOf<void> {
 public:
  /// After the write the key has `value`, until `lifetime` has passed since it began.
  CacheWrite(CorePtr core, std::string_view key, detail::Call<void> call, SharedValue value, bool keeps)
      : core_(std::move(core)), key_(key), call_(std::move(call)), value_(std::move(value)), keeps_(keeps) {
    if (call_.finished()) finish(call_.take());  // refused before sending
  }
  ~CacheWrite() override {
    if (begun_) core_->end_write(key_, CacheCore::Written::perhaps, SharedValue(), TimePoint());
  }
  CacheWrite(const CacheWrite&) = delete;
  CacheWrite& operator=(const CacheWrite&) = delete;

  void expire(const PutOptions& options) { options_ = options; }

  void begin(Outbox& out) override {
    core_->begin_write(key_);
    begun_ = true;
    expires_ = expiry(out);
    call_.begin(out);
    settle();
  }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    call_.on_reply(tag, std::move(reply), out);
    settle();
  }
  void abort(Error error) override {
    call_.abort(std::move(error));
    settle();
  }

 private:
  [[nodiscard]] TimePoint expiry(const Outbox& out) const {
    if (options_.ttl) return detail::saturating_add(out.now(), *options_.ttl);
    if (!options_.expiration) return TimePoint::max();
    return detail::saturating_add(out.now(), detail::saturating_difference(*options_.expiration, out.wall()));
  }

  void settle() {
    if (!call_.finished()) return;
    Result<void> result = call_.take();
    if (std::exchange(begun_, false)) core_->end_write(key_, outcome(result), std::move(value_), expires_);
    finish(std::move(result));
  }

  [[nodiscard]] CacheCore::Written outcome(const Result<void>& result) const {
    if (result) return keeps_ ? CacheCore::Written::yes : CacheCore::Written::perhaps;
    const ErrorDetails& d = result.error().details();
    const bool unknown = d.delivery == Delivery::unknown || d.outcome_unknown || d.repeated_unknown;
    return unknown ? CacheCore::Written::perhaps : CacheCore::Written::no;
  }

  CorePtr core_;
  std::string key_;
  detail::Call<void> call_;
  SharedValue value_;
  bool keeps_;
  PutOptions options_{};
  TimePoint expires_ = TimePoint::max();
  bool begun_ = false;
};

}  // namespace

struct Cache::State {
  State(const KvNamespace& kv, const CacheOptions& options)
      : context(context_of(kv)), core(std::make_shared<CacheCore>(kv, options)) {}

  [[nodiscard]] detail::FlowPtr<std::optional<std::string>> get(std::string_view key, const GetOptions& options) const {
    return std::make_unique<CacheGet>(core, key, options);
  }

  // The value is copied for the cache only if it fits.
  [[nodiscard]] detail::FlowPtr<void> put(const detail::RequestContext& request, std::string_view key,
                                          std::string value, const PutOptions& options) const {
    const bool keeps = core->fits(value);
    SharedValue kept = keeps ? SharedValue(key, value) : SharedValue();
    auto call = ops::kv_put(request, core->groups()->id(), key, Body(std::move(value)), options);
    auto write = std::make_unique<CacheWrite>(core, key, std::move(call), std::move(kept), keeps);
    write->expire(options);
    return write;
  }

  [[nodiscard]] detail::FlowPtr<void> erase(const detail::RequestContext& request, std::string_view key) const {
    auto call = ops::kv_erase(request, core->groups()->id(), key);
    return std::make_unique<CacheWrite>(core, key, std::move(call), SharedValue(key, std::nullopt), true);
  }

  // On the I/O thread nothing can be waited for that needs this thread, so the caller reads by itself.
  [[nodiscard]] Read read(std::string_view key, const GetOptions& options) const {
    detail::Context own = context;
    own.call.stop = options.stop;  // the handle's token closes the cache
    if (!detail::on_io_thread(context.client->core().get())) return Checked::run(own, get(key, options));
    own.call.timeout = read_limit(context, options);
    auto call = ops::kv_get(own, core->groups()->id(), key);
    if (call.finished()) return call.take();
    const CacheCore::FlightPtr flight = core->begin_alone(key);
    core->land(flight, Checked::run(own, std::move(call)));
    const Result<SharedValue> result = core->result_of(flight).value();
    return result ? Read(result->copy()) : Read(result.error());
  }

  detail::Context context;  ///< Keeps the client open.
  CorePtr core;
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};  ///< The handle's own token.
};

Cache::Cache(const KvNamespace& kv, const CacheOptions& options) : state_(std::make_shared<State>(kv, options)) {
  state_->on_stop.emplace(state_->context.call.stop,
                          [core = state_->core] { core->close(read_cancelled("the stop token was triggered")); });
}

Cache::~Cache() {
  state_->on_stop.reset();
  state_->core->close(read_cancelled("the Cache was destroyed"));
}

Result<std::optional<std::string>> Cache::checked_get(std::string_view key, const GetOptions& options) const {
  if (std::optional<std::string> copy; state_->core->find(key, copy)) return copy;
  const std::shared_ptr<State> state = state_;  // the Cache may be destroyed while this waits
  return state->read(key, options);
}

std::optional<std::string> Cache::get(std::string_view key, const GetOptions& options) const {
  if (std::optional<std::string> copy; state_->core->find(key, copy)) return copy;
  const std::shared_ptr<State> state = state_;
  return state->read(key, options).value();
}

Result<void> Cache::checked_put(std::string_view key, std::string value, const PutOptions& options) const {
  const std::shared_ptr<State> state = state_;
  return Checked::run(state->context, state->put(state->context, key, std::move(value), options));
}
void Cache::put(std::string_view key, std::string value, const PutOptions& options) const {
  checked_put(key, std::move(value), options).value();
}

Result<void> Cache::checked_erase(std::string_view key) const {
  const std::shared_ptr<State> state = state_;
  return Checked::run(state->context, state->erase(state->context, key));
}
void Cache::erase(std::string_view key) const { checked_erase(key).value(); }

void Cache::invalidate(std::string_view key) const { state_->core->invalidate(key); }
void Cache::clear() const { state_->core->clear(); }
CacheStatistics Cache::statistics() const { return state_->core->statistics(); }
AsyncCache Cache::async() const { return AsyncCache(state_); }

Operation<std::optional<std::string>> AsyncCache::get(std::string_view key, const GetOptions& options) const {
  return Async::run(state_->core->groups()->context(), state_->get(key, options)).stop_on(options.stop);
}
Operation<void> AsyncCache::put(std::string_view key, std::string value, const PutOptions& options) const {
  const detail::AsyncContext& context = state_->core->groups()->context();
  return Async::run(context, state_->put(context, key, std::move(value), options));
}
Operation<void> AsyncCache::erase(std::string_view key) const {
  const detail::AsyncContext& context = state_->core->groups()->context();
  return Async::run(context, state_->erase(context, key));
}

}  // namespace cloudflare::kv
