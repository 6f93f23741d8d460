#include "local/d1/authorizer.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "local/storage/call_limits.hpp"

namespace cloudflare::local {

namespace {

enum class Argument { none, needed, optional };

struct Pragma {
  std::string_view name;
  Argument argument;
};

constexpr std::array pragmas{
    Pragma{"case_sensitive_like", Argument::optional},
    Pragma{"data_version", Argument::none},
    Pragma{"defer_foreign_keys", Argument::optional},
    Pragma{"foreign_key_check", Argument::optional},
    Pragma{"foreign_key_list", Argument::needed},
    Pragma{"foreign_keys", Argument::optional},
    Pragma{"ignore_check_constraints", Argument::optional},
    Pragma{"index_info", Argument::needed},
    Pragma{"index_list", Argument::needed},
    Pragma{"index_xinfo", Argument::needed},
    Pragma{"legacy_alter_table", Argument::optional},
    Pragma{"optimize", Argument::optional},
    Pragma{"quick_check", Argument::optional},
    Pragma{"recursive_triggers", Argument::optional},
    Pragma{"reverse_unordered_selects", Argument::optional},
    Pragma{"table_info", Argument::needed},
    Pragma{"table_list", Argument::optional},
    Pragma{"table_xinfo", Argument::needed},
};

constexpr std::array<std::string_view, 14> refused_functions{"ceiling",
                                                             "fts3_tokenizer",
                                                             "fts5",
                                                             "fts5_source_id",
                                                             "log10",
                                                             "power",
                                                             "soundex",
                                                             "subtype",
                                                             "sqlite_compileoption_get",
                                                             "sqlite_compileoption_used",
                                                             "sqlite_offset",
                                                             "sqlite_log",
                                                             "sqlite_source_id",
                                                             "sqlite_version"};

constexpr std::array<std::string_view, 2> modules{"fts5", "fts5vocab"};

std::string lowered(const char* text) {
  std::string out(text == nullptr ? "" : text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool allows_pragma(const char* name, const char* argument) {
  const std::string wanted = lowered(name);
  const auto known =
      std::find_if(pragmas.begin(), pragmas.end(), [&](const Pragma& pragma) { return pragma.name == wanted; });
  if (known == pragmas.end()) return false;
  if (argument == nullptr) return known->argument != Argument::needed;
  return known->argument != Argument::none;
}

// Names of the platform's own tables.
bool is_reserved(const char* name) { return name != nullptr && std::string_view(name).starts_with("_cf_"); }

}  // namespace

void D1Authorizer::install(sqlite3* handle) { sqlite3_set_authorizer(handle, &D1Authorizer::ask, this); }

int D1Authorizer::ask(void* self, int action, const char* first, const char* second, const char*, const char*) {
  auto& authorizer = *static_cast<D1Authorizer*>(self);
  if (authorizer.trusted_ > 0) return SQLITE_OK;
  // Preparing a statement can take very long too, for example over views of views, and nothing else checks the limits.
  if (CallLimits::current().over()) return SQLITE_DENY;
  return authorizer.allows(action, first, second) ? SQLITE_OK : SQLITE_DENY;
}

bool D1Authorizer::allows(int action, const char* first, const char* second) {
  plain_ = plain_ &&
           (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION || action == SQLITE_INSERT ||
            action == SQLITE_UPDATE || action == SQLITE_DELETE || action == SQLITE_RECURSIVE);
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_DROP_TEMP_INDEX:
    case SQLITE_DROP_TEMP_TABLE:
    case SQLITE_DROP_TEMP_TRIGGER:
    case SQLITE_DROP_TEMP_VIEW: return false;
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT: transaction_refused_ = true; return false;
    case SQLITE_PRAGMA: return allows_pragma(first, second);
    case SQLITE_FUNCTION: return !contains(refused_functions, lowered(second));
    case SQLITE_CREATE_VTABLE: return contains(modules, lowered(second)) && !is_reserved(first);
    case SQLITE_ALTER_TABLE: alters_table_ = true; return !is_reserved(second);
    case SQLITE_READ: reads_table_ = true; return !is_reserved(first);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW: return !is_reserved(first);
    default: return true;
  }
}

}  // namespace cloudflare::local
