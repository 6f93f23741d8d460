#pragma once

// The embedded store: Workers KV, D1 and Vectorize answered in this process, with Cloudflare's limits and error codes.

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

/// What the store also answers as an EdgeBase server, under /api. Names are those of namespaces (their titles),
/// databases and indexes of the account, which are made where they are missing.
struct EdgeBaseOptions {
  std::string service_key{};  ///< Required.
  std::vector<std::string> kv{};
  std::vector<std::string> d1{};
  std::vector<EdgeBaseIndex> vectorize{};
};

struct CloudflareOptions {
  /// Account id the store answers for.
  std::string account_id = "local";
  /// Null: the machine's clocks. Decides expiry.
  std::shared_ptr<Clock> clock{};
  /// Refuses with 429 what breaks 1200 requests per 5 minutes and one write per second per key.
  bool rate_limits = false;
  /// How long a change of a Vectorize index takes until it shows. Cloudflare takes seconds to minutes.
  std::chrono::seconds vectorize_delay{0};
  /// Credentials that are accepted, compared in constant time: an API token, or an e-mail address with an API key. All
  /// empty: any well-formed one.
  std::string token{};
  std::string email{};
  std::string api_key{};
};

/// What a server knows of a request by its head.
struct Admission {
  std::optional<HttpResponse> refusal{};  ///< The reply, if no body can change it.
  std::uint64_t body_bytes = 0;           ///< No body of this route is longer than that.
};

/// An account in this process. Clients made from it make the same typed calls as against Cloudflare, without network.
///
/// A copy is cheap and stands for the same store; any thread may use it; the store closes with its last user.
/// In a folder, a write that was acknowledged survives the end of the process in any way, kill -9 included; that it
/// survives a power cut is not promised. One store at a time may use a folder: a second one, in this or another
/// process, is refused.
/// Time travel of D1 restores every bookmark that was handed out; a time is answered by the newest bookmark whose state
/// had begun by then, so a state that nobody asked a bookmark for cannot be gone back to. An import or export answers
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

  /// From now on also answers as an EdgeBase server; again replaces what was declared before. Not while requests are
  /// under way. A program that does not call this does not contain it.
  /// @throws Error  invalid_argument: no service key, a name that cannot be, or an index that is there and is another
  /// one
  void serve_edgebase(const EdgeBaseOptions& options);

  /// A client of this account. `options.transport` and the account id are filled in.
  [[nodiscard]] ApiClient client(ClientOptions options = ClientOptions()) const;
  /// Answers requests to .../client/v4, and to .../api after serve_edgebase(), whatever the host. For clients with
  /// options of their own.
  [[nodiscard]] std::shared_ptr<Transport> transport() const;
  /// Judges a request by its method, URL and headers, for servers that have to decide before they take its body: who
  /// asks, and whether there is such a route. Reads no body, waits for nothing, changes nothing; transport() judges
  /// again.
  [[nodiscard]] Admission admit(const HttpRequest& head) const;
  [[nodiscard]] const std::string& account_id() const noexcept;

 private:
  Cloudflare(std::in_place_t, const std::string& folder, const CloudflareOptions& options);
  std::shared_ptr<Service> service_{};
  std::string account_id_{};
  Credential credential_;
};

}  // namespace cloudflare::local
