// expects: the rows have columns that point into the Rows, a temporary here
#include <cloudflare/cloudflare.hpp>

std::size_t first(const cloudflare::D1Database& db) {
  const auto items = db.query<std::string_view>("SELECT name FROM users").items();
  return std::get<0>(items[0]).size();
}
