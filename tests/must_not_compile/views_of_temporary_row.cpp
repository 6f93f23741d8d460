// expects: the rows have columns that point into the Rows, a temporary here
#include <cloudflare/cloudflare.hpp>

std::string_view second(const cloudflare::D1Database& db) {
  return std::get<0>(db.query<std::string_view>("SELECT name FROM users")[1]);
}
