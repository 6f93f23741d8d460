#pragma once

// ApiClient: the shared core behind every handle, token verification, and the escape hatch for the rest of v4.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/credentials.hpp>
#include <cloudflare/detail/view.hpp>
#include <cloudflare/json.hpp>
#include <cloudflare/options.hpp>
#include <cloudflare/requests.hpp>

namespace cloudflare {

class KvNamespace;
class KvNamespaces;
class D1Database;
class D1Databases;
class VectorizeIndex;
class VectorizeIndexes;
class CheckedApiClient;
class AsyncApiClient;

/// What `tokens/verify` says of a token.
struct TokenStatus {
  std::string id{};
  std::string status{};  ///< "active", "disabled" or "expired". "active" says nothing about permissions.
  std::optional<std::chrono::sys_seconds> expires_on{};
  std::optional<std::chrono::sys_seconds> not_before{};
};

namespace ops {
CLOUDFLARE_API detail::Call<TokenStatus> verify_user_token(const detail::RequestContext& context);
CLOUDFLARE_API detail::Call<TokenStatus> verify_account_token(const detail::RequestContext& context);
CLOUDFLARE_API detail::Call<JsonText> any_request(const detail::RequestContext& context, std::string_view method,
                                                  std::string_view path, const JsonText& body);
CLOUDFLARE_API detail::Call<RawReply> raw_request(const detail::RequestContext& context, std::string_view method,
                                                  std::string_view path, Body body, const RawOptions& options);
CLOUDFLARE_API std::shared_ptr<detail::PageWalk<RawPage>> raw_walk(const detail::RequestContext& context,
                                                                   std::string_view path,
                                                                   const RawListOptions& options);
}  // namespace ops

/// The operations of the client itself, written once for all views.
template <class View>
class ClientVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// Verifies the API token.
  ///
  /// GET /user/tokens/verify; bearer tokens only. Repeated like any read. For an account-owned token the server answers
  /// code 1000: use verify_account_token().
  /// @throws Error  unauthorized, timeout, cancelled, transport, server
  [[nodiscard]] Returns<TokenStatus> verify_token() const {
    return View::run(context_, ops::verify_user_token(context_));
  }

  /// Verifies an account-owned API token. GET /accounts/{account_id}/tokens/verify. Repeated like any read.
  [[nodiscard]] Returns<TokenStatus> verify_account_token() const {
    return View::run(context_, ops::verify_account_token(context_));
  }

  /// Calls any other endpoint of v4: `path` is what follows /client/v4, query included. Returns the JSON of the
  /// envelope's `result`. Credential, retries and errors are those of all operations. GET is repeated like a read;
  /// every other method is sent once unless `with({.replay_safe = true})`.
  /// @throws Error  as the endpoint answers; decode if the result does not fit J; invalid_argument if the body holds
  ///                text that is not UTF-8
  template <class J = nlohmann::json>
  Returns<J> request(std::string_view method, std::string_view path, const J& body = nullptr) const {
    auto to_json = [](const JsonText& text) -> Result<J> {
      if (text.empty()) return J();
      return detail::try_parse_as<J, J>("the result", text.text());
    };
    auto text = body.is_null() ? Result<std::string>(std::string()) : detail::try_dump(body);
    auto call = text ? ops::any_request(context_, method, path, JsonText::raw(*std::move(text)))
                     : detail::Call<JsonText>(text.error());
    return View::run(context_, detail::Mapped(std::move(call), to_json));
  }

  /// Calls any endpoint of v4 and returns the reply as it came: status, headers, body. For bodies that are no envelope,
  /// such as those of /graphql and /ai/run, and for headers. `path`, credential and retry classes are those of
  /// request(): a GraphQL query is a POST, and is repeated only `with({.replay_safe = true})`.
  ///
  /// A status of 300 or more is an Error, and so is an envelope with `success:false`; RawOptions::any_status makes
  /// every status a reply. The `errors` of GraphQL come in a good reply and are the caller's to read.
  /// @throws Error  as request(); invalid_argument if a header is malformed or not allowed
  Returns<RawReply> request_raw(std::string_view method, std::string_view path, Body body = Body(),
                                const RawOptions& options = RawOptions()) const {
    return View::run(context_, ops::raw_request(context_, method, path, std::move(body), options));
  }

