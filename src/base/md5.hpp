#pragma once

// MD5, which D1 uses to name an import file.

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

class Md5 {
 public:
  /// @throws Error  OpenSSL has MD5 switched off
  Md5() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr) != 1)
      throw invalid_argument("OpenSSL refuses MD5, which a D1 import needs; is it in FIPS mode?");
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  /// The digest of the bytes so far; more may follow. @throws Error
  [[nodiscard]] std::string hex_so_far() const {
    Md5 copy;
    if (EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get()) != 1) throw invalid_argument("OpenSSL refuses MD5");
    return copy.hex();
  }
  /// Lower-case hex digits. Ends the digest.
  [[nodiscard]] std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
      out += "0123456789abcdef"[digest[i] >> 4U];
      out += "0123456789abcdef"[digest[i] & 15U];
    }
    return out;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace cloudflare::detail
