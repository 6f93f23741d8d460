#pragma once

// What a channel keeps between transfers: servers, and libcurl's easy handles.

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/http/transport.hpp>

namespace cloudflare::detail {

struct CloseEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
/// Overwrites the lines first: one of them is the credential.
struct FreeList {
  void operator()(curl_slist* list) const noexcept;
};
struct CloseUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

/// A server, as far as one channel knows it. libcurl does not tell before the first reply whether a connection speaks
/// HTTP/2, but two requests on one connection without a reply between them do.
struct CurlHost {
  std::size_t busy = 0;      ///< Transfers in libcurl.
  bool multiplexes = false;  ///< Its connections carry many requests at once.
  int unanswered = 0;        ///< Local port of a connection that carries a request without a reply; 0: none known.

  /// Connections that `transfers` need at most. libcurl puts no more than 100 on one.
  [[nodiscard]] std::size_t connections(std::size_t transfers) const noexcept {
    return multiplexes ? (transfers + 99) / 100 : transfers;
  }
  void asked(int local_port) noexcept {
    multiplexes = multiplexes || (local_port > 0 && unanswered == local_port);
    unanswered = local_port;
  }
  void answered(bool http2) noexcept {
    multiplexes = http2;
    unanswered = 0;
  }
};

class CurlTransfer;

/// An easy handle, and the state kept between its transfers. It must not move.
struct CurlHandle {
  CurlHandle() = default;
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;
  ~CurlHandle();

  CurlTransfer* transfer = nullptr;        ///< The current one.
  CurlHost* host = nullptr;                ///< The server it goes to.
  std::unique_ptr<CURLU, CloseUrl> url{};  ///< What `easy` was told last.
  std::optional<bool> proxies{};           ///< An environment variable names a proxy; read once.
  bool loopback = false;                   ///< `url` is on this machine.
  bool direct = false;                     ///< No proxy is used.
  std::string origin{};                    ///< Scheme, host and port of `url`; empty if it is not valid.
  std::unique_ptr<CURL, CloseEasy> easy{};
  std::unique_ptr<curl_slist, FreeList> lines{};
  std::vector<Header> headers{};  ///< The headers that `lines` were made from.
};

/// Scheme, host and port of a URL.
[[nodiscard]] std::string_view origin_of(std::string_view url) noexcept;

/// Sets the options that all transfers share.
void prepare(CurlHandle& handle, const CurlOptions& options);

/// True for libcurl before 8.1.1. An easy handle that has had a reply takes a folded first header of the next one for
/// the rest of a header that it has freed (curl's issue 11101), so CURLOPT_HEADER shows each line to on_write() before.
[[nodiscard]] bool writes_heads();
/// Makes the handle as it was before its first transfer, but for what is known of server and proxy.
void renew(CurlHandle& handle, const CurlOptions& options);

/// Makes the handle ask for `url`, with a proxy or without.
void ask_for(CurlHandle& handle, const std::string& url);

}  // namespace cloudflare::detail
