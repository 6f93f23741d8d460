#pragma once

// The bytes of a request's or reply's body: in memory while they are few, in a nameless temporary file otherwise.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <cloudflare/http/body.hpp>

namespace cloudflare::server {

class Stored final : public Sink {
 public:
  /// @throws std::system_error  the disk refuses
  void write(std::string_view bytes) override;
  bool restart() override;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// All bytes, if they are in memory.
  [[nodiscard]] std::string* text() noexcept { return file_ ? nullptr : &text_; }

  /// Reads on from where the last read ended; 0 means the end.
  std::size_t read(std::span<char> to);
  void rewind();

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::string text_{};
  std::unique_ptr<std::FILE, Close> file_{};
  std::uint64_t size_ = 0;
  std::size_t read_ = 0;
  bool reading_ = false;
};

/// The same bytes as the body of a request.
[[nodiscard]] Body as_body(const std::shared_ptr<Stored>& stored);

}  // namespace cloudflare::server
