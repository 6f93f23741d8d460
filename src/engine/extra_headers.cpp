#include "engine/extra_headers.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace cloudflare::detail {

namespace {

// Of credentials, and of what the transport decides by itself.
constexpr std::array reserved{"authorization",
                              "proxy-authorization",
                              "cookie",
                              "x-auth-email",
                              "x-auth-key",
                              "x-auth-user-service-key",
                              "x-edgebase-service-key",
                              "host",
                              "connection",
                              "content-length",
                              "transfer-encoding",
                              "te",
                              "trailer",
                              "upgrade",
                              "expect",
                              "accept-encoding",
                              "keep-alive"};

std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return low;
}

// RFC 9110, "Tokens".
bool is_token(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool is_value(std::string_view text) {
  const auto allowed = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte < 0x7f) || byte == '\t';
  };
  // libcurl removes a header whose line has nothing behind the colon.
  return text.find_first_not_of(" \t") != std::string_view::npos && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

std::optional<Error> check_extra_headers(const std::vector<Header>& added, const std::vector<Header>& present) {
  for (auto it = added.begin(); it != added.end(); ++it) {
    if (!is_token(it->name)) return invalid_argument("a header to add has a name that is not a token of RFC 9110");
    const std::string name = lower(it->name);
    if (!is_value(it->value))
      return invalid_argument("the header " + name + " to add is empty, or holds a control or non-ASCII character");
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end())
      return invalid_argument("the header " + name + " cannot be set: it belongs to the client");
    const bool twice = std::any_of(added.begin(), it, [&](const Header& other) { return lower(other.name) == name; });
    if (twice || find_header(present, name) != nullptr)
      return invalid_argument("the header " + name + " to add is there already");
  }
  return std::nullopt;
}

}  // namespace cloudflare::detail
