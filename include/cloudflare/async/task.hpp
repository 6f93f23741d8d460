#pragma once

// What the standard lacks for coroutines over Operation<T>: Task<T>, sync_wait() and when_all().

#include <atomic>
#include <cassert>
#include <coroutine>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <cloudflare/async/operation.hpp>

namespace cloudflare {

namespace detail {

/// Resumes the coroutine that awaits a task when the task ends.
struct TaskPromiseBase {
  std::coroutine_handle<> waiting = std::noop_coroutine();
  std::exception_ptr thrown{};

  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().waiting;
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value{};
  template <class U>
  void return_value(U&& given) {
    value.emplace(std::forward<U>(given));
  }
  T take() {
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  void return_void() const noexcept {}
  void take() const {
    if (thrown) std::rethrow_exception(thrown);
  }
};

/// A coroutine that nobody waits for: it begins at once and destroys itself at its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace detail

/// A coroutine that begins when it is awaited, on the thread that awaits it. Await it once, as an rvalue. Do not
/// destroy it while it waits for something that another thread completes.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using value_type = T;

  struct promise_type : detail::TaskPromise<T> {
    Task get_return_object() noexcept { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  /// `co_await task`: the value, or throws what the coroutine threw.
  [[nodiscard]] auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> frame;
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) const noexcept {
        frame.promise().waiting = waiting;
        return frame;
      }
      T await_resume() const { return frame.promise().take(); }
    };
    return Awaiter{frame_};
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

// fulfil() and gather() destroy what they awaited, with the handles in it, before the waiter goes on. So the last
// handle is destroyed by the waiter, not on the I/O thread.
template <class Awaitable, class T = typename Awaitable::value_type>
Detached fulfil(Awaitable awaitable, std::promise<T> promise) {
  std::optional<Awaitable> running(std::move(awaitable));
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
  std::exception_ptr thrown;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(*running);
    } else {
      value.emplace(co_await std::move(*running));
    }
  } catch (...) {
    thrown = std::current_exception();
  }
  running.reset();
  if (thrown) {
    promise.set_exception(std::move(thrown));
  } else if constexpr (std::is_void_v<T>) {
    promise.set_value();
  } else {
    promise.set_value(std::move(*value));
  }
}

template <class T>
struct Gathering {
  explicit Gathering(std::size_t count) : results(count), left(count + 1) {}
  std::vector<std::optional<Result<T>>> results;
  std::atomic<std::size_t> left;  // awaitables under way, plus one until all have begun
  std::coroutine_handle<> waiting{};
};

template <class Awaitable, class T = typename Awaitable::value_type>
Detached gather(Awaitable awaitable, std::shared_ptr<Gathering<T>> all, std::size_t at) {
  std::optional<Awaitable> running(std::move(awaitable));
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(*running);
      all->results[at].emplace();
    } else {
      all->results[at].emplace(co_await std::move(*running));
    }
  } catch (const Error& error) {
    all->results[at].emplace(error);
  } catch (...) {
    all->results[at].emplace(Error(
        ErrorDetails{.kind = ErrorKind::callback, .text = "a coroutine threw", .cause = std::current_exception()}));
  }
  running.reset();
  if (--all->left == 0) all->waiting.resume();
}

template <class Awaitable>
class [[nodiscard]] WhenAll {
  using T = typename Awaitable::value_type;

 public:
  explicit WhenAll(std::vector<Awaitable> awaitables)
      : awaitables_(std::move(awaitables)), all_(std::make_shared<Gathering<T>>(awaitables_.size())) {}
  WhenAll(const WhenAll&) = delete;
  WhenAll& operator=(const WhenAll&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> waiting) {
    const auto all = all_;
    all->waiting = waiting;
    std::size_t at = 0;
    for (Awaitable& awaitable : awaitables_) gather(std::move(awaitable), all, at++);
    return --all->left != 0;
  }
  std::vector<Result<T>> await_resume() {
    std::vector<Result<T>> results;
    results.reserve(all_->results.size());
    for (auto& result : all_->results) results.push_back(std::move(*result));
    return results;
  }

 private:
  std::vector<Awaitable> awaitables_;
  std::shared_ptr<Gathering<T>> all_;
};

}  // namespace detail

/// Begins a Task or an Operation and waits on this thread for its value; throws what it throws. Never call it on an I/O
/// thread.
template <class Awaitable>
typename Awaitable::value_type sync_wait(Awaitable awaitable) {
  assert(!detail::on_io_thread(nullptr) && "sync_wait() in an asynchronous callback");
  std::promise<typename Awaitable::value_type> promise;
  auto future = promise.get_future();
  detail::fulfil(std::move(awaitable), std::move(promise));
  return future.get();
}

/// `co_await when_all(operations)`: begins them all and gives one Result for each, in their order.
template <class Awaitable>
[[nodiscard]] detail::WhenAll<Awaitable> when_all(std::vector<Awaitable> awaitables) {
  return detail::WhenAll<Awaitable>(std::move(awaitables));
}

}  // namespace cloudflare
