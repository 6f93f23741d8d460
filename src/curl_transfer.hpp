#pragma once

// One transfer on a libcurl easy handle: options in, callbacks, reply or Error out.

#include <curl/curl.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include <cloudflare/transport.hpp>

namespace cloudflare::detail {

struct CloseEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using EasyPtr = std::unique_ptr<CURL, CloseEasy>;

class CurlTransfer {
 public:
  CurlTransfer(EasyPtr easy, unsigned ticket, std::shared_ptr<const HttpRequest> request, const TransferLimits& limits,
               const CurlOptions& options);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }
  [[nodiscard]] unsigned ticket() const noexcept { return ticket_; }
  /// The reply, or what `code` means; the transfer is over.
  [[nodiscard]] Result<HttpResponse> finish(CURLcode code);
  /// The handle, cleared for another transfer; its connections stay with the multi handle.
  [[nodiscard]] EasyPtr release() &&;

 private:
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  void set_url_and_limits(const TransferLimits& limits, const CurlOptions& options);
  void set_headers();
  void set_body();
  [[nodiscard]] Error error_of(CURLcode code) const;
  void take(std::string_view bytes);
  void reserve_for(std::size_t more);

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);

  EasyPtr easy_;
  unsigned ticket_;
  std::shared_ptr<const HttpRequest> request_;
  std::unique_ptr<curl_slist, FreeList> headers_{};
  HttpResponse response_{};
  std::uint64_t received_ = 0;
  std::size_t sent_ = 0;
  bool too_large_ = false;
  std::exception_ptr thrown_{};  // by a sink or source; never through libcurl's frames
  char reason_[CURL_ERROR_SIZE] = {};
};

}  // namespace cloudflare::detail
