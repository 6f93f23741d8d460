#pragma once

// Result<T>: a value or an Error, with the names of std::expected, for callers who do not want exceptions.

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <version>

#ifdef __cpp_lib_expected
#include <expected>
#endif

#include <cloudflare/error.hpp>

namespace cloudflare {

template <class T>
class Result;

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;
#ifdef __cpp_lib_expected
template <class T>
inline constexpr bool is_result<std::expected<T, Error>> = true;
#endif
// Any Result converts to bool explicitly; without this, a Result<bool> could be made from any of them.
template <class U, class T>
inline constexpr bool is_a_value_for =
    !std::is_same_v<std::remove_cvref_t<U>, Result<T>> && !std::is_same_v<std::remove_cvref_t<U>, Error> &&
    !(std::is_same_v<T, bool> && is_result<std::remove_cvref_t<U>>);

/// What Result<void> stores.
struct Nothing {};

/// Throws what the caller should see: the exception of its own callback, or the Error itself.
[[noreturn]] CLOUDFLARE_API void raise(const Error& error);
/// An Error for the exception that is being handled, which the caller's code threw (it may be an Error of this
/// library). It keeps the exception as its cause, which reaches the caller.
[[nodiscard]] CLOUDFLARE_API Error thrown_by_caller();
}  // namespace detail

/// A T or an Error. `value()` on an rvalue returns by value, so a range-for over `call().value().keys` is safe.
template <class T>
class [[nodiscard]] Result {
  using Stored = std::conditional_t<std::is_void_v<T>, detail::Nothing, T>;

 public:
  using value_type = T;
  using error_type = Error;

  Result() noexcept requires std::is_void_v<T> : value_() {}

  /// A value converts by itself, and so does an Error.
  template <class U = T>
  requires(!std::is_void_v<T> && detail::is_a_value_for<U, T> && std::is_constructible_v<Stored, U>) Result(U&& value)
      : value_(std::forward<U>(value)) {}                                        // NOLINT(*-explicit-*)
  Result(Error error) noexcept : has_value_(false), error_(std::move(error)) {}  // NOLINT(*-explicit-*)

