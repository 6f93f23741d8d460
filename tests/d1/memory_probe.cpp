// d1_memory_probe import|export|rows BASE_URL FOLDER: imports FOLDER/in.sql, exports to FOLDER/out.sql, or reads rows
// one by one, and prints by how many bytes the process grew at most.

#include <cloudflare/cloudflare.hpp>
#include <iostream>

#include "support/memory.hpp"

namespace cf = cloudflare;

int main(int argc, char** argv) try {
  if (argc != 4) return 2;
  const std::string folder = argv[3];
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "acc", .base_url = argv[2]});
  const cf::D1Database db = client.d1("00000000-0000-0000-0000-000000000000");
  std::int64_t next = 0;
  const support::PeakMemory peak;
  if (std::string(argv[1]) == "import")
    db.import_file(folder + "/in.sql");
  else if (std::string(argv[1]) == "rows")
    db.for_each_row<std::int64_t, std::string_view>("SELECT id, s FROM t", [&](std::int64_t id, std::string_view s) {
      if (id != next++ || s.size() != 1000) throw std::runtime_error("a row is lost or spoiled");
    });
  else
    db.export_to_file(folder + "/out.sql");
  std::cout << peak.growth() << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
