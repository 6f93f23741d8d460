// Export, import and comparison of whole namespaces.

#include <cloudflare/files/kv.hpp>

#include <algorithm>
#include <filesystem>

#include "contract/counterpart.hpp"
#include "support/process.hpp"

using namespace contract;
using namespace std::chrono_literals;
using cloudflare::kv::compare;
using cloudflare::kv::CompareResult;
using cloudflare::kv::Difference;
using cloudflare::kv::export_to;
using cloudflare::kv::import_from;
using Json = nlohmann::json;
namespace kv = cloudflare::kv;

namespace {

std::string binary() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

const auto far = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()) + 24h;

void fill(const cloudflare::KvNamespace& space, int more) {
  std::vector<kv::Entry> entries = {
      {.key = "binary", .value = binary()},
      {.key = "empty", .value = ""},
      {.key = "quotes \"\\\n\u0001 ключ", .value = "{\"a\": [1,\n2]}\r\n"},
      {.key = "metadata", .value = "m", .metadata = {{"a", Json::array({1, "x", nullptr})}, {"b", "ключ"}}},
      {.key = "expires", .value = "e", .expiration = far},
      {.key = "replaced \xEF\xBF\xBD", .value = "not binary: \xEF\xBF\xBD"},
  };
  for (int i = 0; i < more; ++i)
    entries.push_back({.key = "many/" + std::to_string(10'000 + i), .value = "value " + std::to_string(i)});
  REQUIRE(space.put_many(entries).complete());
}

/// Every pair in the order of keys, as text.
std::string contents(const cloudflare::KvNamespace& space) {
  std::string all;
  std::vector<std::string> names;
  for (const kv::Key& key : space.list()) {
    names.push_back(key.name);
    all += key.name + '|' + key.metadata.text() + '|' +
           std::to_string(key.expiration ? key.expiration->time_since_epoch().count() : 0) + '\n';
  }
  for (const auto& value : space.get_many(names).values) all += value->value + '\n';
  return all;
}

const Difference* find(const CompareResult& result, const std::string& key) {
  for (const Difference& difference : result.differences)
    if (difference.key == key) return &difference;
  return nullptr;
}

}  // namespace

CONTRACT_CASE("an export that is imported gives an equal namespace", "[kv][tools]", Embedded, Real) {
  const support::TemporaryFolder folder;
  const auto from = cloud.fresh_namespace();
  const auto to = cloud.fresh_namespace();
  fill(*from, 150);
  const std::string path = folder.file("kv.ndjson");
  const auto exported = export_to(*from, path);
  CHECK((exported.finished && exported.keys == 156 && exported.gone == 0));
  CHECK(exported.bytes == std::filesystem::file_size(path));
  CHECK_FALSE(std::filesystem::exists(path + ".state"));
  const auto imported = import_from(*to, path);
  CHECK((imported.complete() && imported.loaded == 156));
  CHECK(to->get("binary") == binary());
  CHECK(contents(*to) == contents(*from));
  const auto same = compare(*from, *to);
  CHECK((same.equal() && same.keys == 156 && same.differences.empty()));
  CHECK(compare(*to, path).equal());
}

CONTRACT_CASE("an export that is interrupted anywhere goes on to the same file", "[kv][tools]", Embedded, Real) {
  const support::TemporaryFolder folder;
  const auto space = cloud.fresh_namespace();
  fill(*space, 2'100);
  (void)export_to(*space, folder.file("whole"));
  const std::string whole = support::read_file(folder.file("whole"));
  REQUIRE(std::count(whole.begin(), whole.end(), '\n') == 2'106);

  // Interrupted by an exception in the middle of the second page, then by a stop token after it.
  const std::string path = folder.file("pieces");
  CHECK_THROWS_AS(export_to(*space, path,
                            {.on_progress =
                                 [](const cloudflare::BulkProgress& now) {
                                   if (now.items_done > 1'300) throw std::runtime_error("interrupted");
                                 }}),
                  std::runtime_error);
  int runs = 0;
  for (bool finished = false; !finished; ++runs) {
    REQUIRE(runs < 10);
    std::stop_source stop;
    const auto run = export_to(*space, path, {.stop = stop.get_token(), .on_progress = [&](const auto& now) {
                                                CHECK(now.items_done > 1'000);  // not from the beginning
                                                stop.request_stop();
                                              }});
    finished = run.finished;
  }
  CHECK(runs == 2);
  CHECK(support::read_file(path) == whole);
  CHECK_FALSE(std::filesystem::exists(path + ".state"));
}

CONTRACT_CASE("a comparison lists what differs, key by key", "[kv][tools]", Embedded, Real) {
  const support::TemporaryFolder folder;
  const auto a = cloud.fresh_namespace();
  const auto b = cloud.fresh_namespace();
  fill(*a, 120);
  fill(*b, 120);
  const std::string path = folder.file("before.ndjson");
  (void)export_to(*a, path);
  b->erase("empty");
  b->put("new", "n");
  b->put("many/10007", "other");
  b->put("metadata", "m", {.metadata = {{"a", 2}}});
  b->put("expires", "e", {.expiration = far + 1h});
  b->put("zzz last", "");
  for (const CompareResult& result : {compare(*b, *a), compare(*b, path)}) {
    CHECK((result.finished && !result.equal() && result.differ == 6 && result.differences.size() == 6));
    CHECK(result.keys == 128);
    REQUIRE((find(result, "empty") && find(result, "new") && find(result, "many/10007") && find(result, "metadata") &&
             find(result, "expires") && find(result, "zzz last")));
    CHECK((find(result, "empty")->only_in_second && !find(result, "empty")->only_in_first));
    CHECK((find(result, "new")->only_in_first && find(result, "zzz last")->only_in_first));
    CHECK((find(result, "many/10007")->value && !find(result, "many/10007")->metadata));
    CHECK((find(result, "metadata")->metadata && !find(result, "metadata")->value));
    CHECK((find(result, "expires")->expiration && !find(result, "expires")->value));
    CHECK(std::is_sorted(result.differences.begin(), result.differences.end(),
                         [](const Difference& x, const Difference& y) { return x.key < y.key; }));
  }
  CHECK(compare(*b, *a, {.values = false}).differ == 5);
  CHECK(compare(*b, *a, {.prefix = "many/"}).differ == 1);
  CHECK(compare(*b, path, {.prefix = "many/"}).differ == 1);
}

CONTRACT_CASE("an interrupted comparison goes on, and finds each difference once", "[kv][tools]", Embedded) {
  const support::TemporaryFolder folder;
  const auto a = cloud.fresh_namespace();
  const auto b = cloud.fresh_namespace();
  fill(*a, 3'200);
  const std::string path = folder.file("a.ndjson");
  (void)export_to(*a, path);
  REQUIRE(import_from(*b, path).complete());
  for (const int at : {3, 999, 1'000, 1'001, 2'500}) b->erase("many/" + std::to_string(10'000 + at));
  for (const bool with_file : {false, true}) {
    std::vector<std::string> found;
    int runs = 0;
    for (bool finished = false; !finished; ++runs) {
      REQUIRE(runs < 10);
      std::stop_source stop;
      const kv::CompareOptions options{
          .state_file = folder.file("state"), .stop = stop.get_token(), .on_difference = [&](const Difference& d) {
            CHECK(d.only_in_second);
            found.push_back(d.key);
            stop.request_stop();
          }};
      const CompareResult run = with_file ? compare(*b, path, options) : compare(*b, *a, options);
      finished = run.finished;
      if (finished) CHECK((run.differ == 5 && run.keys == 3'206));
    }
    CHECK(runs == 4);  // a thousand keys at a time
    CHECK(found == std::vector<std::string>{"many/10003", "many/10999", "many/11000", "many/11001", "many/12500"});
    CHECK_FALSE(std::filesystem::exists(folder.file("state")));
  }
}

CONTRACT_CASE("a file that is not sorted is not compared, and a state of another job is not taken", "[kv][tools]",
              Embedded) {
  const support::TemporaryFolder folder;
  const auto space = cloud.fresh_namespace();
  const std::string path = folder.file("x.ndjson");
  support::write_file(path, R"({"key":"b","value":""})"
                            "\n\n"
                            R"({"key":"a","value":""})"
                            "\n");
  const auto error = error_of([&] { (void)compare(*space, path); });
  CHECK(error.kind() == cloudflare::ErrorKind::invalid_argument);
  CHECK(std::string(error.what()).find("x.ndjson, line 3: the keys are not in ascending order") != std::string::npos);
  support::write_file(path + ".state", R"({"job":"something else"})");
  CHECK(error_of([&] { (void)export_to(*space, path); }).kind() == cloudflare::ErrorKind::invalid_argument);
  CHECK(support::read_file(path).size() > 10);  // untouched
}

CONTRACT_CASE("an empty namespace is exported, imported and compared", "[kv][tools]", Embedded, Real) {
  const support::TemporaryFolder folder;
  const auto space = cloud.fresh_namespace();
  const auto exported = export_to(*space, folder.file("none"));
  CHECK((exported.finished && exported.keys == 0));
  const auto imported = import_from(*space, folder.file("none"));
  CHECK((imported.complete() && imported.loaded == 0 && imported.requests == 0));
  CHECK(compare(*space, folder.file("none")).equal());
  CHECK(compare(*space, *space).equal());
}
