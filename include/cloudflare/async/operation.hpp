#pragma once

// Operation<T>, which every call of the asynchronous view returns, and that view. The handles are in
// <cloudflare/async.hpp>.

#include <cloudflare/detail/language.hpp>

#include <atomic>
#include <cassert>
#include <concepts>
#include <coroutine>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <cloudflare/detail/flow.hpp>
#include <cloudflare/detail/stop_token.hpp>

namespace cloudflare {

/// Runs a function somewhere else, soon: `[&](auto f) { asio::post(context, std::move(f)); }`. If it drops a function
/// without running it, the operation never completes.
using Executor = std::function<void(std::function<void()>)>;

namespace detail {

/// A started flow together with the receiver of its result.
class CLOUDFLARE_API PendingOperation {
 public:
  virtual ~PendingOperation() = default;
  [[nodiscard]] virtual Flow& flow() noexcept = 0;
  /// Passes the result of the finished flow to its receiver; a second call does nothing.
  virtual void complete() = 0;

  CallOptions call{};
  Executor executor{};
};

template <class T, class Callback>
class CallbackOperation final : public PendingOperation {
 public:
  CallbackOperation(std::unique_ptr<FlowOf<T>> flow, Callback callback)
      : flow_(std::move(flow)), callback_(std::move(callback)) {}
  [[nodiscard]] Flow& flow() noexcept override { return *flow_; }
  void complete() override {
    if (!flow_) return;
    Result<T> result = flow_->take();
    flow_.reset();  // destroys the arguments before the callback runs
    std::invoke(std::move(callback_), std::move(result));
  }

 private:
  std::unique_ptr<FlowOf<T>> flow_;
  Callback callback_;
};

/// Hands an operation to the I/O thread of its client.
CLOUDFLARE_API void submit(const std::shared_ptr<ClientCore>& core, std::unique_ptr<PendingOperation> pending);
/// Whether this thread is the I/O thread of `core` or, if that is null, of any client.
[[nodiscard]] CLOUDFLARE_API bool on_io_thread(const ClientCore* core) noexcept;
/// The context of a handle's asynchronous operations.
[[nodiscard]] CLOUDFLARE_API AsyncContext async_context(const Context& context);

/// Shared by a suspended coroutine and the I/O thread; the coroutine may be destroyed first.
template <class T>
struct Waiter {
  std::atomic<void*> coroutine{nullptr};
  std::optional<Result<T>> result{};
};

}  // namespace detail

/// A std::future that asserts, in debug builds, that its client's own I/O thread does not wait for it.
template <class T>
class [[nodiscard]] Future : public std::future<T> {
 public:
  Future(std::future<T> plain, const detail::ClientCore* core) : std::future<T>(std::move(plain)), core_(core) {}
  /// The value; throws Error. Never call it on the client's own I/O thread, which would wait for itself.
  T get() {
    check();
    return std::future<T>::get();
  }
  void wait() const {
    check();
    std::future<T>::wait();
  }

 private:
  void check() const {
    assert(!detail::on_io_thread(core_) && "waiting for a future in an asynchronous callback of its own client");
  }
  const detail::ClientCore* core_;
};

/// An operation that has not begun. start(), as_future() or co_await begins it, and then it completes exactly once. If
/// it is destroyed before it begins, nothing is sent.
///
/// It owns its arguments. Its time limit starts when it begins. It does not keep the client open: when the last handle
/// is gone, operations under way complete with ErrorKind::cancelled, and so do operations that begin later. Move-only;
/// used by one thread at a time.
template <class T>
class [[nodiscard]] Operation {
 public:
  using value_type = T;

  Operation(detail::AsyncContext context, std::unique_ptr<detail::FlowOf<T>> flow)
      : context_(std::move(context)), flow_(std::move(flow)) {}

