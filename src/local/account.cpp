#include "account.hpp"

#include <cloudflare/error.hpp>

#include <filesystem>
#include <utility>

#include "sqlite.hpp"

namespace cloudflare::local {

namespace {

// The path of a file in the account's folder, which is made if it is missing; empty when there is no folder.
std::string file_in(const std::string& folder, const char* name) {
  if (folder.empty()) return {};
  const std::filesystem::path path(std::u8string(folder.begin(), folder.end()));
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!std::filesystem::is_directory(path, error))
    throw invalid_argument("the folder of the embedded store cannot be made: " + folder);
  const std::u8string text = (path / name).u8string();
  return {text.begin(), text.end()};
}

template <class Make>
auto opened(const std::string& folder, Make make) {
  try {
    return make();
  } catch (const SqliteError& error) {
    if ((error.code() & 0xFF) == SQLITE_BUSY)
      throw invalid_argument("the folder of the embedded store is in use, by this or another process: " + folder);
    throw invalid_argument("the folder of the embedded store cannot be used: " + folder + ": " + error.what());
  }
}

}  // namespace

Account::Account(const std::string& folder, std::string account_id, std::shared_ptr<Clock> given_clock,
                 bool limit_rates)
    : id(std::move(account_id)),
      clock(given_clock ? std::move(given_clock) : Clock::system()),
      rate_limits(limit_rates, *clock),
      kv(opened(folder, [&] { return KvStore(file_in(folder, "kv.sqlite"), *clock); })) {}

}  // namespace cloudflare::local
