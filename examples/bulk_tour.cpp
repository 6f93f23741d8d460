// Bulk jobs: files as ranges, a progress bar, export, comparison and import of a namespace, reads from many threads.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/files/kv.hpp>
#include <cloudflare/files/progress_bar.hpp>
#include <cloudflare/kv/reader.hpp>
#include <cloudflare/local.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

namespace cf = cloudflare;
using namespace std::chrono_literals;

int main() try {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();
  cf::KvNamespace kv = client.kv(client.kv_namespaces().create("settings").id);
  cf::KvNamespace copy = client.kv(client.kv_namespaces().create("copy").id);

  const std::string folder = std::filesystem::temp_directory_path() / "cloudflare-cpp-bulk-tour";
  std::filesystem::create_directories(folder);
  const std::string pairs = folder + "/pairs.ndjson";
  std::ofstream(pairs) << R"({"key":"user/1","value":"Ann","metadata":{"lang":"en"}})" << '\n'
                       << R"({"key":"user/2","value":"AAH/","base64":true,"expiration_ttl":86400})" << '\n';

  // [readers]
  const cf::kv::BulkResult done = kv.put_many(cf::kv::read_ndjson(pairs), {.on_progress = cf::ProgressBar()});
  for (const cf::kv::Entry& entry : cf::kv::read_ndjson(pairs)) std::cout << entry.key << '\n';
  // [/readers]

  // [import]
  const cf::ImportResult imported = cf::kv::import_from(kv, pairs);
  if (!imported.complete()) std::cerr << imported.failed.size() << " failed; call it again, and only these are sent\n";
  // [/import]

  const std::string file = folder + "/backup.ndjson";
  // [export]
  const cf::kv::ExportResult exported = cf::kv::export_to(kv, file, {.prefix = "user/"});
  std::cout << exported.keys << " pairs, " << exported.bytes << " bytes\n";
  // [/export]

  // [compare]
  const cf::kv::CompareResult differences = cf::kv::compare(copy, file);
  for (const cf::kv::Difference& difference : differences.differences)
    std::cout << difference.key << (difference.only_in_second ? " is missing\n" : " differs\n");
  // [/compare]
  (void)cf::kv::import_from(copy, file);
  const bool same = cf::kv::compare(kv, copy).equal();

  // [reader]
  const cf::kv::Reader reader(kv, {.window = 2ms});
  auto serve = [&](const std::string& user) {
    const std::optional<std::string> name = reader.get("user/" + user, {.timeout = 500ms});
    std::cout << name.value_or("nobody") + '\n';
  };
  std::vector<std::jthread> threads;
  for (const char* user : {"1", "2", "3"}) threads.emplace_back(serve, user);  // one request
  // [/reader]
  threads.clear();

  std::filesystem::remove_all(folder);
  return done.complete() && imported.complete() && exported.finished && differences.differ == 2 && same ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
