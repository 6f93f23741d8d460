#include "http/url.hpp"

#include <charconv>
#include <memory>

#include <cloudflare/error.hpp>

#include "http/curl_transfer.hpp"

namespace cloudflare::detail {

namespace {

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

// Four numbers up to 255 without leading zeros.
bool is_ipv4(std::string_view host) {
  for (int part = 1;; ++part) {
    const std::string_view digits = host.substr(0, host.find('.'));
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failed != std::errc() || end != digits.data() + digits.size() || number > 255) return false;
    if (digits.size() > 1 && digits.front() == '0') return false;
    if (digits.size() == host.size()) return part == 4;
    host.remove_prefix(digits.size() + 1);
  }
}

// Digits and dots that are not an address, such as "127.1.2.3.4", are a host name that anybody may own.
bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") && is_ipv4(host));
}

}  // namespace

std::optional<UrlParts> url_parts(const std::string& text) {
  const std::unique_ptr<CURLU, CloseUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) return std::nullopt;
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return std::nullopt;
  // libcurl would accept one slash, or three, instead of two.
  const std::string_view rest = std::string_view(text).substr(scheme.size());
  if (!rest.starts_with("://") || rest.starts_with(":///")) return std::nullopt;
  UrlParts parts{.host = part_of(url.get(), CURLUPART_HOST), .https = scheme == "https"};
  for (char& c : parts.host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const std::string port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), parts.port);
  if (parts.port == 0) return std::nullopt;  // nobody can listen there
  parts.loopback = is_loopback(parts.host);
  const std::string_view authority = rest.substr(3, rest.find('/', 3) - 3);
  parts.bare = authority.find('@') == std::string_view::npos && rest.find_first_of("?#") == std::string_view::npos;
  return parts;
}

BaseUrl parse_base_url(std::string_view text) {
  if (text.empty()) throw invalid_argument("the base URL is empty");
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      throw invalid_argument("the base URL holds a space, control character or non-ASCII letter");
  BaseUrl base;
  base.text = text;
  auto parts = url_parts(base.text);
  if (!parts)
    throw invalid_argument("the base URL is malformed; it must look like https://api.cloudflare.com/client/v4");
  // Paths are appended to this text, so even an empty query or fragment would swallow them.
  if (!parts->bare) throw invalid_argument("the base URL must not hold a user name, query or fragment");
  static_cast<UrlParts&>(base) = *std::move(parts);
  while (base.text.ends_with('/')) base.text.pop_back();
  return base;
}

}  // namespace cloudflare::detail
