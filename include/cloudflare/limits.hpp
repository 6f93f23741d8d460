#pragma once

// Documented limits, each with its source. Checked before sending unless `.check_limits = false`.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cloudflare::limits {

// Cloudflare docs, "Rate limits": 1200 requests per five minutes per user or account token.
inline constexpr int requests_per_window = 1200;
inline constexpr std::chrono::minutes request_window{5};

// Cloudflare docs, "Workers KV limits" and "Write key-value pairs".
inline constexpr std::size_t kv_key_bytes = 512;
inline constexpr std::size_t kv_value_bytes = 25ULL << 20;
inline constexpr std::size_t kv_metadata_bytes = 1024;
inline constexpr std::chrono::seconds kv_min_ttl{60};
// Cloudflare API reference, Workers KV: namespace title, list keys, bulk write, bulk delete, bulk get.
inline constexpr std::size_t kv_title_chars = 512;
inline constexpr std::size_t kv_id_chars = 32;
inline constexpr int kv_list_min = 10;
inline constexpr int kv_list_max = 1000;
inline constexpr std::size_t kv_bulk_pairs = 10'000;
inline constexpr std::size_t kv_bulk_keys = 10'000;
inline constexpr std::size_t kv_bulk_get_keys = 100;
inline constexpr std::size_t kv_bulk_bytes = 100'000'000;
inline constexpr int namespaces_per_page_max = 1000;

// Cloudflare docs, "D1 limits".
inline constexpr std::size_t d1_statement_bytes = 100'000;
inline constexpr std::size_t d1_parameters = 100;
inline constexpr std::size_t d1_value_bytes = 2'000'000;  ///< Of a string, a blob or a row.
// Cloudflare API reference, D1: list databases.
inline constexpr int d1_list_min = 10;
inline constexpr int d1_list_max = 10'000;
inline constexpr int d1_list_default = 1'000;

// Cloudflare API reference: account ids.
inline constexpr std::size_t account_id_chars = 32;

}  // namespace cloudflare::limits
