// A read that opened a group sends it when the window ends; a read that fills the group sends it at once. The group's
// requests run on the I/O thread, so no read depends on the thread of another. All times are those of the client's
// clock. A test clock jumps when somebody waits on it, so only one waits for each time: the read that opened a group
// for the end of its window, the group's request for the latest deadline, and a read with a time limit of its own for
// its deadline only if that comes before.

#include "kv/read_groups.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"
#include "kv/common.hpp"
#include "kv/handle.hpp"

namespace cloudflare::kv {

using detail::Outbox;
using detail::saturating_add;
using std::chrono::milliseconds;

namespace {

Error ended(ErrorKind kind, std::string text) {
  return Error(
      ErrorDetails{.kind = kind, .text = std::move(text), .operation = "kv.get", .delivery = Delivery::not_sent});
}

}  // namespace

milliseconds time_left(TimePoint now, TimePoint until) {
  return until <= now ? milliseconds(0)
                      : std::min(std::chrono::ceil<milliseconds>(until - now),
                                 std::chrono::floor<milliseconds>(TimePoint::max() - now));
}

milliseconds read_limit(const detail::RequestContext& context, const GetOptions& options) {
  const milliseconds longest = context.call.timeout.value_or(context.options->timeout);
  return std::min(longest, options.timeout.value_or(longest));
}
Error read_too_late() { return ended(ErrorKind::timeout, "the deadline passed before the value came"); }
Error read_cancelled(std::string why) { return ended(ErrorKind::cancelled, std::move(why)); }

std::size_t ReadGroups::Group::place_of(std::string_view key) {
  const auto [it, fresh] = places.emplace(key, keys.size());
  if (fresh) {
    keys.emplace_back(key);
    reads.emplace_back();
  }
  return it->second;
}

void ReadGroups::Group::settle(std::size_t place, Read read) {
  if (!reads[place]) reads[place] = std::move(read);
}

void ReadGroups::Group::settle_all(const Error& error) {
  for (std::size_t place = 0; place < keys.size(); ++place) settle(place, error);
  for (const auto& wake : wakers) wake();
}

void ReadGroups::Group::take(Result<GetManyResult> result) {
  if (!result) return settle_all(result.error());
  for (const ItemFailure& failure : result->outcome.failed)
    settle(static_cast<std::size_t>(failure.index), failure.error);
  const std::optional<Error>& stopped = result->outcome.stopped;  // then a key without a value may still have one
  for (std::size_t place = 0; place < keys.size(); ++place) {
    std::optional<Value>& value = result->values[place];
    if (!value && stopped) settle(place, *stopped);
    settle(place, value ? Read(std::optional(std::move(value->value))) : Read(std::optional<std::string>()));
  }
  for (const auto& wake : wakers) wake();
}

// One read as a flow, for blocking and asynchronous callers alike. Its time limit is its own, and not that of the loop.
class ReadGroups::GroupRead final : public detail::FlowOf<std::optional<std::string>> {
 public:
  GroupRead(std::shared_ptr<ReadGroups> groups, std::string_view key, const GetOptions& options)
      : groups_(std::move(groups)),
        key_(key),
        limit_(read_limit(groups_->context_, options)),
        hasty_(limit_ < read_limit(groups_->context_, GetOptions())),
        mutex_(groups_->mutex_) {
    if (auto error = ops::check_key(key, detail::checks_limits(groups_->context_))) finish(std::move(*error));
  }
  ~GroupRead() override {
    std::unique_lock lock(*mutex_);
    leave(lock);
  }
  GroupRead(const GroupRead&) = delete;
  GroupRead& operator=(const GroupRead&) = delete;

  [[nodiscard]] bool bounded() const noexcept override { return false; }
  void on_reply(unsigned, Result<detail::Reply>&&, Outbox&) override {}

  void begin(Outbox& out) override {
    std::unique_lock lock(*mutex_);
    if (groups_->closed_) return finish(*groups_->closed_);
    const TimePoint now = out.now();
    deadline_ = saturating_add(now, limit_);
    opened_ = !groups_->open_;
    if (opened_) {
      groups_->open_ = std::make_shared<Group>();
      groups_->open_->window_end = saturating_add(now, groups_->options_.window);
      groups_->groups_.insert(groups_->open_);
    }
    group_ = groups_->open_;
    place_ = group_->place_of(key_);
    ++group_->waiting;
    group_->deadline = std::max(group_->deadline, deadline_);
    group_->wakers.push_back(out.waker());
    if (group_->keys.size() >= groups_->options_.max_keys) {
      groups_->send(group_, now, lock);
    } else if (const TimePoint first = std::min(deadline_, group_->window_end);
               opened_ || deadline_ < group_->window_end) {
      out.wake_after(time_left(now, first));
    }
    if (hasty_ && !group_->sent && !opened_) group_->hasty.push_back(group_->wakers.back());
    proceed(now, out, lock);
  }

  void on_wake(Outbox& out) override {
    std::unique_lock lock(*mutex_);
    const TimePoint now = out.now();
    if (opened_ && !group_->sent && now >= group_->window_end && (now < deadline_ || group_->waiting > 1))
      groups_->send(group_, now, lock);
    proceed(now, out, lock);
  }