  /// A walk over the pages of any list endpoint, GET `path` with its query; each next() returns one. The next page is
  /// found by the reply's `result_info`: by its cursor (`cursor` or `cursors.after`), else by the number of the page.
  /// A `page` or `cursor` in the query is replaced. Repeated like any read.
  /// @throws Error  as the endpoint answers; decode if the result is no list, or the list does not move on
  [[nodiscard]] Pages<View, RawPage> pages(std::string_view path,
                                           const RawListOptions& options = RawListOptions()) const {
    return {context_, ops::raw_walk(context_, path, options)};
  }

 protected:
  explicit ClientVerbs(typename View::Context context) : context_(std::move(context)) {}
  typename View::Context context_;
};

extern template class CLOUDFLARE_API ClientVerbs<Throwing>;
extern template class CLOUDFLARE_API ClientVerbs<Checked>;

/// A client of one account with one credential: the core that all handles made from it share.
///
/// A copy costs a reference count. Any thread may use any copy. The core lives as long as its last handle.
class CLOUDFLARE_API ApiClient : public ClientVerbs<Throwing> {
 public:
  /// @throws Error  invalid_argument: credential with control characters, quotes or non-ASCII letters; base URL or
  ///                account id malformed; plain http to a host that is not loopback
  explicit ApiClient(Credential credential, ClientOptions options = ClientOptions());

  /// A client from CLOUDFLARE_API_TOKEN, from the file that CLOUDFLARE_API_TOKEN_FILE names (see token_file()), or from
  /// CLOUDFLARE_EMAIL with CLOUDFLARE_API_KEY. CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_BASE_URL count where `options`
  /// leaves their members at the defaults.
  /// @throws Error  invalid_argument, with the name of the variable, if one is missing or contradicts another
  [[nodiscard]] static ApiClient from_env(ClientOptions options = ClientOptions());

  /// A handle of the Workers KV namespace with this id. No request is made.
  [[nodiscard]] KvNamespace kv(std::string namespace_id) const;
  /// The Workers KV namespaces of the account.
  [[nodiscard]] KvNamespaces kv_namespaces() const;

  /// A handle of the D1 database with this id (a UUID). No request is made.
  [[nodiscard]] D1Database d1(std::string database_id) const;
  /// The D1 databases of the account.
  [[nodiscard]] D1Databases d1_databases() const;
  /// A handle of the Vectorize index with this name. No request is made. With `dimensions` the length of every vector
  /// is checked against it before sending; with 0, against the first vector of the call.
  [[nodiscard]] VectorizeIndex vectorize(std::string index_name, int dimensions = 0) const;
  /// The Vectorize indexes of the account.
  [[nodiscard]] VectorizeIndexes vectorize_indexes() const;

  /// The items of any list endpoint, for range-for: see pages().
  [[nodiscard]] RawRange list(std::string_view path, const RawListOptions& options = RawListOptions()) const;

  /// The same operations with Result instead of exceptions.
  [[nodiscard]] CheckedApiClient checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncApiClient async() const;
  /// The same client with other limits for its calls and for handles made from it.
  [[nodiscard]] ApiClient with(const CallOptions& options) const;

  /// Used by the handles.
  [[nodiscard]] const detail::Context& context() const noexcept { return context_; }

 private:
  explicit ApiClient(detail::Context context);
};

/// The operations of ApiClient with Result<T>.
class CheckedApiClient : public ClientVerbs<Checked> {
 private:
  friend ApiClient;
  using ClientVerbs::ClientVerbs;
};

}  // namespace cloudflare
