#pragma once

// The EdgeBase form of KvStore's requests and replies. Each operation chooses between this and v4.

#include "kv/common.hpp"

namespace cloudflare::ops {

[[nodiscard]] Call<std::optional<std::string>> edgebase_kv_get(const RequestContext& context, std::string_view name,
                                                               std::string_view key);
[[nodiscard]] Call<void> edgebase_kv_put(const RequestContext& context, std::string_view name, std::string_view key,
                                         const Body& value, const kv::PutOptions& options);
[[nodiscard]] Call<void> edgebase_kv_erase(const RequestContext& context, std::string_view name, std::string_view key);
[[nodiscard]] Call<kv::KeyPage> edgebase_kv_list(const RequestContext& context, std::string_view name,
                                                 const kv::ListOptions& options);

}  // namespace cloudflare::ops
