// expects: the rows have columns that point into the Rows, a temporary here
#include <cloudflare/cloudflare.hpp>

std::optional<std::string_view> name(const cloudflare::D1Database& db) {
  return db.query_value<std::string_view>("SELECT name FROM users LIMIT 1");
}
