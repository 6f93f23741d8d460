// memory_probe MODE BASE_URL FOLDER: moves one value of 25 MiB and prints by how many bytes the process grew at most.
//
// MODE is put or get (between memory and the server, while the original is kept in memory) or put-file or get-file. The
// value is FOLDER/value; get-file writes FOLDER/copy. A small value goes first in the same way, so that connection and
// buffers exist before the measurement.

#include <cloudflare/cloudflare.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

#include "support/memory.hpp"

namespace cf = cloudflare;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::string text(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0).read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) return 2;
  const std::string mode = argv[1], folder = argv[3];
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .base_url = argv[2]});
  const cf::KvNamespace kv = client.kv("ns");
  const auto transfer = [&](const std::string& key, const std::string& from) {
    if (mode == "put-file") return kv.put(key, cf::Body::file(from));
    if (mode == "get-file") return (void)kv.get_to_file(key, folder + "/copy");
    const std::string original = read_file(from);
    if (mode == "put") return kv.put(key, original);
    if (kv.get(key) != original) throw std::runtime_error("the value is not what was stored");
  };
  transfer("small", folder + "/small");
  const support::PeakMemory peak;
  transfer("value", folder + "/value");
  std::cout << peak.growth() << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
