#pragma once

// Sources of bytes that are read twice: once to know them, once to send them.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include <cloudflare/http/body.hpp>

namespace cloudflare::detail {

/// A nameless temporary file to write first and read afterwards.
class Spool final : public Source {
 public:
  /// @throws Error  no temporary file can be made
  Spool();
  void append(std::string_view bytes);
  std::size_t read(std::span<char> to) override;
  bool rewind() override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

/// A source whose size was counted: a shorter one than before ends the transfer, what a longer one adds stays unread.
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