  void abort(Error error) override {
    std::unique_lock lock(*mutex_);
    std::optional<Read> read = group_ ? group_->reads[place_] : std::nullopt;
    leave(lock);
    finish(read ? std::move(*read) : Read(std::move(error)));
  }

 private:
  // Ends if the value is there or it is too late; otherwise it sees to its own deadline, once the group is sent.
  void proceed(TimePoint now, Outbox& out, std::unique_lock<std::mutex>& lock) {
    std::optional<Read> read = group_->reads[place_];
    if (!read && now >= deadline_) read = read_too_late();
    if (read) {
      leave(lock);
      return finish(std::move(*read));
    }
    if (!hasty_ || !group_->sent || timed_ || deadline_ >= group_->deadline) return;
    timed_ = true;
    out.wake_after(time_left(now, deadline_));
  }

  // If this read opened a group that is not sent yet, it sends the group for the reads that stay.
  void leave(std::unique_lock<std::mutex>& lock) {
    if (!group_) return;
    const std::shared_ptr<Group> group = std::move(group_);
    group_ = nullptr;
    if (--group->waiting > 0) {
      if (opened_ && !group->sent) groups_->send(group, groups_->context_.options->clock->now(), lock);
      return;
    }
    groups_->groups_.erase(group);
    if (groups_->open_ == group) groups_->open_.reset();
    lock.unlock();
    group->stop.request_stop();
    lock.lock();
  }

  std::shared_ptr<ReadGroups> groups_;
  std::string key_;
  milliseconds limit_;
  bool hasty_;  ///< Its limit is its own; the others end with the group's request, a window later at most.
  std::shared_ptr<std::mutex> mutex_;
  std::shared_ptr<Group> group_{};  ///< Null before it began and after it left.
  std::size_t place_ = 0;
  TimePoint deadline_{};
  bool opened_ = false;
  bool timed_ = false;  ///< A wake-up at its deadline is set.
};

ReadGroups::ReadGroups(const KvNamespace& kv, const ReaderOptions& options)
    : id_(kv.id()), options_(options), context_(detail::async_context(context_of(kv))) {
  if (options.max_keys < 1 || options.max_keys > limits::kv_bulk_get_keys)
    throw invalid_argument("a group has 1 to 100 keys, not " + std::to_string(options.max_keys));
}

detail::FlowPtr<std::optional<std::string>> ReadGroups::get(std::string_view key, const GetOptions& options) {
  return std::make_unique<GroupRead>(shared_from_this(), key, options);
}

void ReadGroups::close(const Error& error) {
  std::unordered_set<std::shared_ptr<Group>> ended_groups;
  {
    const std::lock_guard lock(*mutex_);
    if (closed_) return;
    closed_ = error;
    open_.reset();
    ended_groups.swap(groups_);
    for (const auto& group : ended_groups) {
      group->sent = true;
      group->settle_all(error);
    }
  }
  for (const auto& group : ended_groups) group->stop.request_stop();
}

std::size_t ReadGroups::waiting() const {
  const std::lock_guard lock(*mutex_);
  std::size_t all = 0;
  for (const auto& group : groups_) all += group->waiting;
  return all;
}

// The callbacks own the mutex and the group, but not the client: the last owner of a client joins its I/O thread, so it
// must not be that thread.
void ReadGroups::send(const std::shared_ptr<Group>& group, TimePoint now, std::unique_lock<std::mutex>& lock) {
  group->sent = true;
  if (open_ == group) open_.reset();
  if (group->deadline <= now) return group->settle_all(read_too_late());
  for (const auto& wake : std::exchange(group->hasty, {})) wake();
  detail::AsyncContext timed = context_;
  timed.call.timeout = time_left(now, group->deadline);
  lock.unlock();
  group->keys.size() == 1 ? send_one(timed, group) : send_many(timed, group);
  lock.lock();
}

void ReadGroups::send_one(const detail::AsyncContext& timed, const std::shared_ptr<Group>& group) {
  Async::run(timed, ops::kv_get(timed, id_, group->keys[0]))
      .stop_on(group->stop.get_token())
      .start([mutex = mutex_, group](Read result) {
        const std::lock_guard locked(*mutex);
        group->settle(0, std::move(result));
        for (const auto& wake : group->wakers) wake();
      });
}

void ReadGroups::send_many(const detail::AsyncContext& timed, const std::shared_ptr<Group>& group) {
  auto keys = detail::make_text_reader(std::vector<std::string>(group->keys));
  Async::run(timed, ops::kv_get_many(timed, id_, std::move(keys), GetManyOptions()))
      .stop_on(group->stop.get_token())
      .start([mutex = mutex_, group](Result<GetManyResult> result) {
        const std::lock_guard locked(*mutex);
        group->take(std::move(result));
      });
}

Read read_now(const detail::Context& context, ReadGroups& groups, std::string_view key, const GetOptions& options) {
  detail::Context own = context;
  own.call.stop = options.stop;  // the handle's token ends all reads
  if (!detail::on_io_thread(groups.context().core.get())) return Checked::run(own, groups.get(key, options));
  own.call.timeout = read_limit(context, options);
  return Checked::run(own, ops::kv_get(own, groups.id(), key));
}

}  // namespace cloudflare::kv
