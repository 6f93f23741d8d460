// Reads gather in a group. It is sent by the read that opened it when the window ends, or by the read that fills it.
// The group's requests run on the I/O thread, so that no read depends on the thread of another. All times are those of
// the client's clock. A test clock jumps when somebody waits on it, so only one waits for each time: the read that
// opened a group waits for the end of its window, and the group's request waits for its latest deadline.

#include <cloudflare/kv/reader.hpp>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <cloudflare/async/operation.hpp>

#include "kv/common.hpp"
#include "kv/handle.hpp"

namespace cloudflare::kv {

namespace {

using std::chrono::milliseconds;
using Read = Result<std::optional<std::string>>;

Error ended(ErrorKind kind, std::string text) {
  return Error(
      ErrorDetails{.kind = kind, .text = std::move(text), .operation = "kv.get", .delivery = Delivery::not_sent});
}

Error too_late() { return ended(ErrorKind::timeout, "the deadline passed before the value came"); }

template <class Duration>
TimePoint after(TimePoint time, Duration duration) {
  const TimePoint::duration left = TimePoint::max() - time;
  return duration < std::chrono::floor<Duration>(left) ? time + duration : TimePoint::max();
}

}  // namespace

struct Reader::State {
  struct Group {
    std::vector<std::string> keys{};
    std::unordered_map<std::string, std::size_t> places{};
    std::vector<std::optional<Read>> reads{};
    std::size_t waiting = 0;
    TimePoint window_end{};
    TimePoint deadline{};  ///< The latest deadline of its reads.
    bool sent = false;
    std::condition_variable changed{};
    std::stop_source stop{};  ///< Stops its requests when no read waits any more.

    std::size_t place_of(std::string_view key) {
      const auto [it, fresh] = places.emplace(key, keys.size());
      if (fresh) {
        keys.emplace_back(key);
        reads.emplace_back();
      }
      return it->second;
    }
    void settle(std::size_t place, Read read) {
      if (!reads[place]) reads[place] = std::move(read);
    }
    void settle_all(const Error& error) {
      for (std::size_t place = 0; place < keys.size(); ++place) settle(place, error);
    }
    void take(Result<GetManyResult> result) {
      if (!result) {
        settle_all(result.error());
      } else {
        for (const ItemFailure& failure : result->outcome.failed) settle(failure.index, failure.error);
        const std::optional<Error>& stopped = result->outcome.stopped;  // then a key without a value may still have one
        for (std::size_t place = 0; place < keys.size(); ++place) {
          std::optional<Value>& value = result->values[place];
          if (!value && stopped) settle(place, *stopped);
          settle(place, value ? Read(std::optional(std::move(value->value))) : Read(std::optional<std::string>()));
        }
      }
      changed.notify_all();
    }
  };

  State(const KvNamespace& kv, const ReaderOptions& wishes)
      : id(kv.id()),
        options(wishes),
        context(context_of(kv)),
        reads(detail::async_context(context)),
        clock(*context.options->clock) {}

  Read get(std::string_view key, const GetOptions& wishes) {
    if (auto error = ops::check_key(key, detail::checks_limits(context))) return std::move(*error);
    const TimePoint now = clock.now();
    const milliseconds longest = context.call.timeout.value_or(context.options->timeout);
    const TimePoint deadline = after(now, std::min(longest, wishes.timeout.value_or(longest)));
    std::optional<std::stop_callback<std::function<void()>>>
        on_wish;  // destroyed after unlocking: its callback may wait for the mutex
    std::unique_lock lock(*mutex);
    if (closed) return *closed;
    const bool opens = !open;
    if (opens) {
      open = std::make_shared<Group>();
      open->window_end = after(now, options.window);
      groups.insert(open);
    }
    const std::shared_ptr<Group> group = open;
    const std::size_t place = group->place_of(key);
    ++group->waiting;
    group->deadline = std::max(group->deadline, deadline);
    if (group->keys.size() >= options.max_keys) send(group, lock);
    if (wishes.stop.stop_possible()) {
      lock.unlock();
      on_wish.emplace(wishes.stop, [mutex = mutex, group] {
        const std::lock_guard locked(*mutex);
        group->changed.notify_all();
      });
      lock.lock();
    }

    auto wait_until = [&](TimePoint until, auto ready) {
      const auto woken = [&] { return group->reads[place].has_value() || wishes.stop.stop_requested() || ready(); };
      while (!woken() && clock.now() < until) clock.wait(lock, group->changed, until, woken);
    };
    const auto sent = [&] { return group->sent; };
    if (opens) {  // this read sends the group when the window ends, or when it leaves earlier
      wait_until(std::min(deadline, group->window_end), sent);
      if (!group->sent && (group->waiting > 1 || !gives_up(wishes, deadline))) send(group, lock);
    } else {
      wait_until(deadline < group->window_end ? deadline : TimePoint::max(), sent);
    }
    wait_until(deadline < group->deadline || !group->sent ? deadline : TimePoint::max(), [] { return false; });
    return leave(group, place, wishes, lock);
  }

