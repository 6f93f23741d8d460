#pragma once

// Sources that wrap others: one checks the size, the others are read twice, first to learn the bytes and then to send
// them.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <cloudflare/http/body.hpp>

namespace cloudflare::detail {

/// Checks that a source has the size it states. A source that is shorter or longer is an Error before the last byte is
/// passed on, so no server takes the body for complete, or the bytes after it for a request.
class CheckedSource final : public Source {
 public:
  /// `changed`, if not empty, is the text of the error for a wrong size.
  explicit CheckedSource(std::shared_ptr<Source> inner, std::string changed = std::string())
      : inner_(std::move(inner)), size_(inner_->size()), changed_(std::move(changed)) {}
  /// @throws Error  callback
  std::size_t read(std::span<char> to) override;
  bool rewind() override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  [[noreturn]] void refuse(bool longer) const;
  std::shared_ptr<Source> inner_;
  std::optional<std::uint64_t> size_;
  std::string changed_;
  std::uint64_t done_ = 0;
  bool ended_ = false;
};

/// A source whose size was counted.
class CountedSource final : public Source {
 public:
  /// Calls `report` with the bytes read so far, about once for each MB.
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
