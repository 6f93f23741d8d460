#pragma once

// The EdgeBase form of SqlDatabase's operations: requests are `{query, params}`, replies `{results, meta}`, which is
// one of the results of a v4 reply. Each operation chooses between this and v4.

#include "d1/common.hpp"

namespace cloudflare::ops {

/// The request of one statement, or of several if they are allowed.
[[nodiscard]] Result<detail::Request> edgebase_statement(const RequestContext& context, std::string_view name,
                                                         std::string_view sql, const d1::Params& params,
                                                         bool several_allowed);
/// The reply with its result in a list, as in a v4 reply.
[[nodiscard]] Result<detail::Reply> result_in_list(detail::Reply&& reply);

[[nodiscard]] Call<detail::Reply> edgebase_d1_query(const RequestContext& context, std::string_view name,
                                                    std::string_view sql, const d1::Params& params);
[[nodiscard]] Call<d1::Results> edgebase_d1_execute(const RequestContext& context, std::string_view name,
                                                    std::string_view sql, const d1::Params& params);
[[nodiscard]] Call<JsonText> edgebase_d1_query_json(const RequestContext& context, std::string_view name,
                                                    std::string_view sql, const d1::Params& params);

}  // namespace cloudflare::ops
