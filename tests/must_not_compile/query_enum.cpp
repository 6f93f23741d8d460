// expects: a column cannot be read as this type: read an enum as an integer, or specialise cloudflare::d1::Type
#include <cloudflare/cloudflare.hpp>

enum class Level { low, high };

std::size_t count(const cloudflare::D1Database& db) { return db.query<Level>("SELECT level FROM alarms").size(); }
