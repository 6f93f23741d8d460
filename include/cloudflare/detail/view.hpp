#pragma once

// How a flow becomes what a caller gets: a value or an exception, or a Result. Each operation is written once, over a
// View; the views are these few lines, and Async in <cloudflare/async/operation.hpp>. The context that an operation
// passes on is the View's, so that a compiler looks at the operation where it is used and not where it is declared.

#include <cloudflare/detail/flow.hpp>

namespace cloudflare {

/// `Result<T>`; never throws (allocation aside).
struct Checked {
  using Context = detail::Context;
  template <class T>
  using Returns = Result<T>;

  template <class F>
  static auto run(const detail::Context& context, F flow) {
    auto& running = detail::flow_in(flow);
    if (!running.finished()) detail::drive(context, running);
    return running.take();
  }
  template <class R>
  static R&& keep(R&& range) noexcept {
    return static_cast<R&&>(range);
  }
};

/// `T`, or throws Error.
struct Throwing {
  using Context = detail::Context;
  template <class T>
  using Returns = T;

  template <class F>
  static auto run(const detail::Context& context, F flow) {
    return Checked::run(context, std::move(flow)).value();
  }
  /// A range as an operation keeps it: a caller's own by reference, since the caller waits.
  template <class R>
  static R&& keep(R&& range) noexcept {
    return static_cast<R&&>(range);
  }
};

}  // namespace cloudflare
