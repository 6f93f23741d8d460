#include "account/token_files.hpp"

#include <cloudflare/clock.hpp>
#include <cloudflare/wrangler.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/encode.hpp"
#include "base/files.hpp"
#include "base/watched_file.hpp"

namespace cloudflare {

namespace {

using detail::WatchedFile;

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool is_folder(const std::string& path) {
  const auto found = detail::files::status_of(path);
  return found && found->folder;
}

bool exists(const std::string& path) { return detail::files::status_of(path).has_value(); }

std::string wranglers_folder() {
  using detail::files::variable;
  if (std::string folder = variable("CLOUDFLARE_CONFIG_DIR"); !folder.empty()) return folder;
  const std::string home = detail::files::home_folder();
  if (!home.empty() && is_folder(home + "/.wrangler")) return home + "/.wrangler";
  if (const std::string config = variable("XDG_CONFIG_HOME"); !config.empty()) return config + "/.wrangler";
  if (home.empty())
    throw invalid_argument("wrangler's folder is not known: the environment does not name the user's own folder");
  return detail::files::settings_folder(home) + "/.wrangler";
}

// The text of a TOML string on one line, or of a bare date; nullopt if it is anything else.
std::optional<std::string> toml_text(std::string_view value) {
  value = trimmed(value);
  if (value.empty()) return std::nullopt;
  const char quote = value.front();
  if (quote != '"' && quote != '\'') return std::string(trimmed(value.substr(0, value.find('#'))));
  std::string text;
  for (std::size_t at = 1; at < value.size(); ++at) {
    if (value[at] == quote) return text;
    if (value[at] == '\\' && quote == '"') {
      ++at;
      if (at == value.size() || (value[at] != '"' && value[at] != '\\')) return std::nullopt;
    }
    text.push_back(value[at]);
  }
  return std::nullopt;
}

// The value of a key before the first table. Wrangler's file has four keys and no tables; two of them matter here.
std::optional<std::string> toml_value(std::string_view file, std::string_view key) {
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    const std::string_view line = trimmed(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.starts_with('[')) return std::nullopt;
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && trimmed(line.substr(0, equals)) == key)
      return toml_text(line.substr(equals + 1));
  }
  return std::nullopt;
}

class WranglerLogin {
 public:
  explicit WranglerLogin(const WranglerOptions& options)
      : profile_(options.profile),
        base_((options.folder.empty() ? wranglers_folder() : options.folder) + "/config/" + options.profile),
        clock_(options.clock ? options.clock : Clock::system()),
        file_("wrangler's login", base_ + ".toml") {}

  std::string token() {
    if (!exists(file_.path())) {
      if (exists(base_ + ".enc")) throw no_login("is in the system's keyring, which only wrangler reads");
      throw no_login("is missing; run `wrangler login`");
    }
    constexpr std::size_t most = 64'000;
    const std::string text = file_.text(most);
    const auto token = toml_value(text, "oauth_token");
    if (!token || token->empty()) throw no_login("holds no oauth_token; run `wrangler login`");
    const auto until = toml_value(text, "expiration_time");
    const auto time = until ? detail::parse_rfc3339(*until) : std::nullopt;
    if (time && *time <= clock_->wall())
      throw no_login("expired at " + detail::format_rfc3339(*time) +
                     "; run `wrangler whoami`, which renews it, or `wrangler login`");
    return *token;
  }

 private:
  [[nodiscard]] Error no_login(const std::string& why) const {
    return Error(ErrorDetails{.kind = ErrorKind::unauthorized,
                              .text = "wrangler's login \"" + profile_ + "\" " + why,
                              .delivery = Delivery::not_sent});
  }

  std::string profile_;
  std::string base_;
  std::shared_ptr<Clock> clock_;
  WatchedFile file_;
};

}  // namespace

std::function<std::string()> detail::token_reader(std::string path) {
  return [file = std::make_shared<WatchedFile>("the token file", std::move(path))] {
    constexpr std::size_t most = 4096;
    const std::string text = file->text(most);
    const std::string_view token = trimmed(text);
    if (token.empty()) throw file->refused("is empty");
    return std::string(token);
  };
}

TokenProvider token_file(std::string path) { return TokenProvider(detail::token_reader(std::move(path))); }

TokenProvider wrangler_login(const WranglerOptions& options) {
  if (!detail::is_id(options.profile) || options.profile.empty())
    throw invalid_argument("the name of a wrangler profile has letters, digits, - and _ only");
  return TokenProvider([login = std::make_shared<WranglerLogin>(options)] { return login->token(); });
}

}  // namespace cloudflare
