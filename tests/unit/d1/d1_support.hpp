#pragma once

// A D1 database over a script of replies.

#include <cloudflare/d1.hpp>

#include "../engine/core_support.hpp"

namespace core_tests {

namespace d1 = cf::d1;

inline const std::string database_id = "00000000-0000-4000-8000-000000000001";  // NOLINT(cert-err58-cpp)

inline cf::D1Database database(const Scripted& s, cf::ClientOptions options = cf::ClientOptions()) {
  return s.client(std::move(options)).d1(database_id);
}

/// One result of /raw.
inline FakeReply raw(const std::string& columns, const std::string& rows, const std::string& meta = "{}") {
  return ok(R"([{"success":true,"results":{"columns":)" + columns + R"(,"rows":)" + rows + R"(},"meta":)" + meta +
            "}]");
}
inline FakeReply one() { return raw(R"(["a"])", "[[1]]"); }

}  // namespace core_tests