  // Ends all current and future reads.
  void close(const Error& error) {
    std::vector<std::shared_ptr<Group>> ended_groups;
    {
      const std::lock_guard lock(*mutex);
      if (closed) return;
      closed = error;
      open.reset();
      for (const auto& group : groups) {
        group->settle_all(error);
        group->sent = true;
        group->changed.notify_all();
        ended_groups.push_back(group);
      }
      groups.clear();
    }
    for (const auto& group : ended_groups) group->stop.request_stop();
  }

  [[nodiscard]] bool gives_up(const GetOptions& wishes, TimePoint deadline) const {
    return wishes.stop.stop_requested() || clock.now() >= deadline;
  }

  Read leave(const std::shared_ptr<Group>& group, std::size_t place, const GetOptions& wishes,
             std::unique_lock<std::mutex>& lock) {
    Read read = group->reads[place]            ? *group->reads[place]
                : wishes.stop.stop_requested() ? Read(ended(ErrorKind::cancelled, "the stop token was triggered"))
                                               : Read(too_late());
    if (--group->waiting > 0) return read;
    groups.erase(group);
    if (open == group) open.reset();
    lock.unlock();
    group->stop.request_stop();
    return read;
  }

  // The callbacks own the mutex and the group, but not the client: the last owner of a client joins its I/O thread, so
  // it must not be that thread.
  void send(const std::shared_ptr<Group>& group, std::unique_lock<std::mutex>& lock) {
    group->sent = true;
    if (open == group) open.reset();
    group->changed.notify_all();
    const TimePoint now = clock.now();
    if (group->deadline <= now) return group->settle_all(too_late());
    detail::AsyncContext timed = reads;
    timed.call.timeout = std::min(std::chrono::ceil<milliseconds>(group->deadline - now),
                                  std::chrono::floor<milliseconds>(TimePoint::max() - now));
    lock.unlock();  // callbacks may run from here on
    if (group->keys.size() == 1) {
      read_singly(timed, group);
    } else {
      auto keys = detail::make_text_reader(std::vector<std::string>(group->keys));
      Async::run(timed, ops::kv_get_many(timed, id, std::move(keys), GetManyOptions()))
          .stop_on(group->stop.get_token())
          .start([mutex = mutex, group](Result<GetManyResult> result) {
            const std::lock_guard locked(*mutex);
            group->take(std::move(result));
          });
    }
    lock.lock();
  }

  void read_singly(const detail::AsyncContext& timed, const std::shared_ptr<Group>& group) {
    Async::run(timed, ops::kv_get(timed, id, group->keys[0]))
        .stop_on(group->stop.get_token())
        .start([mutex = mutex, group](Read result) {
          const std::lock_guard locked(*mutex);
          group->settle(0, std::move(result));
          group->changed.notify_all();
        });
  }

  std::string id;
  ReaderOptions options;
  detail::Context context;     ///< Keeps the client open.
  detail::AsyncContext reads;  ///< For the requests, which do not keep it open.
  Clock& clock;
  std::shared_ptr<std::mutex> mutex = std::make_shared<std::mutex>();
  std::shared_ptr<Group> open{};  ///< The group that takes further reads.
  std::unordered_set<std::shared_ptr<Group>> groups{};
  std::optional<Error> closed{};
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};  ///< The handle's own token.
};

Reader::Reader(const KvNamespace& kv, const ReaderOptions& options) : state_(std::make_shared<State>(kv, options)) {
  if (options.max_keys < 1 || options.max_keys > limits::kv_bulk_get_keys)
    throw invalid_argument("a group has 1 to 100 keys, not " + std::to_string(options.max_keys));
  state_->on_stop.emplace(state_->context.call.stop, [state = state_.get()] {
    state->close(ended(ErrorKind::cancelled, "the stop token was triggered"));
  });
}

Reader::~Reader() {
  state_->on_stop.reset();
  state_->close(ended(ErrorKind::cancelled, "the Reader was destroyed"));
}

Result<std::optional<std::string>> Reader::checked_get(std::string_view key, const GetOptions& options) const {
  const std::shared_ptr<State> state = state_;  // the Reader may be destroyed while this waits
  return state->get(key, options);
}

std::optional<std::string> Reader::get(std::string_view key, const GetOptions& options) const {
  return checked_get(key, options).value();
}

std::size_t Reader::waiting() const {
  const std::lock_guard lock(*state_->mutex);
  std::size_t all = 0;
  for (const auto& group : state_->groups) all += group->waiting;
  return all;
}

}  // namespace cloudflare::kv
