#pragma once

// Record and replay: a transport that writes down what a server answered, and one that answers from that file. For
// tests of code that uses the library; they need no test framework.

#include <memory>
#include <string>

#include <cloudflare/http/transport.hpp>

namespace cloudflare::testing {

/// Passes requests on to another transport and writes each exchange as one line of JSON (NDJSON) to a file.
///
/// What is written: method, path with query, body, and status, headers, body of the reply, or the failure; bodies that
/// are not UTF-8 in base64. What is not: headers of requests, so no credential; should the server send a credential
/// back, "[redacted]" stands in its place. URLs that are signed lose their query, in requests and in replies that are
/// JSON, and replies lose their cookies. Account ids, keys and values stay: look at the file before you commit it.
///
/// Requests run one after the other for each thread that drives calls. Their bodies and replies are held in memory.
/// Thread-safe.
class CLOUDFLARE_API RecordingTransport final : public Transport {
 public:
  /// Records to a new file (UTF-8 path); an existing one is replaced. Null: over libcurl.
  /// @throws Error  invalid_argument if it cannot be written
  explicit RecordingTransport(const std::string& path, std::shared_ptr<Transport> inner = nullptr);
  ~RecordingTransport() override;

  HttpResponse send(const HttpRequest& request, const TransferLimits& limits) override;

 private:
  struct Tape;
  std::shared_ptr<Transport> inner_;
  std::unique_ptr<Tape> tape_;
};

/// Answers from a file of RecordingTransport, without a network. Thread-safe.
///
/// A request is answered by the first unused exchange of the file with its method, path (query included, without scheme
/// and host) and body; the random boundary of a multipart body does not matter. The account id must be that of the
/// recording, the credential and the base URL's host may be any. A request that matches none is an Error
/// (invalid_argument), which names the nearest exchange and where it differs.
class CLOUDFLARE_API ReplayTransport final : public Transport {
 public:
  /// @throws Error  invalid_argument, with the line, if the file cannot be read or is not a recording
  explicit ReplayTransport(const std::string& path);
  ~ReplayTransport() override;

  HttpResponse send(const HttpRequest& request, const TransferLimits& limits) override;
  /// The requests that matched nothing, and how many exchanges were never used. A test should require that this is
  /// empty.
  [[nodiscard]] std::string problems() const;

 private:
  struct Tape;
  std::unique_ptr<Tape> tape_;
};

}  // namespace cloudflare::testing
