#pragma once

// The dialect of EdgeBase for the operations of SqlDatabase: `{query, params}` in, `{results, meta}` out, which is one
// of the results of a v4 reply. The operations themselves choose it.

#include "d1/common.hpp"

namespace cloudflare::ops {

[[nodiscard]] Call<detail::Reply> edgebase_d1_query(const RequestContext& context, std::string_view name,
                                                    std::string_view sql, const d1::Params& params);
[[nodiscard]] Call<d1::Results> edgebase_d1_execute(const RequestContext& context, std::string_view name,
                                                    std::string_view sql, const d1::Params& params);
[[nodiscard]] Call<JsonText> edgebase_d1_query_json(const RequestContext& context, std::string_view name,
                                                    std::string_view sql, const d1::Params& params);

}  // namespace cloudflare::ops