  /// Completes through `executor` instead of on the I/O thread.
  [[nodiscard]] Operation resume_on(Executor executor) && {
    executor_ = std::move(executor);
    return std::move(*this);
  }
  /// Ends with ErrorKind::cancelled when `stop` is triggered. It replaces the stop token of the handle.
  [[nodiscard]] Operation stop_on(std::stop_token stop) && {
    context_.call.stop = std::move(stop);
    return std::move(*this);
  }

  /// Begins; `callback(Result<T>)` is called once, never inside start() unless the client is closed already. Callbacks
  /// of one client run one after the other on its I/O thread: move long work to an executor. An exception from a
  /// callback goes to the log hook only (event "callback").
  template <std::invocable<Result<T>> Callback>
  void start(Callback callback) && {
    assert(flow_ && "an operation begins once");
    auto pending = std::make_unique<detail::CallbackOperation<T, Callback>>(std::move(flow_), std::move(callback));
    pending->call = std::move(context_.call);
    pending->executor = std::move(executor_);
    detail::submit(context_.core, std::move(pending));
  }

  /// Begins; the future gives the value or throws the Error.
  [[nodiscard]] Future<T> as_future() && {
    std::promise<T> promise;
    Future<T> future(promise.get_future(), context_.core.get());
    std::move(*this).start([promise = std::move(promise)](Result<T> result) mutable {
      try {
        if constexpr (std::is_void_v<T>) {
          result.value();
          promise.set_value();
        } else {
          promise.set_value(std::move(result).value());
        }
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    });
    return future;
  }

  /// `co_await operation`: the value, or throws the Error. The coroutine resumes where a callback would run. It may be
  /// destroyed while it waits, and the operation then goes on; it must not be destroyed while another thread resumes
  /// it.
  [[nodiscard]] auto operator co_await() && { return Awaiter<T>(std::move(*this)); }
  /// `co_await operation.as_result()`: the Result<T>.
  [[nodiscard]] auto as_result() && { return Awaiter<Result<T>>(std::move(*this)); }

 private:
  template <class Value>
  class [[nodiscard]] Awaiter {
   public:
    explicit Awaiter(Operation operation) : operation_(std::move(operation)) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { waiter_->coroutine = nullptr; }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    // Not inlined: clang would keep its locals in a frame that another thread may have destroyed by then.
    [[gnu::noinline]] void await_suspend(std::coroutine_handle<> coroutine) {
      waiter_->coroutine = coroutine.address();
      Operation operation = std::move(operation_);
      std::move(operation).start([waiter = waiter_](Result<T> result) {
        waiter->result.emplace(std::move(result));
        if (void* waiting = waiter->coroutine.exchange(nullptr))
          std::coroutine_handle<>::from_address(waiting).resume();
      });
    }
    Value await_resume() {
      if constexpr (std::is_same_v<Value, T>) {
        return std::move(*waiter_->result).value();
      } else {
        return std::move(*waiter_->result);
      }
    }

   private:
    Operation operation_;
    std::shared_ptr<detail::Waiter<T>> waiter_ = std::make_shared<detail::Waiter<T>>();
  };

  detail::AsyncContext context_;
  std::unique_ptr<detail::FlowOf<T>> flow_;
  Executor executor_{};
};

/// The asynchronous view: `Operation<T>`.
struct Async {
  using Context = detail::AsyncContext;
  template <class T>
  using Returns = Operation<T>;

  template <class F>
  static Operation<typename F::value_type> run(const detail::AsyncContext& context, F flow) {
    return {context, std::make_unique<F>(std::move(flow))};
  }
  template <class T>
  static Operation<T> run(const detail::AsyncContext& context, detail::FlowPtr<T> flow) {
    return {context, std::move(flow)};
  }
  /// The operation owns the range, since the caller does not wait while it is read.
  template <class R>
  static std::remove_cvref_t<R> keep(R&& range) {
    return std::forward<R>(range);
  }
};

}  // namespace cloudflare
