#pragma once

// The body of a request (memory, file or callback), and the place where the bytes of a reply go.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <cloudflare/detail/export.hpp>

namespace cloudflare {

/// Bytes to be sent, read piece by piece. Used by one transfer at a time.
class CLOUDFLARE_API Source {
 public:
  virtual ~Source() = default;
  /// Fills `to` as far as it can; 0 means the end. May throw: the transfer ends and the caller gets the exception.
  virtual std::size_t read(std::span<char> to) = 0;
  /// Goes back to the first byte, for a repeated attempt; false if that is impossible, which makes the body
  /// single-use: a request whose first byte was read is then never sent again.
  virtual bool rewind() = 0;
  /// The number of bytes, if known; otherwise the body is sent in chunks. To give more or fewer bytes is an Error
  /// (callback).
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
};

/// Where the bytes of a successful reply go. The bodies of errors never arrive here.
class CLOUDFLARE_API Sink {
 public:
  virtual ~Sink() = default;
  /// Takes the next bytes. May throw: the transfer ends and the caller gets the exception.
  virtual void write(std::string_view bytes) = 0;
  /// Forgets what was written, for a repeated attempt; false if that is impossible: a transfer that breaks after its
  /// first byte is then an error and is not repeated.
  virtual bool restart() { return false; }
};

/// The body of a request. A value in memory is owned; a file or a callback is read while sending.
class CLOUDFLARE_API Body {
 public:
  Body() = default;
  /// Bytes in memory, or a source that is read while it is sent.
  Body(std::string bytes) : text_(std::move(bytes)) {}  // NOLINT(*-explicit-*)
  Body(std::string_view bytes) : text_(bytes) {}        // NOLINT(*-explicit-*)
  Body(const char* text) : text_(text) {}               // NOLINT(*-explicit-*)
  Body(std::span<const std::byte> bytes)                // NOLINT(*-explicit-*)
      : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {}
  Body(std::shared_ptr<Source> source) : source_(std::move(source)) {}  // NOLINT(*-explicit-*)

  /// The bytes of a file (UTF-8 path), opened now and read while sending: an Error (callback) if its size changes.
  /// @throws Error  invalid_argument if it cannot be opened
  [[nodiscard]] static Body file(const std::string& path);
  /// Bytes from a callback that fills a buffer and returns how many (0: the end, also after `size` bytes). `rewind` is
  /// called before a repeated attempt; without one the request is sent once.
  [[nodiscard]] static Body callback(std::function<std::size_t(std::span<char>)> read,
                                     std::function<void()> rewind = nullptr,
                                     std::optional<std::uint64_t> size = std::nullopt);

  /// The bytes, when they are in memory.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::string take_text() && noexcept { return std::move(text_); }
  /// The source, or null when the bytes are in memory.
  [[nodiscard]] const std::shared_ptr<Source>& source() const noexcept { return source_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const {
    return source_ ? source_->size() : std::optional<std::uint64_t>(text_.size());
  }
  /// `before`, this body, `after` as one body; bytes in memory are copied once, a source stays a source.
  [[nodiscard]] Body framed(std::string before, std::string after) &&;
  /// All bytes in one string; reads a source to its end.
  [[nodiscard]] std::string read_all() const;

 private:
  std::string text_{};
  std::shared_ptr<Source> source_{};
};

/// A sink that writes a file (UTF-8 path). It writes a new file beside it ("PATH.3f9c06d1.part"), which commit()
/// renames to the path; without commit() the new file is removed. Nothing is created or opened before open() or the
/// first byte. A file that is replaced passes its access mode on; a folder or device is not replaced.
class CLOUDFLARE_API FileSink final : public Sink {
 public:
  explicit FileSink(std::string path);
  ~FileSink() override;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  /// Creates the file, unless that has happened already. @throws Error  invalid_argument if it cannot be created
  void open();
  void write(std::string_view bytes) override;
  bool restart() override;
  /// Waits until the disk has the bytes and gives the file its name; a second call does nothing.
  /// @throws Error  callback if the disk refuses
  void commit();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

/// A sink around a function. It cannot restart: a transfer that breaks after the first byte is an error.
[[nodiscard]] CLOUDFLARE_API std::shared_ptr<Sink> sink_to(std::function<void(std::string_view)> write);

}  // namespace cloudflare
