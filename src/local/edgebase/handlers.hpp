#pragma once

// EdgeBase's routes over the stores of the account: /api/kv/{name}, /api/d1/{name}, /api/vectorize/{name}.

#include <string>
#include <string_view>

#include "local/account.hpp"
#include "local/edgebase/resources.hpp"
#include "local/http/request.hpp"

namespace cloudflare::local {

/// Answered as `{"code":status,"message":…}`.
struct EdgeBaseRefusal {
  int status = 400;
  std::string message{};
};

/// A request whose body was read and checked. EdgeBase checks the body and the resource before the key.
struct EdgeBaseCall {
  std::string name{};    ///< The resource's name.
  std::string action{};  ///< Empty for D1.
  Json body{};

  /// A member, or null if it is absent.
  [[nodiscard]] const Json* find(std::string_view member) const { return body.find(member); }
  /// A member that must be a string and not empty. @throws EdgeBaseRefusal
  [[nodiscard]] const std::string& text(std::string_view member) const;
};

// For each product: the check of a body, and the call. @throws EdgeBaseRefusal, ApiError
void edgebase_check_kv(const EdgeBaseCall& call);
void edgebase_check_d1(const EdgeBaseCall& call);
void edgebase_check_vectorize(const EdgeBaseCall& call);
[[nodiscard]] std::string edgebase_kv(Account& account, const EdgeBaseResources& known, EdgeBaseCall call);
[[nodiscard]] std::string edgebase_d1(Account& account, const EdgeBaseResources& known, EdgeBaseCall call);
[[nodiscard]] std::string edgebase_vectorize(Account& account, const EdgeBaseResources& known, EdgeBaseCall call);

/// @throws EdgeBaseRefusal  the member exists and is of another kind
void edgebase_check_kind(const EdgeBaseCall& call, std::string_view member, Json::Kind kind);

}  // namespace cloudflare::local
