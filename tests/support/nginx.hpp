#pragma once
// nginx on loopback in front of another server, with TLS (certificates made for the occasion), HTTP/2 and gzip. Its log
// of connections is evidence that does not come from our own code.

#include <optional>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace support {

struct NginxOptions {
  std::string upstream{};              ///< http://127.0.0.1:PORT, where requests are passed on to
  std::string names = "IP:127.0.0.1";  ///< the names in its certificate
  bool http2 = true;
  bool gzip = false;
  std::string more{};  ///< further directives of its server block
};

class Nginx {
 public:
  explicit Nginx(const NginxOptions&);

  [[nodiscard]] unsigned port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const;  ///< https://127.0.0.1:PORT/client/v4
  [[nodiscard]] std::string ca_file() const {
    return folder_.file("ca.pem");
  }  ///< the authority that signed its certificate

  struct Logged {
    std::string connection{};  ///< nginx' serial number of the connection
    std::string protocol{};    ///< HTTP/1.1 or HTTP/2.0
    std::string method{};
    std::string encoding{};  ///< Content-Encoding of the reply, or -
  };
  /// Ends nginx and reads what it logged, one entry for each request.
  [[nodiscard]] std::vector<Logged> stop();

 private:
  TemporaryFolder folder_{};
  unsigned port_ = 0;
  std::optional<Child> process_{};
};

}  // namespace support
