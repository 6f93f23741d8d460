#pragma once

// Reads a caller's range lazily and once, behind an interface that does not name its type.

#include <cloudflare/detail/language.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cloudflare::detail {

/// Holds a caller's range: an lvalue by reference, a temporary by value.
template <class R>
class RangeReader {
  using Element = std::ranges::range_reference_t<R>;

 public:
  explicit RangeReader(R&& range) : range_(std::forward<R>(range)) {}

  /// The next element, or null at the end; valid until the next call.
  auto* next() {
    if (!at_) {
      at_.emplace(std::ranges::begin(range_));
    } else if (*at_ != std::ranges::end(range_)) {
      ++*at_;
    }
    using Stored = std::remove_reference_t<Element>;
    if (*at_ == std::ranges::end(range_)) return static_cast<const Stored*>(nullptr);
    if constexpr (std::is_reference_v<Element>) {
      return static_cast<const Stored*>(std::addressof(**at_));
    } else {
      current_.emplace(**at_);
      return static_cast<const Stored*>(std::addressof(*current_));
    }
  }

  [[nodiscard]] std::optional<std::uint64_t> size() {
    if constexpr (std::ranges::sized_range<R>) return static_cast<std::uint64_t>(std::ranges::size(range_));
    return std::nullopt;
  }

 private:
  R range_;
  std::optional<std::ranges::iterator_t<R>> at_{};
  std::optional<std::remove_reference_t<Element>> current_{};
};

/// Views of the elements of a range: null at the end, valid until the next call.
template <class View>
class ViewReader {
 public:
  virtual ~ViewReader() = default;
  virtual const View* next() = 0;
  /// nullopt if the range does not know its size.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() = 0;
};

/// `view` makes a View from an element.
template <class View, class R, class MakeView>
std::unique_ptr<ViewReader<View>> make_view_reader(R&& range, MakeView view) {
  class Reader final : public ViewReader<View> {
   public:
    Reader(R&& given, MakeView make) : range_(std::forward<R>(given)), make_(make) {}
    const View* next() override {
      const auto* element = range_.next();
      if (element == nullptr) return nullptr;
      view_ = make_(*element);
      return &view_;
    }
    [[nodiscard]] std::optional<std::uint64_t> size() override { return range_.size(); }

   private:
    RangeReader<R> range_;
    MakeView make_;
    View view_{};
  };
  return std::make_unique<Reader>(std::forward<R>(range), view);
}

/// Keys or ids.
using TextReader = ViewReader<std::string_view>;

/// Returns a std::unique_ptr<TextReader>. A template that names such a type makes every file complete it, which costs
/// compile time, so it and its like say `auto`.
template <class R>
auto make_text_reader(R&& range) {
  return make_view_reader<std::string_view>(std::forward<R>(range),
                                            [](const auto& text) -> std::string_view { return text; });
}

}  // namespace cloudflare::detail
