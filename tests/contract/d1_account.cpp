// The account level of D1.

#include <algorithm>

#include "contract/counterpart.hpp"

using namespace contract;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

/// Databases that a case makes by hand, removed at its end.
struct Made {
  cloudflare::D1Databases databases;
  std::vector<std::string> ids{};

  d1::Database create(const std::string& name, const d1::CreateOptions& options = d1::CreateOptions()) {
    auto made = databases.create(name, options);
    ids.push_back(made.uuid);
    return made;
  }
  ~Made() {
    for (const auto& id : ids) (void)databases.checked().remove(id);
  }
};

void check_missing(const cloudflare::Error& error) {
  CHECK(error.kind() == ErrorKind::not_found);
  CHECK(error.http_status() == 404);
  CHECK(error.code() == ErrorCode::d1_database_not_found);
}

}  // namespace

CONTRACT_CASE("a database is created, got, used and removed", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const std::string name = cloud.fresh_name();
  const auto created = made.create(name);
  CHECK(created.name == name);
  CHECK(created.uuid.size() == 36);
  CHECK(created.version == "production");
  CHECK(created.created_at.has_value());
  CHECK(created.jurisdiction.empty());
  CHECK(created.read_replication == d1::ReadReplication::disabled);

  cloud.client().d1(created.uuid).execute("CREATE TABLE t (a)");
  const auto got = made.databases.get(created.uuid);
  CHECK(got.uuid == created.uuid);
  CHECK(got.num_tables == 1);
  CHECK(got.file_size.value_or(0) > 0);
  CHECK_FALSE(got.running_in_region.empty());

  made.databases.remove(created.uuid);
  check_missing(error_of([&] { (void)made.databases.get(created.uuid); }));
  check_missing(error_of([&] { made.databases.remove(created.uuid); }));
}

CONTRACT_CASE("a database is got by its name too", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const auto created = made.create(cloud.fresh_name());
  CHECK(made.databases.get(created.name).uuid == created.uuid);
  check_missing(error_of([&] { (void)made.databases.get(created.name + "-not"); }));
}

CONTRACT_CASE("fields limit what comes back of a database", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const auto created = made.create(cloud.fresh_name());
  const auto few = made.databases.get(created.uuid, {"uuid", "read_replication"});
  CHECK(few.uuid == created.uuid);
  CHECK(few.read_replication.has_value());
  CHECK(few.name.empty());
  CHECK_FALSE(few.num_tables.has_value());
}

CONTRACT_CASE("jurisdiction, location hint and read replication of a new database", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const auto created = made.create(cloud.fresh_name(), {.jurisdiction = d1::Jurisdiction::eu,
                                                        .primary_location_hint = d1::Location::weur,
                                                        .read_replication = d1::ReadReplication::automatic});
  CHECK(created.jurisdiction == "eu");
  CHECK(created.read_replication == d1::ReadReplication::automatic);
  for (const auto hint :
       {d1::Location::wnam, d1::Location::enam, d1::Location::eeur, d1::Location::apac, d1::Location::oc})
    CHECK_FALSE(made.create(cloud.fresh_name(), {.primary_location_hint = hint}).uuid.empty());
}

CONTRACT_CASE("ensure() finds or creates a database", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const std::string name = cloud.fresh_name();
  const auto created = made.databases.ensure(name, {.jurisdiction = d1::Jurisdiction::eu});
  CHECK((created.created && created.item.name == name));
  const auto found = made.databases.ensure(name, {.jurisdiction = d1::Jurisdiction::eu});
  CHECK((!found.created && found.item.uuid == created.item.uuid));
  CHECK(error_of([&] { (void)made.databases.ensure(name, {.jurisdiction = d1::Jurisdiction::us}); }).kind() ==
        ErrorKind::conflict);
  made.databases.remove(created.item.uuid);
}

CONTRACT_CASE("read replication is switched by update and by replace", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const auto created = made.create(cloud.fresh_name());
  using Mode = d1::ReadReplication;
  CHECK(made.databases.update(created.uuid, Mode::automatic).read_replication == Mode::automatic);
  CHECK(made.databases.get(created.uuid).read_replication == Mode::automatic);
  CHECK(made.databases.replace(created.uuid, Mode::disabled).read_replication == Mode::disabled);
  CHECK(made.databases.get(created.uuid).read_replication == Mode::disabled);
  check_missing(error_of([&] { made.databases.update("00000000-0000-4000-8000-000000000000", Mode::disabled); }));
}

CONTRACT_CASE("a name that is taken is a conflict with code 7502", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const auto created = made.create(cloud.fresh_name());
  const auto error = error_of([&] { made.create(created.name); });
  CHECK(error.kind() == ErrorKind::conflict);
  CHECK(error.http_status() == 400);
  CHECK(error.code() == ErrorCode::d1_name_taken);
}

CONTRACT_CASE("a name that cannot be one is refused by the client, and by the server with 7400", "[d1][account]",
              Embedded, Real) {
  const auto databases = cloud.client().d1_databases();
  for (const char* name : {"", "-dash", "white space", "ümlaut", "a/b"}) {
    const auto error = error_of([&] { databases.create(name); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(error.attempts() == 0);
    const auto server = error_of([&] {
      (void)cloud.client().request("POST", cloud.account_path() + "/d1/database", nlohmann::json{{"name", name}});
    });
    CHECK(server.code() == ErrorCode::d1_bad_request);
  }
}

CONTRACT_CASE("the list walks all pages, ten at a time, and none is lost", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  std::vector<std::string> expected;
  const std::string name = cloud.fresh_name();
  for (int i = 0; i < 12; ++i) expected.push_back(made.create(name + "-" + std::to_string(i)).uuid);
  std::vector<std::string> seen;
  for (const d1::Database& database : made.databases.list({.name = name, .per_page = 10}))
    seen.push_back(database.uuid);
  std::sort(expected.begin(), expected.end());
  std::sort(seen.begin(), seen.end());
  CHECK(seen == expected);

  const auto first = made.databases.list_page({.name = name, .per_page = 10});
  CHECK(first.databases.size() == 10);
  CHECK(first.cursor == "2");
  CHECK(first.info.total_count == 12);
  const auto last = made.databases.list_page({.name = name, .per_page = 10, .cursor = "2"});
  CHECK(last.databases.size() == 2);
  CHECK(last.cursor.empty());
}

CONTRACT_CASE("find compares whole names", "[d1][account]", Embedded, Real) {
  Made made{cloud.client().d1_databases()};
  const auto longer = made.create(cloud.fresh_name() + "-and-more");
  const std::string name = longer.name.substr(0, longer.name.size() - 5);
  CHECK_FALSE(made.databases.find(name).has_value());
  const auto exact = made.create(name);
  CHECK(made.databases.find(name)->uuid == exact.uuid);
  CHECK(made.databases.find(longer.name)->uuid == longer.uuid);
}

CONTRACT_CASE("per_page outside 10 to 10 000 is refused by the client, and by the server", "[d1][account]", Embedded,
              Real) {
  const auto databases = cloud.client().d1_databases();
  for (const int per_page : {0, 9, 10'001}) {
    CHECK(error_of([&] { (void)databases.list_page({.per_page = per_page}); }).kind() == ErrorKind::invalid_argument);
    CHECK(error_of([&] { (void)databases.with({.check_limits = false}).list_page({.per_page = per_page}); }).code() ==
          ErrorCode::d1_bad_request);
  }
  CHECK(error_of([&] { (void)databases.list_page({.cursor = "two"}); }).kind() == ErrorKind::invalid_argument);
}
