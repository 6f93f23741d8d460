#pragma once

// One transfer on a libcurl easy handle: options in, callbacks, reply or Error out.

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/http/transport.hpp>

#include "http/curl_handle.hpp"
#include "http/gunzip.hpp"

namespace cloudflare::detail {

/// The error of a transfer that could not begin because of what was thrown.
[[nodiscard]] Error not_begun(const std::exception_ptr& thrown);

class CurlTransfer {
 public:
  /// `handle` must be prepared and must outlive the transfer.
  CurlTransfer(CurlHandle& handle, unsigned ticket, std::shared_ptr<const HttpRequest> request,
               const TransferLimits& limits);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  [[nodiscard]] CURL* easy() const noexcept { return handle_.easy.get(); }
  [[nodiscard]] unsigned ticket() const noexcept { return ticket_; }
  /// Whether libcurl began to send the request.
  [[nodiscard]] bool began() const noexcept { return sends_ > 0; }
  /// Whether less than a byte per second moved during the stall limit. Waiting for a connection is not a stall.
  [[nodiscard]] bool stalled(std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::chrono::milliseconds stall_limit() const noexcept { return stall_limit_; }
  /// The reply, or the error that `code` means, after the transfer is over.
  [[nodiscard]] Result<HttpResponse> finish(CURLcode code);
  /// How long the transfer stood in the channel's queue.
  void waited(std::chrono::nanoseconds time) noexcept { waited_ = time; }
  /// What libcurl counted, if the request asks for it; after finish().
  [[nodiscard]] std::optional<TransferFacts> facts() const;
  /// Prepares the handle for another transfer; its connections stay with the multi handle.
  void release(const CurlOptions& options);

  // Callbacks of libcurl; `self` is the handle.
  static int on_connected(void* self, char* ip, char* local_ip, int port, int local_port);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  /// libcurl shows the bytes of chunks, before it decodes them, to its debug function alone.
  static int on_debug(CURL*, curl_infotype type, char*, std::size_t size, void* self) {
    if (type == CURLINFO_DATA_IN && size > 0) of(self).chunk_began_ = true;
    return 0;
  }
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);

 private:
  void set_headers();
  void make_lines();
  void set_body();
  [[nodiscard]] Error error_of(CURLcode code) const;
  [[nodiscard]] std::uint64_t reply_limit(bool streams) const noexcept;
  [[nodiscard]] std::size_t give(std::span<char> room);
  [[nodiscard]] bool take_header(std::string_view line);
  [[nodiscard]] bool in_head() const noexcept;
  [[nodiscard]] bool may_read(std::string_view piece) noexcept;
  void watch_chunks();
  [[nodiscard]] bool choose_decoder();
  [[nodiscard]] bool keep(std::string_view bytes);
  void take(std::string_view bytes);
  void reserve_for(std::size_t more);

  static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static CurlTransfer& of(void* self) { return *static_cast<CurlHandle*>(self)->transfer; }

  CurlHandle& handle_;
  unsigned ticket_;
  std::shared_ptr<const HttpRequest> request_;
  std::shared_ptr<Source> source_{};  // the body's source, checked
  HttpResponse response_{};
  std::unique_ptr<Gunzip> gunzip_{};
  std::uint64_t received_ = 0;
  std::chrono::milliseconds stall_limit_;
  std::chrono::steady_clock::time_point moved_at_{};  // when bytes last moved fast enough
  std::uint64_t moved_ = 0;                           // bytes moved in total
  int sends_ = 0;                                     // times libcurl began to send the request
  std::chrono::nanoseconds waited_{0};
  bool plain_get_ = false;
  bool head_complete_ = false;
  bool in_line_ = false;       // libcurl has written a piece of a line of the head
  bool folded_first_ = false;  // a head began with the rest of a header
  bool chunked_ = false;       // the reply's body comes in chunks
  bool chunk_began_ = false;   // a byte of them has come
  bool unknown_encoding_ = false;
  bool too_large_ = false;
  std::exception_ptr thrown_{};  // by a callback; must not pass through libcurl's frames
};

}  // namespace cloudflare::detail
