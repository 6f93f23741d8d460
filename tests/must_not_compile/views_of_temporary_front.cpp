// expects: the rows have columns that point into the Rows, a temporary here
#include <cloudflare/cloudflare.hpp>

struct User {
  std::int64_t id = 0;
  std::optional<std::string_view> name{};
};

std::optional<std::string_view> first(const cloudflare::D1Database& db) {
  return db.query_as<User>("SELECT id, name FROM users").front().name;
}
