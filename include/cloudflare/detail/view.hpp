#pragma once

// How a flow becomes what a caller gets: a value or an exception, or a Result. Each operation is written once, over a
// View; the views are these few lines, and Async in <cloudflare/operation.hpp>.

#include <cloudflare/detail/flow.hpp>

namespace cloudflare {

/// `T`, or throws Error.
struct Throwing {
  template <class T>
  using Returns = T;

  template <class F>
  static typename F::value_type run(const detail::Context& context, F flow) {
    if (!flow.finished()) detail::drive(context, flow);
    return flow.take().value();
  }
  /// A range as an operation keeps it: a caller's own by reference, since the caller waits.
  template <class R>
  static R&& keep(R&& range) noexcept {
    return static_cast<R&&>(range);
  }
};

/// `Result<T>`; never throws (allocation aside).
struct Checked {
  template <class T>
  using Returns = Result<T>;

  template <class F>
  static Result<typename F::value_type> run(const detail::Context& context, F flow) {
    if (!flow.finished()) detail::drive(context, flow);
    return flow.take();
  }
  template <class R>
  static R&& keep(R&& range) noexcept {
    return static_cast<R&&>(range);
  }
};

}  // namespace cloudflare
