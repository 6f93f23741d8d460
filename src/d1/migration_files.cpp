#include "d1/migration_files.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "base/files.hpp"

namespace cloudflare::ops {

namespace {

namespace fs = std::filesystem;

using Parts = std::vector<std::string>;

Parts parts_of(std::string_view path) {
  Parts parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

Parts checked_pattern(std::string_view pattern) {
  while (pattern.starts_with("./")) pattern.remove_prefix(2);
  const auto refuse = [&](const std::string& why) {
    throw invalid_argument("the pattern \"" + std::string(pattern) + "\" of migrations " + why);
  };
  if (pattern.find_first_of("[]{}()!\\") != std::string_view::npos)
    refuse("may hold `*`, `?` and `**`, and no other signs of a glob");
  Parts parts = parts_of(pattern);
  for (const std::string& part : parts)
    if (part.empty() || part == "." || part == "..") refuse("must name files inside the folder");
  if (parts.back() == "**") parts.emplace_back("*");
  return parts;
}

/// Whether a name matches one part of a pattern. As in a shell, a leading dot must be written.
bool matches(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, after_star = 0;  // the last `*`, and where the text behind it is tried
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = n;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      for (++n; n < name.size() && continues(name[n]);) ++n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

class Walk {
 public:
  Walk(fs::path folder, Parts pattern) : folder_(std::move(folder)), pattern_(std::move(pattern)) {}

  std::set<std::string> run() {
    visit(folder_, "", 0);
    return std::move(found_);
  }

 private:
  void visit(const fs::path& folder, const std::string& prefix, std::size_t part) {
    if (pattern_[part] == "**") {
      visit(folder, prefix, part + 1);
      each_in(folder, [&](const fs::directory_entry& entry, const std::string& name) {
        std::error_code failed;  // a link may lead back up
        if (!name.starts_with('.') && entry.is_directory(failed) && !entry.is_symlink(failed))
          visit(entry.path(), prefix + name + "/", part);
      });
      return;
    }
    each_in(folder, [&](const fs::directory_entry& entry, const std::string& name) {
      std::error_code failed;
      if (!matches(pattern_[part], name)) return;
      const bool last = part + 1 == pattern_.size();
      if (last && (name.ends_with(".sql") || !entry.is_directory(failed)))
        found_.insert(prefix + name);  // a folder named like a file becomes an error when it is read
      else if (!last && entry.is_directory(failed))
        visit(entry.path(), prefix + name + "/", part + 1);
    });
  }

  template <class Each>
  static void each_in(const fs::path& folder, Each each) {
    std::error_code failed;
    fs::directory_iterator at(folder, failed);
    for (const auto end = fs::directory_iterator(); !failed && at != end; at.increment(failed))
      each(*at, detail::files::utf8_of(at->path().filename()));
    if (failed) throw invalid_argument("the folder of migrations cannot be read: " + failed.message());
  }

  fs::path folder_;
  Parts pattern_;
  std::set<std::string> found_{};
};

std::set<std::string> find(const fs::path& folder, std::string_view pattern) {
  return Walk(folder, checked_pattern(pattern)).run();
}

/// The number that a name begins with, without leading zeros; nullopt if it begins with none. "0007_users.sql" is "7".
std::optional<std::string_view> number_of(std::string_view name) {
  const std::size_t end = std::min(name.find_first_not_of("0123456789"), name.size());
  if (end == 0) return std::nullopt;
  const std::size_t begin = std::min(name.find_first_not_of('0'), end);
  return name.substr(begin, end - begin);
}

/// Part by part: by number, names without one behind those with one, equal numbers by their bytes.
bool runs_before(const Parts& a, const Parts& b) {
  const auto key = [](std::string_view part) {
    const auto number = number_of(part);
    return std::tuple(!number, number ? number->size() : 0, number.value_or(""), part);
  };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](const auto& x, const auto& y) { return key(x) < key(y); });
}

// The layout of wrangler, or that of Drizzle 1.0.
std::set<std::string> find_either(const fs::path& folder) {
  std::set<std::string> flat = find(folder, "*.sql");
  std::set<std::string> nested = find(folder, "*/migration.sql");
  if (!flat.empty() && !nested.empty())
    throw invalid_argument("the folder holds files (" + *flat.begin() + ") and folders (" + *nested.begin() +
                           ") of migrations; MigrateOptions::pattern tells which of them count");
  if (flat.empty()) flat = std::move(nested);
  for (const std::string& name : flat)
    if (!number_of(name))
      throw invalid_argument(
          std::string("the migration \"").append(name).append("\" does not begin with a number, as 0001_") + name +
          " does");
  return flat;
}

}  // namespace

std::vector<std::string> migration_names(const std::string& path, const d1::MigrateOptions& options) {
  const fs::path folder = detail::files::path_of(path);
  const std::set<std::string> found = options.pattern.empty() ? find_either(folder) : find(folder, options.pattern);
  if (found.empty() && !options.allow_none)
    throw invalid_argument(options.pattern.empty()
                               ? "the folder holds no migration: neither *.sql nor */migration.sql is there"
                               : "no file matches the pattern \"" + options.pattern +
                                     "\" of migrations, which is relative to the folder");
  std::vector<std::string> names(found.begin(), found.end());
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return runs_before(parts_of(a), parts_of(b)); });
  return names;
}

}  // namespace cloudflare::ops
