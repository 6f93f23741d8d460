#pragma once

// Keeps bytes that are too many for memory in a nameless temporary file.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>

namespace cloudflare::local {

class Spool {
 public:
  /// @throws std::runtime_error  no temporary file can be made
  Spool();
  /// @throws std::runtime_error  the file cannot be written
  void append(std::string_view bytes);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Calls `take` with all bytes, piece by piece.
  void read(const std::function<void(std::string_view)>& take);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

}  // namespace cloudflare::local
