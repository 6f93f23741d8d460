#pragma once

// Decompresses a gzip reply and detects a truncated one. libcurl's own decoder accepts a gzip stream that was cut
// inside an intact HTTP message.

#include <zlib.h>

#include <array>
#include <memory>
#include <string_view>

namespace cloudflare::detail {

class Gunzip {
 public:
  Gunzip() : valid_(inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK) {}  // + 16: only the gzip format
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// Decompresses `bytes` piece by piece into `write`. False if `write` returned false or the data is not gzip.
  template <class Write>
  [[nodiscard]] bool feed(std::string_view bytes, Write write) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads
    stream_.avail_in = static_cast<uInt>(bytes.size());
    while (valid_ && stream_.avail_in > 0) {
      if (whole_) valid_ = inflateReset(&stream_) == Z_OK;  // a gzip file may have several members
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
        stream_.avail_out = static_cast<uInt>(piece_.size());
        const int state = inflate(&stream_, Z_NO_FLUSH);
        whole_ = state == Z_STREAM_END;
        valid_ = valid_ && (state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR);
        if (valid_ && !write(std::string_view(piece_.data(), piece_.size() - stream_.avail_out))) return false;
      } while (valid_ && !whole_ && stream_.avail_out == 0);
    }
    return valid_;
  }

  /// Whether the bytes so far end exactly where the compressed data ends.
  [[nodiscard]] bool whole() const noexcept { return valid_ && whole_; }
  [[nodiscard]] bool valid() const noexcept { return valid_; }

 private:
  z_stream stream_{};
  bool valid_;
  bool whole_ = false;
  std::array<char, 32'768> piece_;
};

}  // namespace cloudflare::detail
