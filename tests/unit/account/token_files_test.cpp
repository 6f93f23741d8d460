// Tokens in files: the file of a token that rotates, and wrangler's login.

#include <cloudflare/wrangler.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "../engine/core_support.hpp"
#include "support/system.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;

namespace {

namespace fs = std::filesystem;

/// A folder for one test.
struct Folder {
  support::TemporaryFolder made{};
  fs::path path = made.path();

  /// Writes a file that was changed at `time`, in seconds; replaces it by a rename, as one should.
  std::string write(const std::string& name, std::string_view text, std::time_t time = 1'000'000) const {
    const fs::path to = path / name, fresh = path / (name + ".new");
    fs::create_directories(to.parent_path());
    std::ofstream(fresh, std::ios::binary) << text;
    support::set_written(fresh.string(), time);
    fs::rename(fresh, to);
    return to.generic_string();
  }
};

cf::ApiClient client_with(const Scripted& s, cf::Credential credential) {
  return cf::ApiClient(std::move(credential), {.account_id = "acc", .transport = s.fake, .clock = s.fake->clock()});
}

std::vector<std::string> tokens(const Scripted& s) {
  std::vector<std::string> all;
  for (const auto& request : s.fake->requests()) all.push_back(request.header("Authorization"));
  return all;
}

using Texts = std::vector<std::string>;

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Sets variables for one test, and removes them at its end.
struct Variables {
  std::vector<std::pair<std::string, std::optional<std::string>>> before{};
  explicit Variables(std::initializer_list<std::pair<const char*, const char*>> set) {
    for (const auto& [name, value] : set) {
      const char* old = std::getenv(name);
      before.emplace_back(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
      support::set_variable(name, value);
    }
  }
  ~Variables() {
    for (const auto& [name, value] : before) support::set_variable(name.c_str(), value ? value->c_str() : nullptr);
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
};

}  // namespace

TEST_CASE("a token file is read again when it was replaced, and blanks around the token are ignored") {
  const Scripted s({ok("null"), ok("null"), ok("null"), ok("null"), ok("null")});
  const Folder folder;
  const std::string path = folder.write("token", " one\r\n");
  const auto kv = client_with(s, cf::token_file(path)).kv("ns");
  kv.erase("k");
  kv.erase("k");
  folder.write("token", "two");  // another size
  kv.erase("k");
  folder.write("token", "six");  // another inode, with the time and size of before
  kv.erase("k");
  folder.write("token", "ten", 1'000'001);
  kv.erase("k");
  CHECK(tokens(s) == Texts{"Bearer one", "Bearer one", "Bearer two", "Bearer six", "Bearer ten"});
}

TEST_CASE("a token file that was written in place within the tick of its clock is read again") {
  const Scripted s({ok("null"), ok("null")});
  const Folder folder;
  const std::string path = folder.write("token", "one", std::time(nullptr));
  const auto written = fs::last_write_time(path);
  const auto kv = client_with(s, cf::token_file(path)).kv("ns");
  kv.erase("k");
  std::ofstream(path) << "two";
  fs::last_write_time(path, written);
  kv.erase("k");
  CHECK(tokens(s) == Texts{"Bearer one", "Bearer two"});
}

TEST_CASE("a token file that cannot be used is an error of the call, with its path and without its content") {
  const Scripted s;
  const Folder folder;
  const auto refusal = [&](const std::string& path) {
    const auto error = error_of([&] { client_with(s, cf::token_file(path)).kv("ns").erase("k"); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(error.operation() == "kv.erase");
    CHECK(holds(error.what(), "hunter2") == false);
    return std::string(error.what());
  };
  const std::string missing = folder.made.file("missing");
  CHECK(holds(refusal(missing), "the token file \"" + missing + "\" cannot be read: No such file"));
  CHECK(holds(refusal(folder.path.string()), "regular"));
  CHECK(holds(refusal(support::null_device), "regular"));
  CHECK(holds(refusal(folder.write("a", " \n")), "empty"));
  CHECK(holds(refusal(folder.write("b", std::string(4097, 'x'))), "4096"));
  refusal(folder.write("c", "hunter2 hunter2"));
  CHECK(s.count() == 0);
}

TEST_CASE("after a refusal the provider is asked again, and another token is tried once") {
  for (const int status : {401, 403}) {
    const Scripted s({refused(status, 10000, "no"), ok("null"), refused(status, 10000, "no"),
                      refused(status, 10000, "no"), refused(status, 10000, "no"), refused(status, 10000, "no")});
    std::string token = "old";
    int asked = 0;
    const auto rotates = [&] { return ++asked == 2 ? token = "new" : token; };
    const auto client = client_with(s, cf::TokenProvider(rotates));
    client.request("POST", "/x");  // a refused request was not executed, so its class does not matter
    CHECK(tokens(s) == Texts{"Bearer old", "Bearer new"});
    CHECK(error_of([&] { client.request("GET", "/x"); }).attempts() == 1);  // the same token
    int number = 0;
    const auto other = client_with(s, cf::TokenProvider([&] { return "t" + std::to_string(++number); }));
    CHECK(error_of([&] { other.request("GET", "/x"); }).attempts() == 2);
    CHECK(error_of([&] { other.with({.max_attempts = 1}).request("GET", "/x"); }).attempts() == 1);
    CHECK(s.fake->problems().empty());
  }
}

TEST_CASE("a provider that fails when it is asked again leaves the server's refusal as the error") {
  const Scripted s({refused(401, 10000, "no"), refused(401, 10000, "no")});
  for (const bool malformed : {true, false}) {
    int asked = 0;
    const auto provide = [&]() -> std::string {
      if (++asked == 1) return "good";
      if (malformed) return "b a d";
      throw cf::Error(ErrorKind::unauthorized, "gone");
    };
    const auto error = error_of([&] { client_with(s, cf::TokenProvider(provide)).request("GET", "/x"); });
    CHECK(error.code() == cf::ErrorCode::authentication_error);
  }
}

TEST_CASE("a body that can be read only once is not sent again with another token") {
  const Scripted s({refused(401, 10000, "no")});
  int number = 0;
  bool given = false;
  const auto body = cf::Body::callback([&](std::span<char> to) -> std::size_t {
    if (std::exchange(given, true)) return 0;
    to[0] = 'x';
    return 1;
  });
  const auto client = client_with(s, cf::TokenProvider([&] { return "t" + std::to_string(++number); }));
  CHECK(error_of([&] { client.request_raw("PUT", "/x", body); }).attempts() == 1);
}

TEST_CASE("from_env takes the token from the file that CLOUDFLARE_API_TOKEN_FILE names, and says what contradicts it") {
  const Folder folder;
  const std::string path = folder.write("token", "from-file\n");
  const Scripted s({ok("null")});
  const auto make = [&] {
    return cf::ApiClient::from_env({.account_id = "acc", .transport = s.fake, .clock = s.fake->clock()});
  };
  const Variables none{{"CLOUDFLARE_API_TOKEN", nullptr},
                       {"CLOUDFLARE_EMAIL", nullptr},
                       {"CLOUDFLARE_API_KEY", nullptr},
                       {"CLOUDFLARE_BASE_URL", nullptr},
                       {"CLOUDFLARE_API_TOKEN_FILE", path.c_str()}};
  make().kv("ns").erase("k");
  CHECK(tokens(s) == Texts{"Bearer from-file"});
  {
    const Variables both{{"CLOUDFLARE_API_TOKEN", "t"}};
    CHECK(holds(error_of(make).what(), "CLOUDFLARE_API_TOKEN conflicts with CLOUDFLARE_API_TOKEN_FILE"));
  }
  {
    const Variables both{{"CLOUDFLARE_API_KEY", "k"}};
    CHECK(holds(error_of(make).what(), "CLOUDFLARE_API_TOKEN_FILE conflicts"));
  }
  fs::remove(path);
  const auto error = error_of(make);
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK(holds(error.what(), "CLOUDFLARE_API_TOKEN_FILE: the token file"));
}

TEST_CASE("wrangler's login is read, with its comments and other keys, and read again when it was renewed") {
  const Scripted s({ok("null"), ok("null")});  // its clock begins in January 2027
  const Folder folder;
  const auto login = [&](const std::string& token, const std::string& until) {
    folder.write("config/work.toml",
                 "# wrangler\r\nrefresh_token = \"r\"\r\noauth_token = \"" + token + "\" # now\r\nexpiration_time = " +
                     until + "\r\nscopes = [ \"account:read\", \"oauth_token = 1\" ]\n[x]\noauth_token=\"no\"\n");
  };
  const cf::WranglerOptions options{.profile = "work", .folder = folder.path.string(), .clock = s.fake->clock()};
  login("first.a-b_c", "\"2027-02-01T00:00:00.000Z\"");
  const auto kv = client_with(s, cf::wrangler_login(options)).kv("ns");
  kv.erase("k");
  login("second", "2027-02-01T00:00:00Z");
  kv.erase("k");
  CHECK(tokens(s) == Texts{"Bearer first.a-b_c", "Bearer second"});
}

TEST_CASE("a wrangler login that cannot be used is unauthorized, and says what to run") {
  const Scripted s;
  const Folder folder;
  const auto refusal = [&](const cf::WranglerOptions& options) {
    const auto error = error_of([&] { client_with(s, cf::wrangler_login(options)).kv("ns").erase("k"); });
    CHECK(error.kind() == ErrorKind::unauthorized);
    CHECK_FALSE(error.outcome_unknown());
    CHECK_FALSE(holds(error.what(), "hunter2"));
    return std::string(error.what());
  };
  const cf::WranglerOptions options{.folder = folder.path.string(), .clock = s.fake->clock()};
  CHECK(holds(refusal(options), "run `wrangler login`"));
  folder.write("config/default.enc", "x");
  CHECK(holds(refusal(options), "keyring"));
  folder.write("config/default.toml", "oauth_token = \"hunter2\"\nexpiration_time = \"2026-12-31T00:00:00.000Z\"\n");
  CHECK(holds(refusal(options), "expired at 2026-12-31T00:00:00Z; run `wrangler whoami`"));
  for (const char* file : {"", "api_token = \"hunter2\"", "oauth_token = \"hunter2", "oauth_token = \"\"",
                           "oauth_token = \"hunter2\\u0041\"", "[default]\noauth_token = \"hunter2\""}) {
    INFO(file);
    folder.write("config/default.toml", file);
    CHECK(holds(refusal(options), "holds no oauth_token"));
  }
  for (const char* profile : {"", "../x", "a b"})
    CHECK(error_of([&] { (void)cf::wrangler_login({.profile = profile}); }).kind() == ErrorKind::invalid_argument);
  CHECK(s.count() == 0);
}

TEST_CASE("wrangler's folder is found where wrangler itself looks") {
  const Folder folder;
  const std::string home = folder.path.string();
  const Variables none{{support::home_variable, home.c_str()},
                       {"APPDATA", nullptr},  // Windows'
                       {"CLOUDFLARE_CONFIG_DIR", nullptr},
                       {"XDG_CONFIG_HOME", nullptr}};
  const std::string until = "\nexpiration_time = \"2999-01-01T00:00:00Z\"";
  folder.write("explicit/config/default.toml", "oauth_token = 'explicit'" + until);
  folder.write("xdg/.wrangler/config/default.toml", "oauth_token = 'xdg'" + until);
  folder.write(std::string(support::settings_folder) + "/.wrangler/config/default.toml",
               "oauth_token = 'config'" + until);
  const auto used = [] {
    const Scripted s({ok("null")});
    client_with(s, cf::wrangler_login()).kv("ns").erase("k");
    return tokens(s).at(0);
  };
  CHECK(used() == "Bearer config");
  {
    const Variables xdg{{"XDG_CONFIG_HOME", (home + "/xdg").c_str()}};
    CHECK(used() == "Bearer xdg");
  }
  folder.write(".wrangler/config/default.toml", "oauth_token = 'legacy'" + until);
  CHECK(used() == "Bearer legacy");
  const Variables explicitly{{"CLOUDFLARE_CONFIG_DIR", (home + "/explicit").c_str()}};
  CHECK(used() == "Bearer explicit");
  const Variables homeless{{support::home_variable, nullptr}, {"CLOUDFLARE_CONFIG_DIR", nullptr}};
  CHECK(error_of([] { (void)cf::wrangler_login(); }).kind() == ErrorKind::invalid_argument);
}
