// The schema of a D1 database as a folder of SQL files: each is applied once, in order, and a file with an error leaves
// the database as it was.
//
//   example_migrations FOLDER

#include <cloudflare/d1.hpp>
#include <cloudflare/local.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace cf = cloudflare;
namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& sql) { std::ofstream(path) << sql; }

void migrate(const cf::D1Database& db, const fs::path& folder) {
  const cf::d1::MigrateResult done = db.migrate(folder.string());
  for (const std::string& name : done.applied) std::printf("applied %s\n", name.c_str());
  if (done.failure) std::printf("stopped at %s\n", done.failure->name.c_str());
  if (done.complete() && done.applied.empty()) std::printf("nothing to do\n");
}

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? argv[1] : "migrations";
  fs::remove_all(folder);
  fs::create_directories(folder);
  cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::D1Database db = client.d1(client.d1_databases().create("app").uuid);

  write(folder / "0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);");
  write(folder / "0002_ada.sql", "INSERT INTO users (name) VALUES ('ada');");
  migrate(db, folder);
  migrate(db, folder);

  write(folder / "0003_mail.sql", "ALTER TABLE users ADD COLUMN mail TEXT; UPDATE users SET male = '';");
  migrate(db, folder);
  write(folder / "0003_mail.sql", "ALTER TABLE users ADD COLUMN mail TEXT; UPDATE users SET mail = '';");
  migrate(db, folder);

  const auto columns = db.query<std::string>("SELECT name FROM pragma_table_info('users')");
  for (const auto& [name] : columns) std::printf("%s ", name.c_str());
  std::printf("\n");
}
