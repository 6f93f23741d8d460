// d1_memory_probe import|export BASE_URL FOLDER: imports FOLDER/in.sql, or exports to FOLDER/out.sql, and prints by how
// many bytes the process grew at most.

#include <cloudflare/cloudflare.hpp>
#include <iostream>

#include "support/memory.hpp"

namespace cf = cloudflare;

int main(int argc, char** argv) try {
  if (argc != 4) return 2;
  const std::string folder = argv[3];
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .base_url = argv[2]});
  const cf::D1Database db = client.d1("00000000-0000-0000-0000-000000000000");
  const support::PeakMemory peak;
  if (std::string(argv[1]) == "import")
    db.import_file(folder + "/in.sql");
  else
    db.export_to_file(folder + "/out.sql");
  std::cout << peak.growth() << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
