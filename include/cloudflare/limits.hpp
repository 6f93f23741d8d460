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
inline constexpr std::size_t d1_value_bytes = 2'000'000;  ///< Size of a string, a blob or a row.
inline constexpr std::uint64_t d1_import_bytes = 5'000'000'000;
// Cloudflare API reference, D1: list databases.
inline constexpr int d1_list_min = 10;
inline constexpr int d1_list_max = 10'000;
inline constexpr int d1_list_default = 1'000;
// Cloudflare docs, "Vectorize limits"; API reference, "Create Vectorize Index" (dimensions) and "List Vectors".
inline constexpr int vectorize_max_dimensions = 1536;
inline constexpr std::size_t vectorize_id_bytes = 64;
inline constexpr std::size_t vectorize_namespace_bytes = 64;
inline constexpr std::size_t vectorize_name_bytes = 64;
inline constexpr std::size_t vectorize_metadata_bytes = 10ULL << 10;
inline constexpr std::size_t vectorize_upload_vectors = 5000;
inline constexpr std::size_t vectorize_upload_bytes = 100'000'000;
inline constexpr int vectorize_top_k = 100;
inline constexpr int vectorize_top_k_with_data = 50;  // with values or all metadata
inline constexpr int vectorize_list_max = 1000;
inline constexpr std::size_t vectorize_metadata_indexes = 10;
// Public reports of code 40007; Cloudflare documents no number.
inline constexpr std::size_t vectorize_get_ids = 20;
inline constexpr std::size_t vectorize_erase_ids = 100;
// Cloudflare docs, "Metadata filtering".
inline constexpr std::size_t vectorize_filter_bytes = 2047;
inline constexpr std::size_t vectorize_filter_key_chars = 512;

// Cloudflare docs, "Workers AI", JSON schema of the text embedding models: texts in one request.
inline constexpr std::size_t workers_ai_texts = 100;
// Cloudflare docs, "Batch API" of Workers AI; for requests that are answered at once unverified.
inline constexpr std::size_t workers_ai_bytes = 10'000'000;

// EdgeBase's server cuts larger requests into pieces of 20 vectors or ids and runs them one after the other
// (edge-base/edgebase, routes/vectorize.ts).
inline constexpr std::size_t edgebase_vectors = 20;

// Cloudflare API reference: account ids.
inline constexpr std::size_t account_id_chars = 32;

// Our own limit, far above any documented value: code that follows nested input by recursion (replies, metadata,
// filters, NDJSON lines, requests to the embedded store) refuses JSON nested more deeply than this.
inline constexpr std::size_t json_depth = 100;
// Our own limit: JSON text of one row in for_each_row(). A row of 2 MB has at most six times as many bytes in JSON.
inline constexpr std::size_t d1_row_json_bytes = 32ULL << 20;

}  // namespace cloudflare::limits
