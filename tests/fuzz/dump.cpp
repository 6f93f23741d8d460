// A database that is exported as SQL and imported again is the same database.

#include <cloudflare/d1.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/testing/fake_clock.hpp>

#include "fuzz.hpp"

namespace {

namespace cf = cloudflare;

std::string exported(const cf::D1Database& db) {
  std::string text;
  db.export_to(cf::sink_to([&](std::string_view bytes) { text.append(bytes); }));
  return text;
}

}  // namespace

FUZZ_TARGET(dump) {
  static const cf::ApiClient client = [] {
    cf::ClientOptions options;
    options.clock = std::make_shared<cf::testing::FakeClock>();
    return cf::local::Cloudflare(cf::local::CloudflareOptions{.clock = options.clock}).client(options);
  }();
  const auto databases = client.d1_databases();
  const cf::D1Database first = client.d1(databases.create("first").uuid);
  const cf::D1Database second = client.d1(databases.create("second").uuid);
  struct Remove {
    const cf::D1Databases& from;
    std::string id;
    ~Remove() { from.remove(id); }
  };
  const Remove no_first{databases, first.id()};
  const Remove no_second{databases, second.id()};
  fuzz::succeeds([&] {
    first.execute(
        "CREATE TABLE t (a, b TEXT, c INTEGER PRIMARY KEY); CREATE TABLE \"odd \"\" name\" (x BLOB DEFAULT 'd', y "
        "REAL)");
    for (int i = 0; i < 3 && !in.empty(); ++i) {
      const std::string text = in.text();
      fuzz::succeeds([&] { first.execute("INSERT INTO t (a, b) VALUES (?, ?)", {text, text}); });
      fuzz::succeeds([&] {
        first.execute("INSERT INTO \"odd \"\" name\" VALUES (CAST(? AS BLOB), ?)", {text, in.byte() * 1e30 / 7});
      });
    }
  });
  const std::string sql = in.rest();
  fuzz::succeeds([&] { first.execute(sql); });
  std::string before;
  if (!fuzz::succeeds([&] { before = exported(first); })) return;
  try {
    second.import_sql(before);
  } catch (const cf::Error& error) {
    fuzz::require(false, "what was exported can be imported", std::string(error.what()) + "\n" + before);
  }
  const std::string after = exported(second);
  fuzz::require(before == after, "an import gives the database that was exported", before + "\n----\n" + after);
}