  Result(const Result& other) requires std::is_copy_constructible_v<Stored> : has_value_(other.has_value_) {
    if (has_value_)
      std::construct_at(std::addressof(value_), other.value_);
    else
      std::construct_at(&error_, other.error_);
  }
  Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<Stored>) : has_value_(other.has_value_) {
    if (has_value_)
      std::construct_at(std::addressof(value_), std::move(other.value_));
    else
      std::construct_at(&error_, std::move(other.error_));
  }
  Result& operator=(const Result& other) requires std::is_copy_constructible_v<Stored> { return *this = Result(other); }
  /// If a value throws while it is moved, an Error that is here stays.
  Result& operator=(Result&& other) noexcept(
      std::is_nothrow_move_constructible_v<Stored>&& std::is_nothrow_move_assignable_v<Stored>) {
    if (has_value_ && other.has_value_) {
      value_ = std::move(other.value_);
    } else if (other.has_value_) {
      replace_error(std::move(other.value_));
    } else if (has_value_) {
      std::destroy_at(std::addressof(value_));
      std::construct_at(&error_, std::move(other.error_));
    } else {
      error_ = std::move(other.error_);
    }
    has_value_ = other.has_value_;
    return *this;
  }
  ~Result() { destroy(); }

  /// False: there is an Error.
  [[nodiscard]] bool has_value() const noexcept { return has_value_; }
  /// As has_value().
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws the Error if there is none.
  decltype(auto) value() const& {
    require();
    if constexpr (!std::is_void_v<T>) return std::as_const(value_);
  }
  decltype(auto) value() & {
    require();
    if constexpr (!std::is_void_v<T>) return (value_);
  }
  T value() && {
    require();
    if constexpr (!std::is_void_v<T>) return std::move(value_);
  }

  /// The value, without a check; undefined if there is none.
  const Stored& operator*() const& noexcept { return value_; }
  Stored& operator*() & noexcept { return value_; }
  Stored operator*() && { return std::move(value_); }
  const Stored* operator->() const noexcept { return std::addressof(value_); }
  Stored* operator->() noexcept { return std::addressof(value_); }

  /// The error, without a check; undefined if there is a value.
  [[nodiscard]] const Error& error() const noexcept { return error_; }

  /// The value, or `fallback` if there is an Error.
  template <class U>
  requires(!std::is_void_v<T>) [[nodiscard]] T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }
  /// The same, moved out.
  template <class U>
  requires(!std::is_void_v<T>) [[nodiscard]] T value_or(U&& fallback) && {
    return has_value() ? std::move(value_) : static_cast<T>(std::forward<U>(fallback));
  }

  /// Calls `f` with the value; `f` returns another Result.
  template <class F>
  auto and_then(F&& f) && {
    using Next = decltype(apply(std::forward<F>(f)));
    static_assert(detail::is_result<Next>, "and_then: the function must return a Result; use transform otherwise");
    return has_value() ? apply(std::forward<F>(f)) : Next(error());
  }
  template <class F>
  auto and_then(F&& f) const& {
    return Result(*this).and_then(std::forward<F>(f));
  }

  /// Calls `f` with the value and wraps what it returns.
  template <class F>
  auto transform(F&& f) && {
    using Next = Result<std::remove_cvref_t<decltype(apply(std::forward<F>(f)))>>;
    if (!has_value()) return Next(error());
    if constexpr (std::is_void_v<typename Next::value_type>) {
      apply(std::forward<F>(f));
      return Next();
    } else {
      return Next(apply(std::forward<F>(f)));
    }
  }
  template <class F>
  auto transform(F&& f) const& {
    return Result(*this).transform(std::forward<F>(f));
  }

  /// Calls `f` with the error; `f` returns a Result of the same type.
  template <class F>
  Result or_else(F&& f) && {
    return has_value() ? std::move(*this) : Result(std::invoke(std::forward<F>(f), error()));
  }
  template <class F>
  Result or_else(F&& f) const& {
    return Result(*this).or_else(std::forward<F>(f));
  }

#ifdef __cpp_lib_expected
  Result(std::expected<T, Error> from) : has_value_(from.has_value()) {  // NOLINT(*-explicit-*)
    if (!has_value_)
      std::construct_at(&error_, std::move(from).error());
    else if constexpr (std::is_void_v<T>)
      std::construct_at(std::addressof(value_));
    else
      std::construct_at(std::addressof(value_), *std::move(from));
  }
  operator std::expected<T, Error>() const& { return Result(*this); }  // NOLINT(*-explicit-*)
  operator std::expected<T, Error>() && {                              // NOLINT(*-explicit-*)
    if (!has_value()) return std::unexpected(error());
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(value_);
    }
  }
#endif

 private:
  void require() const {
    if (!has_value()) detail::raise(error());
  }

  template <class F>
  decltype(auto) apply(F&& f) {
    if constexpr (std::is_void_v<T>) {
      return std::invoke(std::forward<F>(f));
    } else {
      return std::invoke(std::forward<F>(f), std::move(value_));
    }
  }

  void replace_error(Stored&& value) noexcept(std::is_nothrow_move_constructible_v<Stored>) {
    if constexpr (std::is_nothrow_move_constructible_v<Stored>) {
      error_.~Error();
      std::construct_at(std::addressof(value_), std::move(value));
    } else {
      Error before = std::move(error_);
      error_.~Error();
      try {
        std::construct_at(std::addressof(value_), std::move(value));
      } catch (...) {
        std::construct_at(&error_, std::move(before));
        throw;
      }
    }
  }

  void destroy() noexcept {
    if (has_value_)
      std::destroy_at(std::addressof(value_));
    else
      error_.~Error();
  }

  bool has_value_ = true;
  // Not std::variant, which every program would pay for while it compiles: bench/include-cost.sh.
  union {
    Stored value_;
    Error error_;
  };
};

}  // namespace cloudflare
