#include "local/storage/text.hpp"

#include <cstdint>

#include "base/encode.hpp"

namespace cloudflare::local {

namespace {

// The number of bytes of the sequence that begins at `text[0]`, and whether they are a character.
// WHATWG Encoding, "UTF-8 decoder": a broken sequence ends before the first byte that cannot continue it.
std::pair<std::size_t, bool> sequence(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // No overlong forms, no surrogates, nothing above U+10FFFF.
  const std::uint8_t lower = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t upper = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    const bool continues = i < text.size() && byte(i) >= (i == 1 ? lower : 0x80) && byte(i) <= (i == 1 ? upper : 0xBF);
    if (!continues) return {i, false};
  }
  return {length, true};
}

}  // namespace

std::string replace_broken_utf8(std::string_view bytes) {
  if (cloudflare::detail::is_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto [length, good] = sequence(bytes);
    out += good ? bytes.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(length);
  }
  return out;
}

std::string decode_utf8(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return replace_broken_utf8(bytes);
}

std::optional<std::string> forgiving_base64_decoded(std::string_view text) {
  // The common case is exact base64, and is not copied.
  if (auto decoded = cloudflare::detail::base64_decoded(text)) return decoded;
  std::string packed;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r') packed += c;
  if (packed.find('=') == std::string::npos && packed.size() % 4 != 1) packed.append((4 - packed.size() % 4) % 4, '=');
  return cloudflare::detail::base64_decoded(packed);
}

}  // namespace cloudflare::local
