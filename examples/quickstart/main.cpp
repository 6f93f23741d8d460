// Stores a folder of files in Workers KV, lists them, reads each one back and compares, byte for byte.
//
//   quickstart [FOLDER]
//
// Without an account it uses the embedded store in this process. With CLOUDFLARE_API_TOKEN (or CLOUDFLARE_EMAIL and
// CLOUDFLARE_API_KEY) and CLOUDFLARE_ACCOUNT_ID in the environment it uses the live account, in a namespace that it
// creates and removes.

#include <algorithm>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace cf = cloudflare;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

// [collect]
std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Keys are UTF-8, whatever the system's own names are.
std::string utf8(const fs::path& path) {
  const std::u8string text = path.generic_u8string();
  return {text.begin(), text.end()};
}

// The files below `folder` by key, without hidden and built ones.
std::map<std::string, fs::path> files_of(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = utf8(it->path().filename());
    if (it->is_directory() && (name.starts_with('.') || name == "build" || name == "node_modules"))
      it.disable_recursion_pending();
    else if (it->is_regular_file() && !name.starts_with('.'))
      files.emplace("file/" + utf8(fs::relative(it->path(), folder)), it->path());
  }
  return files;
}
// [/collect]

int run(const fs::path& folder) {
  // [client]
  const bool live = std::getenv("CLOUDFLARE_ACCOUNT_ID") != nullptr;
  cf::local::Cloudflare embedded;
  cf::ApiClient client = live ? cf::ApiClient::from_env() : embedded.client();

  cf::KvNamespaces namespaces = client.kv_namespaces();
  const std::string id = namespaces.create("cloudflare-cpp quickstart " + std::to_string(std::rand())).id;
  cf::KvNamespace kv = client.kv(id);
  // [/client]
  std::printf("%s store, folder %s\n\n", live ? "live" : "embedded", utf8(folder).c_str());

  const std::map<std::string, fs::path> files = files_of(folder);
  for (const auto& [key, path] : files) {
    const std::string content = read_file(path);
    kv.put(key, content, {.ttl = 1h, .metadata = {{"type", utf8(path.extension())}, {"bytes", content.size()}}});
  }

  std::size_t total_bytes = 0;
  std::size_t equal = 0;
  std::map<std::string, std::pair<std::size_t, std::size_t>> by_type;  // files and bytes
  // [read]
  for (const cf::kv::Key& key : kv.list({.prefix = "file/"})) {
    const auto metadata = key.metadata.as<nlohmann::json>();
    const std::optional<std::string> value = kv.get(key.name);
    if (value && *value == read_file(files.at(key.name))) ++equal;
    // [/read]
    auto& [count, bytes] = by_type[metadata.at("type").get<std::string>()];
    ++count;
    bytes += metadata.at("bytes").get<std::size_t>();
    total_bytes += value ? value->size() : 0;
  }

  std::printf("%-14s %6s %10s\n", "type", "files", "bytes");
  for (const auto& [type, sums] : by_type)
    std::printf("%-14s %6zu %10zu\n", type.empty() ? "(none)" : type.c_str(), sums.first, sums.second);
  namespaces.remove(id);

  std::printf("\nfiles=%zu bytes=%zu equal=%zu\n", files.size(), total_bytes, equal);
  return equal == files.size() ? 0 : 1;
}

int main(int argc, char** argv) {
  try {
    std::srand(static_cast<unsigned>(std::chrono::system_clock::now().time_since_epoch().count()));
    return run(argc > 1 ? fs::path(argv[1]) : fs::path(QUICKSTART_DEFAULT_FOLDER));
  } catch (const cf::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
