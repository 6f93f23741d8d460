// expects: give the struct a d1_columns() function: a struct with a base class does not name its members
#include <cloudflare/cloudflare.hpp>

struct Named {
  std::string name{};
};
struct User : Named {
  std::int64_t id = 0;
};

std::size_t count(const cloudflare::D1Database& db) { return db.query_as<User>("SELECT id, name FROM users").size(); }
