#include "local/http/multipart.hpp"

#include <algorithm>

namespace cloudflare::local {

namespace {

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_case);
  return out;
}

// The parameter `name` of a header value such as `form-data; name="value"`; empty if there is none.
std::string parameter(std::string_view value, std::string_view name) {
  const std::string names = lowered(value);
  for (std::size_t at = names.find(';'); at != std::string::npos; at = names.find(';', at + 1)) {
    const std::size_t begin = names.find_first_not_of(" \t", at + 1);
    if (begin == std::string::npos || names.compare(begin, name.size(), name) != 0) continue;
    std::string_view rest = value.substr(begin + name.size());
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    if (rest.starts_with('"')) return std::string(rest.substr(1, rest.find('"', 1) - 1));
    return std::string(rest.substr(0, rest.find_first_of("; \t")));
  }
  return {};
}

// The value of the part's content-disposition header; empty if there is none.
std::string_view disposition(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-disposition:";
  const std::string names = lowered(head);
  const std::size_t at = names.find(name);
  if (at == std::string::npos) return {};
  const std::string_view value = head.substr(at + name.size());
  return value.substr(0, value.find("\r\n"));
}

}  // namespace

bool is_multipart(std::string_view content_type) { return lowered(content_type).starts_with("multipart/form-data"); }

std::vector<std::pair<std::string, std::string_view>> parse_multipart(std::string_view content_type,
                                                                      std::string_view body) {
  const std::string boundary = parameter(content_type, "boundary");
  if (boundary.empty()) return {};
  const std::string delimiter = "\r\n--" + boundary;
  std::vector<std::pair<std::string, std::string_view>> parts;
  // The first delimiter may stand at the very beginning.
  std::size_t at = body.starts_with(std::string_view(delimiter).substr(2)) ? 0 : body.find(delimiter);
  if (at == std::string_view::npos) return {};
  at += delimiter.size() - (at == 0 && !body.starts_with("\r\n") ? 2 : 0);
  while (!body.substr(at).starts_with("--")) {
    const std::size_t head_end = body.find("\r\n\r\n", at);
    if (!body.substr(at).starts_with("\r\n") || head_end == std::string_view::npos) return {};
    const std::size_t begin = head_end + 4;
    const std::size_t end = body.find(delimiter, begin);
    if (end == std::string_view::npos) return {};
    const std::string name = parameter(disposition(body.substr(at, head_end - at)), "name");
    if (name.empty()) return {};
    parts.emplace_back(name, body.substr(begin, end - begin));
    at = end + delimiter.size();
  }
  return parts;
}

}  // namespace cloudflare::local
