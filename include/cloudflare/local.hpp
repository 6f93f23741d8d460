#pragma once

// The embedded store: Workers KV, D1 and Vectorize answered in this process, with Cloudflare's limits and error codes.
// The text embedding models of Workers AI are answered by local::HashEmbedder.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <cloudflare/client.hpp>
#include <cloudflare/http/transport.hpp>

namespace cloudflare::local {

class Service;

/// A Vectorize index as EdgeBase's configuration declares it.
struct EdgeBaseIndex {
  std::string name{};
  int dimensions = 0;
  std::string metric = "cosine";  ///< Or "euclidean", "dot-product".
};

/// What the store also serves as an EdgeBase server, under /api. Names are those of namespaces (their titles),
/// databases and indexes of the account; those that do not exist are created.
struct EdgeBaseOptions {
  std::string service_key{};  ///< Required.
  std::vector<std::string> kv{};
  std::vector<std::string> d1{};
  std::vector<EdgeBaseIndex> vectorize{};
};

/// The account that an embedded store stands for, and how strictly it behaves.
struct CloudflareOptions {
  /// Account id the store answers for.
  std::string account_id = "local";
  /// Null: the machine's clocks. Decides expiry.
  std::shared_ptr<Clock> clock{};
  /// Answers 429 to requests beyond 1200 per 5 minutes, and to writes beyond one per second and key.
  bool rate_limits = false;
  /// How long a change of a Vectorize index takes until it is visible. Cloudflare takes seconds to minutes.
  std::chrono::seconds vectorize_delay{0};
  /// Credentials that are accepted, compared in constant time: an API token, or an e-mail address with an API key. If
  /// all are empty, every well-formed credential is accepted.
  std::string token{};
  std::string email{};
  std::string api_key{};
};

/// What a server can tell from the head of a request.
struct Admission {
  std::optional<HttpResponse> refusal{};  ///< The reply, if no body can change it.
  std::uint64_t body_bytes = 0;           ///< Largest body of this route.
};

/// An account in this process. Clients made from it make the same typed calls as against Cloudflare, without network.
///
/// A copy is cheap and stands for the same store; any thread may use it; the store closes with its last user.
/// In a folder, a write that was acknowledged survives the end of the process in any way, kill -9 included; that it
/// survives a power cut is not promised. One store at a time may use a folder: a second one, in this or another
/// process, is refused.
/// Time travel of D1 restores every bookmark that was handed out; for a time, it takes the newest bookmark whose state
/// had begun by then, so a state for which nobody asked a bookmark cannot be restored. An import or export answers
/// "active" once, though its work is done. `rows_read` and `rows_written` of D1's meta are estimates.
/// Vectorize searches exactly, where Cloudflare approximates; a list's cursor lives one hour. Vectors are kept in
/// memory besides the folder. Not modelled: eventual consistency (writes are visible at once, those of Vectorize after
/// `vectorize_delay`), replication, accounting across users.
class CLOUDFLARE_API Cloudflare {
 public:
  /// In memory; gone with the last user.
  explicit Cloudflare(const CloudflareOptions& options = CloudflareOptions());
  /// Kept in a folder (UTF-8 path), created if missing.
  /// @throws Error  invalid_argument if the folder cannot be used, or another store uses it
  template <class Folder>  // not a plain string: `Cloudflare({.token = "…"})` would be ambiguous to g++ 12
  requires(std::is_convertible_v<const Folder&, std::string>) explicit Cloudflare(
      const Folder& folder, const CloudflareOptions& options = CloudflareOptions())
      : Cloudflare(std::in_place, folder, options) {}

  /// From now on the store also answers as an EdgeBase server; a second call replaces the first. Do not call it while
  /// requests are under way. A program that does not call this does not link the EdgeBase code.
  /// @throws Error  invalid_argument: no service key, an invalid name, or an index that exists with other dimensions or
  /// another metric
  void serve_edgebase(const EdgeBaseOptions& options);

  /// A client of this account. `options.transport` and the account id are filled in.
  [[nodiscard]] ApiClient client(ClientOptions options = ClientOptions()) const;
  /// Answers requests to .../client/v4, and to .../api after serve_edgebase(), whatever the host. For clients with
  /// options of their own.
  [[nodiscard]] std::shared_ptr<Transport> transport() const;
  /// Judges a request by its method, URL and headers: who asks, and whether the route exists. It is for servers that
  /// decide before they accept a body. Reads no body, waits for nothing, changes nothing; transport() judges again.
  [[nodiscard]] Admission admit(const HttpRequest& head) const;
  [[nodiscard]] const std::string& account_id() const noexcept;

 private:
  Cloudflare(std::in_place_t, const std::string& folder, const CloudflareOptions& options);
  std::shared_ptr<Service> service_{};
  std::string account_id_{};
  Credential credential_;
};

}  // namespace cloudflare::local
