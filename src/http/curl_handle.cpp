#include "http/curl_handle.hpp"

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "base/files.hpp"
#include "base/wipe.hpp"
#include "http/curl_transfer.hpp"
#include "http/url.hpp"

namespace cloudflare::detail {

namespace {

bool has_proxy_variable() {
  const auto is_set = [](const char* name) { return !files::variable(name).empty(); };
  return is_set("http_proxy") || is_set("https_proxy") || is_set("HTTPS_PROXY") || is_set("all_proxy") ||
         is_set("ALL_PROXY");
}

// Whether a request line can hold `text` without encoding.
bool is_target(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c >= '\x7f' || c == '#') return false;
  return text.starts_with('/');
}

void use_url(CurlHandle& handle) {
  curl_easy_setopt(handle.easy.get(), CURLOPT_CURLU, handle.url.get());
  // Credentials for this machine may travel unencrypted, but must not leave it through a proxy.
  handle.direct = handle.loopback || !handle.proxies.value_or(true);
  curl_easy_setopt(handle.easy.get(), CURLOPT_NOPROXY, handle.direct ? "*" : nullptr);
  // With TLS the handshake tells whether requests can share one HTTP/2 connection, so they wait for it. Without TLS
  // they would all wait for the first reply.
  curl_easy_setopt(handle.easy.get(), CURLOPT_PIPEWAIT, handle.origin.starts_with("https:") ? 1L : 0L);
}

// Parsing a URL is a tenth of libcurl's work for a small request, so it is done once per host.
void parse_url(CurlHandle& handle, const std::string& url) {
  handle.url.reset(curl_url());
  // A key ".." must not climb in the path. The URL stays empty if it is not an http URL, and libcurl then refuses it.
  const auto parts = url_parts(url);
  const bool good = parts && curl_url_set(handle.url.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) == CURLUE_OK;
  handle.loopback = good && parts->loopback;
  handle.origin = good ? origin_of(url) : "";
  use_url(handle);
}

}  // namespace

void FreeList::operator()(curl_slist* list) const noexcept {
  for (const curl_slist* line = list; line != nullptr; line = line->next)
    OPENSSL_cleanse(line->data, std::strlen(line->data));
  curl_slist_free_all(list);
}

CurlHandle::~CurlHandle() { wipe(headers); }

std::string_view origin_of(std::string_view url) noexcept {
  return url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
}

void prepare(CurlHandle& handle, const CurlOptions& options) {
  CURL* const easy = handle.easy.get();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // do not wait for the resolver thread of an abandoned transfer
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // The default is added to, not replaced: libcurl's directory of certificates stays.
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!handle.proxies) handle.proxies = has_proxy_variable();
  if (handle.url) use_url(handle);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &handle);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, CurlTransfer::on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &handle);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, CurlTransfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &handle);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, CurlTransfer::on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &handle);
  if (writes_heads()) curl_easy_setopt(easy, CURLOPT_HEADER, 1L);
}

void ask_for(CurlHandle& handle, const std::string& url) {
  // A proxy may need the whole URL in the request line, where libcurl 8.23 writes %2e as %2E.
  const auto is_known = [&] {
    return handle.direct && url.starts_with(handle.origin) &&
           is_target(std::string_view(url).substr(handle.origin.size()));
  };
  bool known = is_known();
  if (!known) {
    parse_url(handle, url);
    known = is_known();
  }
  curl_easy_setopt(handle.easy.get(), CURLOPT_REQUEST_TARGET, known ? url.c_str() + handle.origin.size() : nullptr);
}

bool writes_heads() {
  static const bool needed = curl_version_info(CURLVERSION_NOW)->version_num < 0x080101;
  return needed;
}

void renew(CurlHandle& handle, const CurlOptions& options) {
  curl_easy_reset(handle.easy.get());
  handle.lines.reset();
  prepare(handle, options);
}

}  // namespace cloudflare::detail
