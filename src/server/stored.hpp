#pragma once

// The bytes of a request's or reply's body: in memory while they are few, in a nameless temporary file otherwise or
// when the memory of all bodies is used up.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <cloudflare/http/body.hpp>

#include "base/temporary_file.hpp"
#include "server/budget.hpp"

namespace cloudflare::server {

class Stored final : public Sink {
 public:
  /// Written bytes count against `budgets` while this lives; null: they do not count.
  explicit Stored(Budgets* budgets = nullptr) : budgets_(budgets) {}
  ~Stored() override { give_back(); }
  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;

  /// @throws Error  callback: the file cannot be written
  /// @throws std::system_error  the budget of the disk is used up
  void write(std::string_view bytes) override;
  bool restart() override;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// All bytes, if they are in memory.
  [[nodiscard]] std::string* text() noexcept { return file_ ? nullptr : &text_; }

  /// Continues where the last read ended; 0 means the end.
  std::size_t read(std::span<char> to);
  void rewind();

 private:
  // Counts `bytes` in memory instead of what is counted now, unless they are too many.
  [[nodiscard]] bool may_hold(std::size_t bytes) noexcept;
  void to_file();
  void append_to_file(std::string_view bytes);
  void give_back() noexcept;

  Budgets* budgets_;
  std::uint64_t in_memory_ = 0;  // taken from the budget
  std::uint64_t on_disk_ = 0;
  std::string text_{};
  std::optional<detail::TemporaryFile> file_{};
  std::uint64_t size_ = 0;
  std::size_t read_ = 0;
  bool reading_ = false;
};

/// The same bytes as the body of a request.
[[nodiscard]] Body as_body(const std::shared_ptr<Stored>& stored);

}  // namespace cloudflare::server
