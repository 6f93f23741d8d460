#include "server/head.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <iterator>

namespace cloudflare::server {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

struct Authority {
  std::string host{};  // in lower case, without brackets
  std::string port{};
};

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port <= 65'535;
}

// Nothing if `text` is not "host", "host:port" or "[address]:port".
std::optional<Authority> read_authority(std::string_view text) {
  Authority out;
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  const auto is_part = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || (text.starts_with('[') && c == ':');
  };
  if (host.empty() || !std::all_of(host.begin(), host.end(), is_part)) return std::nullopt;
  if (!rest.empty() && (!rest.starts_with(':') || !is_port(rest.substr(1)))) return std::nullopt;
  std::transform(host.begin(), host.end(), std::back_inserter(out.host), beast::detail::ascii_tolower);
  if (!rest.empty()) out.port = rest.substr(1);
  return out;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// The authority of an absolute target, as in "GET http://host/ HTTP/1.1"; empty for any other.
std::string_view authority_of(std::string_view target) {
  if (target.starts_with('/')) return {};
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return {};
  target.remove_prefix(scheme + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

std::optional<WrongHead> find_wrong_framing(const http::request_header<>& head) {
  // A repeated header is ambiguous: two readers may take different ones.
  constexpr std::array single{http::field::host,          http::field::content_length, http::field::transfer_encoding,
                              http::field::authorization, http::field::content_type,   http::field::origin};
  const auto stands_twice = [&](auto name) { return head.count(name) > 1; };
  constexpr std::array<std::string_view, 3> single_names{"X-Auth-Email", "X-Auth-Key", "X-EdgeBase-Service-Key"};
  if (std::any_of(single.begin(), single.end(), stands_twice) ||
      std::any_of(single_names.begin(), single_names.end(),
                  [&](std::string_view name) { return stands_twice(beast::string_view(name.data(), name.size())); }))
    return WrongHead{.message = "a header that may appear only once appears twice"};
  const auto length = head.find(http::field::content_length);
  if (length != head.end() && length->value().find_first_not_of("0123456789") != beast::string_view::npos)
    return WrongHead{.message = "Content-Length is not a number"};
  const auto coding = head.find(http::field::transfer_encoding);
  if (coding == head.end()) return std::nullopt;
  if (head.version() < 11) return WrongHead{.message = "HTTP/1.0 has no Transfer-Encoding"};
  if (length != head.end()) return WrongHead{.message = "the request has both Content-Length and Transfer-Encoding"};
  if (!beast::iequals(coding->value(), "chunked"))
    return WrongHead{.status = 501, .message = "the only transfer coding is chunked"};
  return std::nullopt;
}

}  // namespace

bool Names::are(std::string_view authority, bool needs_port) const {
  const std::optional<Authority> found = read_authority(authority);
  if (!found) return false;
  const auto is_found = [&](std::string_view name) {
    const std::optional<Authority> read = read_authority(name);
    return read && read->host == found->host && (read->port.empty() || read->port == found->port);
  };
  if (std::any_of(allowed.begin(), allowed.end(), is_found)) return true;
  const std::uint16_t usual_port = tls ? 443 : 80;
  if (found->port.empty() ? needs_port && port != usual_port : found->port != std::to_string(port)) return false;
  if (found->host == "localhost") return true;
  boost::system::error_code error;
  const auto given = boost::asio::ip::make_address(found->host, error);
  return !error && (given.is_loopback() || given == address || address.is_unspecified());
}

bool Names::is_own_origin(std::string_view origin) const {
  const std::string_view scheme = tls ? "https://" : "http://";
  return origin.starts_with(scheme) && are(origin.substr(scheme.size()), true);
}

std::optional<WrongHead> find_wrong(const http::request_header<>& head, const Names& names) {
  if (auto wrong = find_wrong_framing(head)) return wrong;
  const std::string_view host = view(head[http::field::host]);
  if (host.empty() && head.version() >= 11) return WrongHead{.message = "the request has no Host"};
  constexpr WrongHead foreign_host{
      .status = 403, .code = 10000, .message = "the request's Host is not this server: --allow-host adds a name"};
  if (!host.empty() && !names.are(host, false)) return foreign_host;
  const std::string_view target = view(head.target());
  if (target.find("://") < target.find('/') && !names.are(authority_of(target), false)) return foreign_host;
  const auto origin = head.find(http::field::origin);
  if (origin != head.end() && !names.is_own_origin(view(origin->value())))
    return WrongHead{.status = 403,
                     .code = 10000,
                     .message = "the request's Origin is the web page of another server: --allow-host adds a name"};
  return std::nullopt;
}

}  // namespace cloudflare::server
