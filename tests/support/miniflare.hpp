#pragma once

// Cloudflare's own KV and D1 engines on loopback, started for one test program. See tests/miniflare.

#include <sys/types.h>

#include <string>

namespace cloudflare_tests {

/// A running server; it ends with this object, and also if the test program dies.
class Miniflare {
 public:
  static constexpr const char* token = "test-token";
  static constexpr const char* account_owned_token = "test-account-token";
  static constexpr const char* email = "test@example.com";
  static constexpr const char* key = "test-key";
  static constexpr const char* service_key = "test-service-key";                 ///< EdgeBase's.
  static constexpr const char* account_id = "0123456789abcdef0123456789abcdef";  ///< Any id will do.

  /// Starts the server and waits until it serves; about two seconds. @throws std::runtime_error  with its reason
  Miniflare();
  ~Miniflare();
  Miniflare(const Miniflare&) = delete;
  Miniflare& operator=(const Miniflare&) = delete;

  /// True if node and the installed packages are here; otherwise `why` says what is missing.
  [[nodiscard]] static bool available(std::string* why);

  /// The mapping of the v4 API onto the engines, up to and including /client/v4.
  [[nodiscard]] const std::string& base_url() const noexcept { return base_url_; }
  /// EdgeBase's routes over engines of their own, without /api.
  [[nodiscard]] std::string edgebase_url() const { return base_url_.substr(0, base_url_.find("/client/v4")); }
  /// Miniflare's own Local Explorer over the same namespaces and databases.
  [[nodiscard]] const std::string& explorer_url() const noexcept { return explorer_url_; }

 private:
  void stop() noexcept;
  [[nodiscard]] std::string expect_line(const std::string& name);

  pid_t pid_ = -1;
  int to_server_ = -1;    ///< Open as long as this object lives: the server ends when it is closed.
  int from_server_ = -1;  ///< Its standard output.
  std::string received_{};
  std::string base_url_{};
  std::string explorer_url_{};
};

}  // namespace cloudflare_tests
