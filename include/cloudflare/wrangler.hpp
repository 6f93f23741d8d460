#pragma once

// The login of wrangler, Cloudflare's command-line tool, as a credential.

#include <memory>
#include <string>

#include <cloudflare/credentials.hpp>

namespace cloudflare {

class Clock;

/// Where wrangler's configuration is looked for.
struct WranglerOptions {
  /// Name of the login profile: letters, digits, `-` and `_`.
  std::string profile = "default";
  /// Wrangler's folder. Empty: CLOUDFLARE_CONFIG_DIR, else ~/.wrangler if there is such a folder, else .wrangler in
  /// XDG_CONFIG_HOME or ~/.config (on macOS ~/Library/Preferences, on Windows %APPDATA%\\xdg.config), as wrangler
  /// itself chooses.
  std::string folder{};
  /// Tells what has expired. Null: the machine's.
  std::shared_ptr<Clock> clock{};
};

/// A provider of the OAuth token that `wrangler login` has stored, read again when wrangler has replaced it.
///
/// The token lives for about an hour, and only wrangler renews it: a renewal replaces the refresh token too, so it is
/// done under wrangler's own lock, and a second program that did it could end the login. An expired token, no login,
/// or one that wrangler keeps in the system's keyring are Errors (unauthorized) of the call, which say what to run:
/// `wrangler whoami` renews the token. For programs on a developer's machine; a server should have an API token.
///
/// The file's form was read in the source of wrangler (workers-sdk, packages/workers-auth, October 2026).
/// @throws Error  invalid_argument if the profile's name is malformed, or there is no home folder
[[nodiscard]] CLOUDFLARE_API TokenProvider wrangler_login(const WranglerOptions& options = WranglerOptions());

}  // namespace cloudflare
