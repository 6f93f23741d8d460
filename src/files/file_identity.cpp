#include "files/file_identity.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/files.hpp"

namespace cloudflare::detail {

std::optional<FileStamp> stamp_of(const std::string& path) {
  const auto now = files::status_of(path);
  if (!now || !now->regular) return std::nullopt;
  return FileStamp{.device = now->device,
                   .number = now->number,
                   .bytes = now->bytes,
                   .seconds = now->seconds,
                   .nanoseconds = now->nanoseconds};
}

std::string digest_of_beginning(const std::string& path, std::uint64_t bytes) {
  constexpr std::uint64_t end_bytes = 1U << 16;
  const auto stamp = stamp_of(path);
  if (!stamp || stamp->bytes < bytes) return {};
  const auto first = static_cast<std::size_t>(std::min(end_bytes, bytes));
  const auto last = static_cast<std::size_t>(std::min(end_bytes, bytes - first));
  std::string ends(first + last, '\0');
  const files::Stream file = files::open_to_read(path);
  if (!file || std::fread(ends.data(), 1, first, file.get()) != first || !files::seek(file.get(), bytes - last) ||
      std::fread(ends.data() + first, 1, last, file.get()) != last)
    return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(ends.data(), ends.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex.push_back("0123456789abcdef"[digest[i] >> 4U]);
    hex.push_back("0123456789abcdef"[digest[i] & 15U]);
  }
  return hex;
}

}  // namespace cloudflare::detail
