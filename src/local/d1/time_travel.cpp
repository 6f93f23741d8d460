#include "base/encode.hpp"
#include "local/d1/errors.hpp"
#include "local/d1/handlers.hpp"

namespace cloudflare::local {

namespace {

bool is_bookmark(std::string_view text) {
  constexpr std::string_view pattern = "xxxxxxxx-xxxxxxxx-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (pattern[i] == '-' ? text[i] != '-' : !hex) return false;
  }
  return true;
}

// The bookmark of the state at the time that the query names.
std::string bookmark_at(const Account& account, D1History& history, const std::string& timestamp) {
  const auto time = cloudflare::detail::parse_rfc3339(timestamp);
  if (!time) throw d1_invalid("Invalid property: timestamp => expected a time in ISO 8601");
  const std::int64_t seconds = time->time_since_epoch().count();
  if (seconds > account.clock->wall().time_since_epoch().count())
    throw d1_invalid("Invalid property: timestamp => must not be in the future");
  if (seconds < history.horizon()) throw d1_invalid("Invalid property: timestamp => must be within the last 30 days");
  const auto found = history.at(seconds);
  if (!found) throw d1_sql_error("The database has no history at that time");
  return *found;
}

}  // namespace

Reply d1_get_bookmark(Account& account, Request& request) {
  const auto database = d1_database(account, request);
  const auto lock = database->lock();
  const std::string* timestamp = request.query("timestamp");
  ObjectWriter result;
  result.text("bookmark",
              timestamp == nullptr ? database->history.current() : bookmark_at(account, database->history, *timestamp));
  return ok(std::move(result).take());
}

Reply d1_restore(Account& account, Request& request) {
  const auto database = d1_database(account, request);
  const std::string* given = request.query("bookmark");
  const std::string* timestamp = request.query("timestamp");
  if (given == nullptr && timestamp == nullptr)
    throw d1_invalid("Invalid property: bookmark => a bookmark or a timestamp is required");
  if (given != nullptr && !is_bookmark(*given)) throw d1_invalid("Invalid property: bookmark => Invalid bookmark");
  account.rate_limits.count_restore(request.captured.at(1));

  const auto lock = database->lock();
  const std::string bookmark = given != nullptr ? *given : bookmark_at(account, database->history, *timestamp);
  if (!database->history.knows(bookmark)) throw d1_sql_error("The database has no history at that bookmark");
  const std::string previous = database->history.current();
  const auto state = database->history.open(bookmark);
  database->history.before_write();
  database->engine.forget();
  copy_database(*state, database->engine.database());
  database->history.after_write();

  ObjectWriter result;
  result.text("bookmark", bookmark).text("previous_bookmark", previous);
  result.text("message", "Database restored to bookmark " + bookmark);
  return ok(std::move(result).take());
}

}  // namespace cloudflare::local
