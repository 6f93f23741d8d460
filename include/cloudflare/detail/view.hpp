#pragma once

// How a flow becomes what a caller gets: a value or an exception, or a Result. Each operation is written once, over a
// View: Checked and Throwing below, or Async in <cloudflare/async/operation.hpp>. Each View names its own Context, so
// that a compiler checks an operation where it is used and not where it is declared.

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
  /// How an operation keeps a range: one that the caller owns by reference, since the caller waits.
  template <class R>
  static R&& keep(R&& range) noexcept {
    return static_cast<R&&>(range);
  }
};

}  // namespace cloudflare
