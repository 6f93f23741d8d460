#include "local/d1/sql_functions.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "local/storage/sqlite.hpp"

namespace cloudflare::local {

namespace {

bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }
bool is_blob(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_BLOB; }

std::string_view text_of(sqlite3_value* value) {
  const auto* data = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return {data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

std::string_view blob_of(sqlite3_value* value) {
  const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
  return {data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

// SQLite treats every byte that is not a continuation byte as the beginning of a character.
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Finds `what` in `text` by the algorithm of Knuth, Morris and Pratt. Short searches are faster without it.
class Search {
 public:
  Search(std::string_view text, std::string_view what) : text_(text), what_(what) {
    constexpr std::size_t short_work = 1UL << 22;
    if (text.size() <= short_work / std::max<std::size_t>(what.size(), 1)) return;
    border_.resize(what.size() + 1, 0);
    std::size_t length = 0;
    for (std::size_t i = 1; i < what.size(); ++i) {
      while (length > 0 && what[i] != what[length]) length = border_[length];
      if (what[i] == what[length]) ++length;
      border_[i + 1] = length;
    }
  }
  [[nodiscard]] std::size_t next(std::size_t from) const {
    if (border_.empty()) return text_.find(what_, from);
    std::size_t length = 0;
    for (std::size_t i = from; i < text_.size(); ++i) {
      while (length > 0 && text_[i] != what_[length]) length = border_[length];
      if (text_[i] == what_[length]) ++length;
      if (length == what_.size()) return i + 1 - length;
    }
    return std::string_view::npos;
  }

 private:
  std::string_view text_;
  std::string_view what_;
  std::vector<std::size_t> border_{};
};

void instr(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1])) return;
  const bool blobs = is_blob(values[0]) && is_blob(values[1]);
  const std::string_view text = blobs ? blob_of(values[0]) : text_of(values[0]);
  const std::string_view what = blobs ? blob_of(values[1]) : text_of(values[1]);
  std::int64_t place = what.empty() ? 1 : 0;
  if (place == 0 && !blobs && continues(what[0])) {
    place = text.starts_with(what) ? 1 : 0;  // only there can a continuation byte begin a character
  } else if (place == 0 && what.size() <= text.size()) {
    if (const std::size_t at = Search(text, what).next(0); at != std::string_view::npos) {
      place = 1;
      for (std::size_t i = 1; i <= at; ++i)
        if (blobs || !continues(text[i])) ++place;
    }
  }
  sqlite3_result_int64(context, place);
}

void replace(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1]) || is_null(values[2])) return;
  const std::string_view text = text_of(values[0]);
  const std::string_view what = text_of(values[1]);
  if (what.empty() || what[0] == '\0') return sqlite3_result_value(context, values[0]);
  const std::string_view with = text_of(values[2]);
  const auto limit =
      static_cast<std::size_t>(sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1));
  const Search search(text, what);
  std::string out;
  std::size_t from = 0;
  for (;;) {
    const std::size_t at = search.next(from);
    out.append(text, from, at == std::string_view::npos ? at : at - from);
    if (at == std::string_view::npos) break;
    out.append(with);
    if (out.size() > limit) return sqlite3_result_error_toobig(context);
    from = at + what.size();
  }
  sqlite3_result_text64(context, out.data(), out.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// The first character of `text`.
std::string_view first_of(std::string_view text) {
  std::size_t size = 1;
  if (static_cast<unsigned char>(text[0]) >= 0xC0)
    while (size < text.size() && continues(text[size])) ++size;
  return text.substr(0, size);
}

enum Side : std::uint8_t { left = 1, right = 2 };

void trim(sqlite3_context* context, int count, sqlite3_value** values) {
  if (is_null(values[0]) || (count == 2 && is_null(values[1]))) return;
  std::string_view text = text_of(values[0]);
  std::unordered_set<std::string_view> characters;
  std::size_t longest = 0;
  constexpr std::size_t longest_character = 4;
  std::string_view rest = count == 2 ? text_of(values[1]) : " ";
  rest = rest.substr(0, rest.find('\0'));
  while (!rest.empty()) {
    const std::string_view one = first_of(rest);
    if (one.size() <= longest_character) characters.insert(one);
    longest = std::max(longest, std::min(one.size(), longest_character));
    rest.remove_prefix(one.size());
  }
  const auto sides = reinterpret_cast<std::uintptr_t>(sqlite3_user_data(context));
  const auto cut = [&](auto piece, auto remove) {
    for (bool found = true; found && !text.empty();) {
      found = false;
      for (std::size_t size = 1; size <= std::min(longest, text.size()) && !found; ++size) {
        found = characters.contains(piece(size));
        if (found) remove(size);
      }
    }
  };
  if ((sides & left) != 0)
    cut([&](std::size_t n) { return text.substr(0, n); }, [&](std::size_t n) { text.remove_prefix(n); });
  if ((sides & right) != 0)
    cut([&](std::size_t n) { return text.substr(text.size() - n); }, [&](std::size_t n) { text.remove_suffix(n); });
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// Runs SQLite's own functions on a separate connection.
class Originals {
 public:
  explicit Originals(int longest) : connection_(std::string()) {
    sqlite3_limit(connection_.handle(), SQLITE_LIMIT_LENGTH, longest);
  }
  // Makes the result of `name` for these values the result of `context`.
  void run(sqlite3_context* context, const std::string& name, int count, sqlite3_value** values) {
    const auto [place, is_new] = statements_.try_emplace(count);
    if (is_new) {
      std::string call = "SELECT " + name + "(";
      for (int i = 0; i < count; ++i) call += i == 0 ? "?" : ",?";
      place->second = connection_.prepare(call + ")");
    }
    Cursor row = place->second.run();
    for (int i = 0; i < count; ++i) sqlite3_bind_value(row.statement(), i + 1, values[i]);
    row.next();
    sqlite3_result_value(context, sqlite3_column_value(row.statement(), 0));
  }

 private:
  Sqlite connection_;
  std::map<int, SqliteStatement> statements_{};  // by the number of values
};

void run_original(sqlite3_context* context, const char* name, int count, sqlite3_value** values) {
  auto& original = *static_cast<std::unique_ptr<Originals>*>(sqlite3_user_data(context));
  const int longest = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
  try {
    if (!original) original = std::make_unique<Originals>(longest);
    original->run(context, name, count, values);
  } catch (const SqliteError& error) {
    sqlite3_result_error(context, error.what(), -1);
    if (error.code() != SQLITE_ERROR) sqlite3_result_error_code(context, error.code());
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

// Reads the widths and precisions of a printf format, from its text and its values.
class Format {
 public:
  Format(std::string_view text, int count, sqlite3_value** values) : text_(text), count_(count), values_(values) {}

  // True if the result surely has more than `limit` bytes.
  [[nodiscard]] bool is_too_long(std::int64_t limit) {
    std::int64_t least = 0;
    while (at_ < text_.size() && least <= limit) {
      if (text_[at_++] != '%') continue;
      while (at_ < text_.size() && std::string_view("-+ #!,0").find(text_[at_]) != std::string_view::npos) ++at_;
      const std::int64_t width = number();
      std::int64_t precision = 0;
      if (at_ < text_.size() && text_[at_] == '.') {
        ++at_;
        precision = number();
      }
      while (at_ < text_.size() && text_[at_] == 'l') ++at_;
      if (at_ == text_.size()) break;
      const char type = text_[at_++];
      if (type != '%') {
        ++next_;
        least += std::max(width, type == 'c' ? precision : 0);
      }
    }
    return least > limit;
  }

 private:
  // The digits, or the value that '*' stands for, which may be negative.
  std::int64_t number() {
    constexpr std::int64_t most = 0x7FFFFFFF;
    if (at_ < text_.size() && text_[at_] == '*') {
      ++at_;
      const std::int64_t given = next_ < count_ ? sqlite3_value_int64(values_[next_]) : 0;
      ++next_;
      return given > most || given < -most ? 0 : std::abs(given);  // SQLite ignores others
    }
    std::int64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      value = std::min(value * 10 + (text_[at_] - '0'), most);
    return value;
  }

  std::string_view text_;
  int count_;
  sqlite3_value** values_;
  std::size_t at_ = 0;
  int next_ = 1;
};

void format(sqlite3_context* context, int count, sqlite3_value** values) {
  const int limit = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
  if (count > 0 && Format(text_of(values[0]), count, values).is_too_long(limit))
    return sqlite3_result_error_toobig(context);
  run_original(context, "printf", count, values);
}

void json_patch(sqlite3_context* context, int count, sqlite3_value** values) {
  constexpr std::int64_t most_work = 40'000'000'000;  // takes SQLite a few seconds
  if (std::int64_t{sqlite3_value_bytes(values[0])} * sqlite3_value_bytes(values[1]) > most_work)
    return sqlite3_result_error(context, "json_patch: both texts are too large", -1);
  run_original(context, "json_patch", count, values);
  sqlite3_result_subtype(context, 'J');
}

}  // namespace

void install_bounded_functions(sqlite3* connection) {
  constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  const auto install = [connection](const char* name, int count, auto* function, std::uintptr_t data) {
    sqlite3_create_function_v2(connection, name, count, flags, reinterpret_cast<void*>(data), function, nullptr,
                               nullptr, nullptr);
  };
  install("instr", 2, instr, 0);
  install("replace", 3, replace, 0);
  for (const int count : {1, 2}) {
    install("ltrim", count, trim, left);
    install("rtrim", count, trim, right);
    install("trim", count, trim, left | right);
  }
  const auto install_over = [connection](const char* name, int count, auto* function) {
#ifdef SQLITE_RESULT_SUBTYPE
    constexpr int result = SQLITE_RESULT_SUBTYPE;  // without it a strict SQLite refuses json_patch's result
#else
    constexpr int result = 0;
#endif
    constexpr auto end = [](void* original) { delete static_cast<std::unique_ptr<Originals>*>(original); };
    auto original = std::make_unique<std::unique_ptr<Originals>>();
    sqlite3_create_function_v2(connection, name, count, flags | result, original.release(), function, nullptr, nullptr,
                               end);
  };
  install_over("printf", -1, format);
  install_over("format", -1, format);
  install_over("json_patch", 2, json_patch);
}

}  // namespace cloudflare::local
