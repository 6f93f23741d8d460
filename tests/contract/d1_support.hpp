#pragma once

// What several files of D1 cases use.

#include <string>

#include <cloudflare/d1.hpp>

#include "contract/counterpart.hpp"

namespace contract {

/// Rows of table t.
inline int count(const cloudflare::D1Database& db) { return db.query_value<int>("SELECT count(*) FROM t").value(); }

inline std::string text_of(const cloudflare::Error& error) { return error.what(); }

}  // namespace contract
