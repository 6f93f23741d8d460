#pragma once

// Bytes that are too many for memory, in a file without a name: nobody else can open it, and it is gone with the
// process.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <cloudflare/detail/export.hpp>
#include <cloudflare/http/body.hpp>

#include "base/files.hpp"

namespace cloudflare::detail {

/// It is written first; rewind() comes between the last byte written and the first byte read.
class CLOUDFLARE_API TemporaryFile final : public Source {
 public:
  /// @throws Error  callback: no temporary file can be made
  TemporaryFile();
  /// @throws Error  callback: the disk is full
  void append(std::string_view bytes);
  /// Continues where the last read ended. @throws Error  callback
  std::size_t read(std::span<char> to) override;
  /// Always true. @throws Error  callback: the disk has no room for the last bytes
  bool rewind() override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  files::Stream file_;
  std::uint64_t size_ = 0;
};

}  // namespace cloudflare::detail
