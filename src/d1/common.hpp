#pragma once

// Checks and pieces shared by the D1 operations.

#include <optional>
#include <string>
#include <string_view>

#include <cloudflare/detail/d1_ops.hpp>
#include <cloudflare/limits.hpp>

#include "base/json_in.hpp"
#include "d1/endpoints.hpp"
#include "d1/sql.hpp"
#include "engine/paging.hpp"
#include "engine/request.hpp"

namespace cloudflare::ops {

/// Why `id` is not a database id, or nullopt.
[[nodiscard]] std::optional<Error> check_database_id(std::string_view id);

/// A request on a database.
[[nodiscard]] Result<detail::Request> database_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                                       std::string_view id);

/// Appends the JSON of a parameter, or says why the value cannot be one.
[[nodiscard]] std::optional<Error> append_parameter(std::string& json, const d1::Value& value);

/// Appends `{"sql":…,"params":[…]}`, with `member` instead of "sql", or says which limit the statement breaks.
[[nodiscard]] std::optional<Error> append_statement(std::string& json, std::string_view sql, const SqlShape& shape,
                                                    const d1::Params& params, const RequestContext& context,
                                                    std::string_view member = "sql");
/// Sets the SQL text of a request, which may hold several statements. Its retry class becomes `read` if it cannot
/// write.
[[nodiscard]] Result<detail::Request> with_statement(Result<detail::Request> request, const RequestContext& context,
                                                     std::string_view sql, const d1::Params& params,
                                                     bool several_allowed, std::string_view member = "sql");
/// The result of one statement, kept as its JSON text; an error if it says `success:false`.
[[nodiscard]] Result<d1::StatementResult> read_statement(std::string text, std::size_t position);

[[nodiscard]] d1::Meta read_meta(detail::json::value value);

/// `error` with endpoint, status and ray id of `reply`.
[[nodiscard]] Error about_reply(const Error& error, const detail::Endpoint& endpoint, const HttpResponse& reply);
[[nodiscard]] inline Error about_reply(const Error& error, const detail::Reply& reply) {
  return about_reply(error, *reply.endpoint, reply.http);
}

/// What an error's text of D1 says besides what SQLite found wrong, or nullopt.
[[nodiscard]] std::optional<detail::Meaning> meaning_of(std::string_view text);

/// The error of a result that says `success:false` inside a successful reply.
[[nodiscard]] Error inner_failure(std::string text, int code);

}  // namespace cloudflare::ops
