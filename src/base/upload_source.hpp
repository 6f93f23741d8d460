#pragma once

// Sources around sources: one that checks, and those that are read twice, once to know the bytes and once to
// send them.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <cloudflare/http/body.hpp>

namespace cloudflare::detail {

/// Holds a source to its word. What ends before its size, or has a byte more, is an Error before the last byte is given
/// away, so no server takes it for whole, nor what follows for a request.
class CheckedSource final : public Source {
 public:
  /// An error of the size is `changed`, if that is given.
  explicit CheckedSource(std::shared_ptr<Source> inner, std::string_view changed = std::string_view())
      : inner_(std::move(inner)), size_(inner_->size()), changed_(changed) {}
  /// @throws Error  callback
  std::size_t read(std::span<char> to) override;
  bool rewind() override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  [[noreturn]] void refuse(bool longer) const;
  std::shared_ptr<Source> inner_;
  std::optional<std::uint64_t> size_;
  std::string_view changed_;  // a literal
  std::uint64_t done_ = 0;
  bool ended_ = false;
};

/// A source whose size was counted.
class CountedSource final : public Source {
 public:
  /// `report` is told, about once for each MB, how many bytes were read.
  CountedSource(std::shared_ptr<Source> inner, std::uint64_t size, std::function<void(std::uint64_t)> report)
      : inner_(std::move(inner)), size_(size), report_(std::move(report)) {}
  std::size_t read(std::span<char> to) override;
  bool rewind() override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::shared_ptr<Source> inner_;
  std::uint64_t size_;
  std::function<void(std::uint64_t)> report_;
  std::uint64_t done_ = 0;
  std::uint64_t reported_ = 0;
};

}  // namespace cloudflare::detail
