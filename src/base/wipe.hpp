#pragma once

// Overwrites secrets before their memory is given back, so that a later leak of memory does not hold them.

#include <openssl/crypto.h>

#include <string>
#include <vector>

#include <cloudflare/http/transport.hpp>

namespace cloudflare::detail {

/// Overwrites the text, which no optimisation leaves out, and empties it.
inline void wipe(std::string& text) noexcept {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

/// Overwrites the values of headers and removes these.
inline void wipe(std::vector<Header>& headers) noexcept {
  for (Header& header : headers) wipe(header.value);
  headers.clear();
}

}  // namespace cloudflare::detail
