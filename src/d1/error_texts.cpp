// What D1 tells by the text of an error only. It sends these texts under several codes and statuses.

#include <algorithm>
#include <array>

#include "d1/common.hpp"

namespace cloudflare::ops {

namespace {

using detail::Meaning;

struct Known {
  std::string_view part{};  ///< In lower case. Texts may begin with "D1_ERROR: " and end with a reference.
  Meaning meaning{};
};

constexpr Meaning quota_used{.kind = ErrorKind::quota_exceeded, .delivery = Delivery::answered};
constexpr Meaning was_restarted{.kind = ErrorKind::server, .delivery = Delivery::unknown};
constexpr Meaning was_unreached{.kind = ErrorKind::server, .delivery = Delivery::answered};
constexpr Meaning was_too_heavy{.kind = ErrorKind::overloaded, .delivery = Delivery::unknown};
constexpr Meaning was_queued{.kind = ErrorKind::overloaded, .delivery = Delivery::answered};
constexpr Meaning is_overloaded{.kind = ErrorKind::overloaded};

// The first that matches counts. Sources: Cloudflare docs, "Debug D1" (list of D1_ERRORs) and the changelog of
// 2026-09-01 (daily limits); "internal error; reference = …" and the Durable Object's forms are from public reports.
constexpr std::array known_texts{
    Known{"free tier daily row read limit", quota_used},
    Known{"free tier daily row write limit", quota_used},
    Known{"too many requests queued", was_queued},
    Known{"queued for too long", was_queued},
    Known{"overloaded", is_overloaded},
    Known{"storage operation exceeded timeout", was_too_heavy},
    Known{"exceeded its memory limit", was_too_heavy},
    Known{"exceeded its cpu time limit", was_too_heavy},
    Known{"cannot resolve d1 db", was_unreached},
    Known{"reset because its code was updated", was_restarted},
    Known{"caused object to be reset", was_restarted},
    Known{"network connection lost", was_restarted},
    Known{"can't read from request stream", was_restarted},
    Known{"internal error", was_restarted},
};

}  // namespace

std::optional<Meaning> meaning_of(std::string_view text) {
  // SQLite's own errors end with the name of their code, and may quote the caller's words.
  if (text.find(": SQLITE_") != std::string_view::npos) return std::nullopt;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  const auto* const found = std::find_if(known_texts.begin(), known_texts.end(),
                                         [&](const Known& each) { return lower.find(each.part) != lower.npos; });
  return found == known_texts.end() ? std::nullopt : std::optional(found->meaning);
}

// Seen in public reports: an id of a database of another account, and wrangler's login after it has expired.
std::string_view d1_advice(const ErrorDetails& error, std::string_view) {
  const bool refused = std::any_of(error.messages.begin(), error.messages.end(), [](const Message& message) {
    return message.code == static_cast<int>(ErrorCode::d1_not_authorized);
  });
  return refused ? "frequent causes are the id of another account and a login that has expired" : std::string_view();
}

constexpr detail::ReplyRules d1_rules{.meaning = meaning_of, .advice = d1_advice};
// A request with SQL may take 30 s (Cloudflare docs, "D1 limits"); an import has no such limit.
constexpr detail::ReplyRules sql_rules{
    .meaning = meaning_of,
    .advice_if_large = "import_sql() takes SQL of any size, with statements of up to 100 000 bytes each",
    .advice = d1_advice};

}  // namespace cloudflare::ops
