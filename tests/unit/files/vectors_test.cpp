// Whole indexes: export, comparison, and import of what was exported.

#include <cloudflare/files/vectorize.hpp>

#include <bit>
#include <cfloat>
#include <cloudflare/local.hpp>
#include <filesystem>

#include "support/system.hpp"
#include "unit/engine/core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using cf::vectorize::compare;
using cf::vectorize::export_to;
using cf::vectorize::Vector;
using nlohmann::json;

namespace {

/// Floats that a careless writer or reader would change.
const std::vector<float> hard{0.1F, -0.0F, FLT_MIN / 8, FLT_MAX, 16777217.0F, 1.17549435e-38F, 0.3F, -1e-45F};

/// A store with the index "docs" of some vectors, and an empty index "copy".
struct Store {
  support::TemporaryFolder folder{};
  std::string path = folder.file("docs.ndjson");
  std::string state = path + ".state";
  std::shared_ptr<cf::testing::FakeClock> clock = std::make_shared<cf::testing::FakeClock>();
  cf::local::Cloudflare cloud{{.clock = clock}};
  cf::ApiClient client = cloud.client({.clock = clock});
  cf::VectorizeIndex docs = client.vectorize("docs");
  cf::VectorizeIndex copy = client.vectorize("copy");

  explicit Store(int count) {
    for (const char* name : {"docs", "copy"})
      client.vectorize_indexes().create(name, {.dimensions = 8, .metric = cf::vectorize::Metric::euclidean});
    std::vector<Vector> vectors;
    for (int i = count; i-- > 0;) vectors.push_back(vector(i));  // not in the order of their ids
    REQUIRE(docs.upsert_many(vectors).complete());
  }
  static Vector vector(int i) {
    Vector made{.id = "v" + std::to_string(10'000 + i), .values = hard};
    made.values[0] = static_cast<float>(i) / 7;
    if (i % 2 == 0) made.ns = "even";
    if (i % 3 == 0) made.metadata = {{"n", i}, {"text", "line\nbreak \"\u00e9\""}};
    return made;
  }
  [[nodiscard]] bool has_state() const { return std::filesystem::exists(state); }
  [[nodiscard]] std::string whole() const {
    const std::string other = folder.file("whole");
    REQUIRE(export_to(docs, other).finished);
    return support::read_file(other);
  }
};

}  // namespace

TEST_CASE("an index is exported in the order of its ids, imported elsewhere and equal there, float for float") {
  const Store store(2'300);
  std::vector<std::uint64_t> progress;
  const auto done =
      export_to(store.docs, store.path,
                {.on_progress = [&](const cf::BulkProgress& now) { progress.push_back(now.items_done); }});
  CHECK((done.finished && done.vectors == 2'300 && done.gone == 0));
  CHECK(done.bytes == std::filesystem::file_size(store.path));
  CHECK_FALSE(store.has_state());
  CHECK(progress.size() == 115);
  CHECK(progress.back() == 2'300);
  int next = 0;
  for (const Vector& read : cf::vectorize::read_ndjson(store.path)) {
    const Vector expected = Store::vector(next++);
    if (read.id != expected.id || read.ns != expected.ns) FAIL("another vector: " << read.id);
    for (std::size_t i = 0; i < hard.size(); ++i)
      if (std::bit_cast<std::uint32_t>(read.values.at(i)) != std::bit_cast<std::uint32_t>(expected.values[i]))
        FAIL("value " << i << " of " << read.id << " is " << read.values[i]);
    if (!expected.metadata.empty()) CHECK(json::parse(read.metadata.text()) == json::parse(expected.metadata.text()));
  }
  CHECK(next == 2'300);
  CHECK(compare(store.docs, store.path).equal());
  CHECK(compare(store.docs, store.copy).differ == 2'300);

  const auto loaded = cf::vectorize::import_from(store.copy, store.path);
  CHECK((loaded.complete() && loaded.loaded == 2'300));
  const auto same = compare(store.docs, store.copy);
  CHECK((same.equal() && same.vectors == 2'300));
}

TEST_CASE("an export that was interrupted lists the ids anew and goes on behind the last thousand vectors") {
  const Store store(2'300);
  const std::string whole = store.whole();
  std::stop_source stop;
  const auto begun = export_to(store.docs, store.path,
                               {.stop = stop.get_token(), .on_progress = [&](const auto&) { stop.request_stop(); }});
  CHECK((!begun.finished && begun.vectors == 1'000));
  CHECK(store.has_state());
  support::write_file(store.path, support::read_file(store.path) + "half a li");
  const auto done = export_to(store.docs, store.path);
  CHECK((done.finished && done.vectors == 2'300 && done.bytes == whole.size()));
  CHECK(support::read_file(store.path) == whole);
  CHECK_FALSE(store.has_state());

  CHECK_FALSE(export_to(store.docs, store.path, {.stop = stop.get_token()}).finished);
  std::stop_source again;
  (void)export_to(store.docs, store.path,
                  {.stop = again.get_token(), .on_progress = [&](const auto&) { again.request_stop(); }});
  CHECK(error_of([&] { (void)export_to(store.copy, store.path); }).kind() == ErrorKind::invalid_argument);
}

TEST_CASE("an export of a prefix, of nothing, and of a vector that is removed after it was listed") {
  const Store store(30);
  CHECK(export_to(store.docs, store.path, {.prefix = "v1001"}).vectors == 10);
  CHECK(compare(store.docs, store.path, {.prefix = "v1001"}).equal());
  CHECK(compare(store.docs, store.path).differ == 20);
  const auto none = export_to(store.copy, store.folder.file("none"));
  CHECK((none.finished && none.vectors == 0));
  CHECK(std::filesystem::file_size(store.folder.file("none")) == 0);

  const Scripted s({ok(R"({"vectors":[{"id":"b"},{"id":"c"},{"id":"a"}],"isTruncated":false})"),
                    ok(R"([{"id":"b","values":[1]},{"id":"a","values":[2]}])")});
  const auto gone = export_to(s.client().vectorize("docs"), store.path);
  CHECK((gone.finished && gone.vectors == 2 && gone.gone == 1));
  CHECK(support::read_file(store.path) == "{\"id\":\"a\",\"values\":[2]}\n{\"id\":\"b\",\"values\":[1]}\n");
  const Scripted broken({ok(R"({"vectors":[{"id":"a"}],"isTruncated":false})"), refused(400, 40007, "too many ids")});
  CHECK(error_of([&] { (void)export_to(broken.client().vectorize("docs"), store.path); }).kind() ==
        ErrorKind::rejected);
}

TEST_CASE("a comparison names what is missing, what is extra, and how a vector differs") {
  const Store store(10);
  REQUIRE(export_to(store.docs, store.path).finished);
  REQUIRE(cf::vectorize::import_from(store.copy, store.path).complete());
  Vector moved = Store::vector(1);
  moved.values[1] = 2;
  Vector renamed = Store::vector(2);
  renamed.ns = "other";
  Vector described = Store::vector(3);
  described.metadata = {{"n", 4}};
  store.copy.upsert({moved, renamed, described, Vector{.id = "extra", .values = hard}});
  store.copy.erase_by_ids(std::vector<std::string>{"v10005"});
  const auto found = compare(store.docs, store.copy);
  CHECK((found.finished && found.vectors == 11 && found.differ == 5));
  std::vector<std::string> said;
  for (const auto& d : found.differences)
    said.push_back(d.id + (d.only_in_first ? " first" : "") + (d.only_in_second ? " second" : "") +
                   (d.values ? " values" : "") + (d.ns ? " ns" : "") + (d.metadata ? " metadata" : ""));
  CHECK(said ==
        std::vector<std::string>{"extra second", "v10001 values", "v10002 ns", "v10003 metadata", "v10005 first"});
  const auto ids = compare(store.docs, store.copy, {.vectors = false});
  CHECK((ids.differ == 2 && ids.differences.at(1).only_in_first));

  support::write_file(store.path, "{\"id\":\"b\",\"values\":[1]}\n{\"id\":\"a\",\"values\":[1]}\n");
  const auto error = error_of([&] { (void)compare(store.docs, store.path); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK(std::string(error.what()).find("line 2: the ids are not in ascending order") != std::string::npos);
}

TEST_CASE("a comparison that was interrupted goes on behind what it compared") {
  const Store store(2'300);
  REQUIRE(export_to(store.docs, store.path).finished);
  const std::string state = store.folder.file("compare");
  store.docs.erase_by_ids(std::vector<std::string>{"v10001", "v11500"});
  std::stop_source stop;
  const auto note = [&](const cf::vectorize::Difference& d) {
    CHECK(d.id == "v10001");
    stop.request_stop();
  };
  const auto begun =
      compare(store.docs, store.path, {.state_file = state, .stop = stop.get_token(), .on_difference = note});
  CHECK((!begun.finished && begun.vectors == 1'000 && begun.differ == 1));
  const auto done = compare(store.docs, store.path, {.state_file = state});
  CHECK((done.finished && done.vectors == 2'300 && done.differ == 2));
  REQUIRE(done.differences.size() == 1);
  CHECK((done.differences[0].id == "v11500" && done.differences[0].only_in_second));
  CHECK_FALSE(std::filesystem::exists(state));
}
