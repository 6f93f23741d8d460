#include "local/account.hpp"

#include <cloudflare/error.hpp>

#include <filesystem>
#include <utility>

#include "base/files.hpp"
#include "local/d1/store.hpp"
#include "local/kv/store.hpp"
#include "local/storage/sqlite.hpp"
#include "local/vectorize/store.hpp"

namespace cloudflare::local {

namespace {

// Makes a folder and its missing parents for their user alone. A folder that exists stays as it is.
void make_private(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder == folder.parent_path() || std::filesystem::exists(folder, error)) return;  // or a drive that is not there
  make_private(folder.parent_path());
  detail::files::make_private_folder(detail::files::utf8_of(folder));
}

// A path in the account's folder, which is made if it is missing; empty if everything is kept in memory.
std::string path_in(const std::string& folder, const char* name, bool is_folder = false) {
  if (folder.empty()) return {};
  std::string path = folder + "/" + name;
  const std::string& needed = is_folder ? path : folder;
  std::error_code error;
  make_private(detail::files::path_of(needed));
  if (!std::filesystem::is_directory(detail::files::path_of(needed), error))
    throw invalid_argument("the folder of the embedded store cannot be made: " + folder);
  return path;
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

struct Account::Stores {
  Stores(const std::string& folder, const CloudflareOptions& options, const Clock& clock)
      : kv(opened(folder, [&] { return NamespaceStore(path_in(folder, "kv.sqlite"), clock); })),
        d1(opened(folder, [&] { return D1Store(path_in(folder, "d1", true), clock); })),
        vectorize(opened(folder, [&] {
          return VectorizeStore(path_in(folder, "vectorize.sqlite"), clock, options.vectorize_delay);
        })) {}

  NamespaceStore kv;
  D1Store d1;
  VectorizeStore vectorize;
};

Account::Account(const std::string& folder, const CloudflareOptions& given)
    : stores_(nullptr),
      options(given),
      clock(given.clock ? given.clock : Clock::system()),
      rate_limits(given.rate_limits, *clock),
      kv((stores_ = std::make_unique<Stores>(folder, given, *clock))->kv),
      d1(stores_->d1),
      vectorize(stores_->vectorize) {}
Account::~Account() { stores_.reset(); }  // the stores read the clock, so they end first

}  // namespace cloudflare::local
