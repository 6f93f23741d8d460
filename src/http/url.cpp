#include "http/url.hpp"

#include <curl/curl.h>

#include <memory>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

namespace {

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

BaseUrl parse_base_url(std::string_view text) {
  if (text.empty()) throw invalid_argument("the base URL is empty");
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      throw invalid_argument("the base URL holds a space, control character or non-ASCII letter");
  const std::unique_ptr<CURLU, CloseUrl> url(curl_url());
  const std::string given(text);
  if (curl_url_set(url.get(), CURLUPART_URL, given.c_str(), 0) != CURLUE_OK)
    throw invalid_argument("the base URL is malformed; it must look like https://api.cloudflare.com/client/v4");
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") throw invalid_argument("the base URL must begin with https:// or http://");
  // Paths are appended to the text as it stands, so an empty query or fragment would swallow them.
  const std::size_t slashes = text.find("://");
  const std::string_view rest = slashes == std::string_view::npos ? "" : text.substr(slashes + 3);
  if (rest.empty() || rest.starts_with('/')) throw invalid_argument("the base URL names no host");
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos ||
      rest.find_first_of("?#") != std::string_view::npos)
    throw invalid_argument("the base URL must not hold a user name, query or fragment");
  BaseUrl base{.text = given, .host = part_of(url.get(), CURLUPART_HOST), .https = scheme == "https"};
  for (char& c : base.host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  while (base.text.ends_with('/')) base.text.pop_back();
  base.loopback = is_loopback(base.host);
  return base;
}

}  // namespace cloudflare::detail
