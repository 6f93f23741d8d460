#pragma once

// How a flow becomes what a caller gets: a value or an exception, or a Result. Each operation is written once, over a
// View; the views are these few lines.

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
};

}  // namespace cloudflare
