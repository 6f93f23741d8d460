// A small event log in D1: migrations, rows from a CSV file, typed reports, an export to a file. It runs on the
// embedded store; with --database ID on that database of the account that CLOUDFLARE_API_TOKEN and
// CLOUDFLARE_ACCOUNT_ID name.

#include <CLI/CLI.hpp>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/local/check.hpp>
#include <fstream>
#include <iostream>

#include "events_csv.hpp"

namespace cf = cloudflare;

namespace {

// [reports]
struct SourceReport {
  std::string source;
  std::int64_t events = 0;
  std::int64_t failures = 0;
  std::optional<double> mean_ms;
};

std::vector<SourceReport> report(const cf::D1Database& db) {
  std::vector<SourceReport> reports;
  for (const SourceReport& row : db.query_as<SourceReport>(
           "SELECT source, count(*) AS events, count(f.event) AS failures, avg(ms) AS mean_ms "
           "FROM events LEFT JOIN failures f ON f.event = id GROUP BY source ORDER BY events DESC"))
    reports.push_back(row);
  return reports;
}
// [/reports]

void print(const cf::D1Database& db) {
  for (const SourceReport& row : report(db)) {
    std::cout << row.source << ": " << row.events << " events, " << row.failures << " failures";
    if (row.mean_ms) std::cout << ", " << *row.mean_ms << " ms on average";
    std::cout << '\n';
  }
  // [hours]
  for (const auto& [hour, events] : db.query<std::string, std::int64_t>(
           "SELECT substr(at, 12, 2), count(*) FROM events WHERE at >= ? GROUP BY 1 ORDER BY 1", {"2026-11-20"}))
    std::cout << hour << " h: " << events << '\n';
  // [/hours]
}

bool migrate(const cf::D1Database& db, const std::string& folder) {
  // [migrate]
  const cf::d1::MigrateResult done = db.migrate(folder);
  for (const std::string& name : done.applied) std::cout << "applied " << name << '\n';
  if (done.failure) std::cerr << done.failure->name << ": " << done.failure->error.what() << '\n';
  // [/migrate]
  return done.complete();
}

bool store(const cf::D1Database& db, const std::vector<Event>& events) {
  // [insert]
  const cf::d1::InsertResult done = db.insert_many("events", {"at", "source", "kind", "note", "ms"}, events);
  // [/insert]
  if (done.failure) std::cerr << done.failure->error.what() << '\n';
  return done.complete();
}

// Writes the log to a file.
bool keep(const cf::D1Database& db, const std::string& path) {
  // [export]
  const cf::d1::ExportResult exported = db.export_to_file(path);
  std::cout << exported.bytes << " bytes in " << path << '\n';
  // [/export]
  return exported.bytes > 0;
}

// Deletes all failures, then restores them.
bool undo(const cf::D1Database& db) {
  // [time_travel]
  const std::string before = db.bookmark();
  db.execute("DELETE FROM failures");
  const cf::d1::RestoreResult undone = db.restore(before);  // restore(undone.previous_bookmark) would undo this too
  // [/time_travel]
  return undone.bookmark == before && db.query_value<int>("SELECT count(*) FROM failures").value() > 0;
}

// Imports the exported file into a second database and compares the two.
bool copy(const cf::ApiClient& client, const cf::D1Database& first, const std::string& path) {
  const cf::D1Database second = client.d1(client.d1_databases().create("copy").uuid);
  // [import]
  const auto show = [](const cf::d1::ImportProgress& now) { std::cerr << now.bytes_done << " bytes\n"; };
  const cf::d1::ImportResult imported = second.import_file(path, {.on_progress = show});
  std::cout << imported.num_queries << " queries, " << imported.meta.changes.value_or(0) << " changes\n";
  // [/import]
  const char* total = "SELECT (SELECT count(*) FROM events) * 1000 + (SELECT count(*) FROM failures)";
  return second.query_value<int>(total) == first.query_value<int>(total);
}

// Imports the file in parts, and goes on where an earlier run of the program was cut off.
bool copy_in_parts(const cf::D1Database& db, const std::string& dump) {
  // [check]
  if (const auto refused = cf::local::check_import_file(dump)) {
    std::cerr << "statement " << refused->statement << ", line " << refused->line << ": " << refused->message << '\n';
    return false;
  }
  // [/check]
  const std::string state = dump + ".state";
  // [resume]
  std::string point;
  std::getline(std::ifstream(state), point);  // empty if there is no such file
  const auto keep = [&](const cf::d1::ImportProgress& now) { std::ofstream(state) << now.resume; };
  try {
    const auto done = db.import_file(dump, {.split_bytes = 50'000'000, .resume = point, .on_progress = keep});
    std::cout << done.parts << " parts, " << done.num_queries << " queries\n";
    std::remove(state.c_str());
  } catch (const cf::Error& error) {
    std::ofstream(state) << error.result();  // what the next run goes on from
    throw;
  }
  // [/resume]
  return true;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("An event log in D1");
  std::string migrations = "migrations", csv = "events.csv", dump = "events.sql", database;
  app.add_option("--migrations", migrations, "folder of numbered .sql files");
  app.add_option("--csv", csv, "events to add");
  app.add_option("--export", dump, "file to write");
  app.add_option("--database", database, "id of a database of your account; without it the embedded store is used");
  CLI11_PARSE(app, argc, argv);

  const cf::local::Cloudflare cloud;
  const cf::ApiClient client = database.empty() ? cloud.client() : cf::ApiClient::from_env();
  const cf::D1Database db = client.d1(database.empty() ? client.d1_databases().create("events").uuid : database);

  const std::vector<Event> events = EventsCsv::read(csv);
  if (!migrate(db, migrations) || !store(db, events)) return 1;
  print(db);
  if (!keep(db, dump)) return 1;
  if (!database.empty()) return 0;

  std::int64_t reported = 0;
  for (const SourceReport& row : report(db)) reported += row.events;
  const cf::D1Database third = client.d1(client.d1_databases().create("parts").uuid);
  const bool good = undo(db) && copy(client, db, dump) && copy_in_parts(third, dump) &&
                    reported == static_cast<std::int64_t>(events.size());
  return good ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
