#pragma once

// A folder of migrations, and what the table of migrations holds.

#include <filesystem>

#include "jobs_support.hpp"

namespace d1_tests {

class Folder {
 public:
  /// `name` may hold folders.
  Folder& add(const std::string& name, const std::string& sql) {
    std::filesystem::create_directories(std::filesystem::path(folder_.file(name)).parent_path());
    support::write_file(folder_.file(name), sql);
    return *this;
  }
  [[nodiscard]] std::string path() const { return folder_.file(""); }

 private:
  support::TemporaryFolder folder_{};
};

/// The names that the table of migrations holds, in the order of their ids.
inline std::string recorded(const Engine& engine, const std::string& table = "d1_migrations") {
  return engine.direct()
      .query_value<std::string>("SELECT ifnull(group_concat(name), '') FROM (SELECT name FROM " + table +
                                " ORDER BY id)")
      .value();
}

}  // namespace d1_tests
