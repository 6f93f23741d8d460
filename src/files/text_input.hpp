#pragma once

// Reads text files piece by piece: lines, and rows of CSV, with line numbers.

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/files/readers.hpp>

namespace cloudflare::detail {

class TextInput {
 public:
  /// @throws Error  invalid_argument if the file cannot be opened
  TextInput(const std::string& path, std::size_t max_item_bytes);
  TextInput(std::istream& in, std::size_t max_item_bytes);
  TextInput(const TextInput&) = delete;
  TextInput& operator=(const TextInput&) = delete;

  /// The next line without its end; false at the end of the file.
  bool line(std::string& text);
  /// How many fields the next row of CSV (RFC 4180) has, the first `most` of which are kept; 0 at the end of the file.
  /// Empty lines are skipped.
  std::size_t row(std::vector<std::string>& fields, std::size_t most);
  /// Skips forward to `place`.
  void skip_to(const FilePosition& place);

  /// Offset and line count at the next item.
  [[nodiscard]] std::uint64_t offset() const noexcept { return before_ + at_; }
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
  /// An error about what was read last, with file and line.
  [[nodiscard]] Error error(std::string_view text) const;

 private:
  static constexpr int end_of_file = -1;

  [[nodiscard]] bool fill();
  [[nodiscard]] int get();
  [[nodiscard]] int peek();
  void skip_mark();
  void begin_item() noexcept;
  [[nodiscard]] bool quoted(std::string& field);
  [[nodiscard]] bool plain(std::string& field, int first);
  void check_size() const;

  std::filebuf file_{};
  std::streambuf* from_;
  std::string name_{};
  std::size_t max_item_bytes_;
  std::string buffer_{};
  std::size_t at_ = 0;
  std::uint64_t before_ = 0;  ///< Bytes before the buffer.
  std::uint64_t lines_ = 0;
  std::uint64_t item_line_ = 0;   ///< The line on which the item read last begins.
  std::uint64_t item_begin_ = 0;  ///< The offset at which it begins.
  bool ended_ = false;            ///< The source has no bytes after the buffer.
};

/// The readers of <cloudflare/files/readers.hpp> without their ranges.
[[nodiscard]] std::unique_ptr<ItemSource<kv::Entry>> open_entries(bool csv, const std::string& path,
                                                                  const ReadOptions& options);
[[nodiscard]] std::unique_ptr<ItemSource<vectorize::Vector>> open_vectors(bool csv, const std::string& path,
                                                                          const ReadOptions& options);

}  // namespace cloudflare::detail
