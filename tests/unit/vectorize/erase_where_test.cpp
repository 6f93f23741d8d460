// Erasing what meets a condition.

#include <cloudflare/local.hpp>

#include <set>
#include <stop_token>

#include "vectorize/filter_match.hpp"
#include "vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;
namespace cv = cf::vectorize;

namespace {

/// A store with 2100 vectors: ids "a/…" and "b/…" in turns, every third one in the namespace "third".
struct Filled {
  std::shared_ptr<cf::testing::FakeClock> clock = std::make_shared<cf::testing::FakeClock>();
  cf::local::Cloudflare cloud{{.clock = clock}};
  cf::ApiClient client = cloud.client({.clock = clock});
  cf::VectorizeIndex index = client.vectorize("docs");

  Filled() {
    client.vectorize_indexes().create("docs", {.dimensions = 2});
    std::vector<Vector> vectors;
    for (int i = 0; i < 2'100; ++i)
      vectors.push_back({.id = (i % 2 == 0 ? "a/" : "b/") + std::to_string(i),
                         .values = {static_cast<float>(i), 1},
                         .ns = i % 3 == 0 ? "third" : "",
                         .metadata = {{"year", 2000 + i % 10}}});
    REQUIRE(index.upsert_and_wait(vectors, 1min).complete());
  }
  [[nodiscard]] std::set<std::string> ids() const {
    std::set<std::string> all;
    for (const auto& vector : index.list()) all.insert(vector.id);
    return all;
  }
};

/// Pages of two ids each: "v0" and "v1", "v2" and "v3", …
FakeReply page(int number, bool last) {
  json vectors = json::array();
  for (int i = 2 * number; i < 2 * number + 2; ++i) vectors.push_back({{"id", "v" + std::to_string(i)}});
  json result{{"vectors", vectors}, {"isTruncated", !last}};
  if (!last) result["nextCursor"] = "page" + std::to_string(number + 1);
  return ok(result.dump());
}

bool passes(const cv::Filter& filter, const cf::Metadata& metadata) {
  return cf::ops::FilterMatcher(filter).passes(metadata);
}

}  // namespace

TEST_CASE("erase_where removes by prefix without reading a vector: 3 lists and one removal for 100 matches") {
  const Filled store;
  std::size_t called = 0;
  const auto done = store.index.erase_where({.prefix = "a/"}, {.on_match = [&](const std::string& id) {
                                              CHECK(id.starts_with("a/"));
                                              ++called;
                                            }});
  CHECK(done.complete());
  CHECK(done.listed == 2'100);
  CHECK(done.matched == 1'050);
  CHECK(done.erased == 1'050);
  CHECK(called == 1'050);
  CHECK(done.requests == 3 + 10 + 1);
  CHECK(store.index.wait_for(done.mutation, 1min).vector_count == 1'050);
  for (const std::string& id : store.ids()) CHECK(id.starts_with("b/"));
}

TEST_CASE("erase_where removes by namespace, prefix and condition together; a dry run only counts") {
  const Filled store;
  const cv::Where where{.prefix = "b/", .ns = "third", .condition = [](const Vector& vector) {
                          return vector.metadata.as<json>().at("year") == 2003;
                        }};
  std::set<std::string> expected;
  for (int i = 3; i < 2'100; i += 30) expected.insert("b/" + std::to_string(i));
  std::set<std::string> matched;
  const auto note = [&](const std::string& id) { matched.insert(id); };
  const auto dry = store.index.erase_where(where, {.dry_run = true, .on_match = note});
  CHECK(dry.complete());
  CHECK(dry.matched == expected.size());
  CHECK(dry.erased == 0);
  CHECK_FALSE(dry.mutation.id);
  CHECK(matched == expected);
  CHECK(store.ids().size() == 2'100);
  CHECK(dry.requests == 3 + 53);  // 1050 ids with the prefix in groups of 1000: 50 reads and 3

  std::vector<std::uint64_t> progress;
  const auto done =
      store.index.erase_where(where, {.on_progress = [&](const auto& now) { progress.push_back(now.erased); }});
  CHECK(done.erased == expected.size());
  CHECK(progress.size() == 2);
  CHECK(progress.back() == expected.size());
  const auto left = store.ids();
  CHECK(left.size() == 2'100 - expected.size());
  for (const std::string& id : expected) CHECK_FALSE(left.contains(id));
  CHECK(store.index.erase_where(where).matched == 0);
}

TEST_CASE("erase_where without a condition, or with one that no vector can meet, is refused before any request") {
  const Scripted s;
  const auto index = index_of(s);
  refuses(
      s, [&] { (void)index.erase_where({}); }, "neither a prefix nor a namespace, a filter or a condition");
  refuses(
      s, [&] { (void)index.erase_where({.filter = cf::JsonText::raw(R"({"a":{"$or":1}})")}); }, "$or");
  refuses(
      s, [&] { (void)index.erase_where({.prefix = std::string(65, 'p')}); }, "the prefix has 65 bytes");
  refuses(
      s, [&] { (void)index.erase_where({.ns = std::string(65, 'n')}); }, "the namespace has 65 bytes");
}

TEST_CASE("erase_where does not remove what it could not read, and says where it stopped") {
  const Scripted s({page(0, false), page(1, true), refused(400, 40007, "too many ids")});
  const auto unread = index_of(s).erase_where({.ns = "n"});
  CHECK(unread.listed == 4);
  CHECK(unread.failed.size() == 4);
  CHECK(unread.failed.at(3).name == "v3");
  CHECK_FALSE(unread.complete());
  CHECK(s.count() == 3);

  const Scripted broken({page(0, false), refused(400, 40052, "expired")});
  CHECK(error_of([&] { (void)index_of(broken).erase_where({.prefix = "v"}); }).kind() == cf::ErrorKind::rejected);
  const Scripted same({page(0, false), page(0, false)});
  CHECK(error_of([&] { (void)index_of(same).erase_where({.prefix = "v"}); }).kind() == cf::ErrorKind::decode);
  const Scripted failing(
      {page(0, true), ok(R"([{"id":"v1","values":[1],"namespace":"n"}])"), refused(400, 40007, "too many ids")});
  const auto kept = index_of(failing).erase_where({.prefix = "v", .ns = "n"});
  CHECK(kept.matched == 1);
  CHECK(kept.erased == 0);
  REQUIRE(kept.failed.size() == 1);
  CHECK(kept.failed[0].name == "v1");
  CHECK(kept.failed[0].index == 1);  // of the ids that have the prefix
}

TEST_CASE("a removal that is cut off is reported as unknown, and a refused credential as the reason to stop") {
  std::stop_source source;
  const Scripted s({page(0, false), page(1, true)});
  s.fake->answer_with([&](const auto&) {
    source.request_stop();
    return accepted("m", date(0));
  });
  const auto cut_off = index_of(s).with({.stop = source.get_token()}).erase_where({.prefix = "v"});
  REQUIRE(cut_off.stopped);
  CHECK(cut_off.stopped->kind() == cf::ErrorKind::cancelled);
  CHECK(cut_off.erased == 0);
  REQUIRE(cut_off.failed.size() == 4);
  CHECK(cut_off.failed[3].outcome() == cf::Outcome::unknown);

  const Scripted refused_all({page(0, true), refused(403, 10000, "no")});
  CHECK(error_of([&] { (void)index_of(refused_all).erase_where({.prefix = "v"}); }).kind() ==
        cf::ErrorKind::unauthorized);
}

TEST_CASE("erase_where stops when it is told to, and says what was removed by then") {
  const Filled store;
  std::stop_source source;
  const auto index = store.index.with({.stop = source.get_token()});
  const auto stop = [&](const auto&) { source.request_stop(); };
  const auto done = index.erase_where({.prefix = "a/"}, {.on_progress = stop});
  REQUIRE(done.stopped);
  CHECK(done.stopped->kind() == cf::ErrorKind::cancelled);
  CHECK(done.erased == 1'000);
  CHECK(store.ids().size() == 1'100);
  CHECK(error_of([&] { (void)index.erase_where({.prefix = "a/"}); }).kind() == cf::ErrorKind::cancelled);
  struct Broken {};
  const cv::Where throws{.condition = [](const Vector&) -> bool { throw Broken(); }};
  CHECK_THROWS_AS((void)store.index.erase_where(throws), Broken);
  CHECK(store.index.checked().erase_where(throws).error().kind() == cf::ErrorKind::callback);
  const auto late = [](const cv::EraseWhereResult& now) {
    if (now.erased > 0) throw Broken();
  };
  CHECK_THROWS_AS((void)store.index.erase_where({.prefix = "b/"}, {.on_progress = late}), Broken);
}

TEST_CASE("metadata passes a filter by the rules of a query") {
  const cf::Metadata metadata{
      {"n", 5}, {"t", "b"}, {"yes", true}, {"nothing", nullptr}, {"list", {1}}, {"deep", {{"n", 1.5}}}};
  CHECK(passes({}, metadata));
  CHECK(passes({}, {}));
  CHECK(passes(cf::field("n") == 5, metadata));
  CHECK_FALSE(passes(cf::field("n") == 6, metadata));
  CHECK_FALSE(passes(cf::field("n") == "5", metadata));
  CHECK(passes(cf::field("n") != 6, metadata));
  CHECK_FALSE(passes(cf::field("n") != 5, metadata));
  CHECK(passes(cf::field("n") >= 5 && cf::field("n") < 6, metadata));
  CHECK_FALSE(passes(cf::field("n") > 5, metadata));
  CHECK_FALSE(passes(cf::field("n") < 5, metadata));
  CHECK(passes(cf::field("n") <= 5, metadata));
  CHECK(passes(cf::field("t") > "a" && cf::field("t") <= "b", metadata));
  CHECK_FALSE(passes(cf::field("t") > 1, metadata));
  CHECK(passes(cf::field("t").in({"a", "b"}), metadata));
  CHECK_FALSE(passes(cf::field("t").not_in({"a", "b"}), metadata));
  CHECK(passes(cf::field("t").not_in({"c"}), metadata));
  CHECK(passes(cf::field("yes") == true, metadata));
  CHECK_FALSE(passes(cf::field("yes") == 1, metadata));
  CHECK(passes(cf::field("deep.n") == 1.5, metadata));
  for (const char* absent : {"none", "nothing", "list", "deep", "deep.none"}) {
    CHECK_FALSE(passes(cf::field(absent) != 1, metadata));
    CHECK_FALSE(passes(cf::field(absent) == 1, metadata));
  }
  CHECK_FALSE(passes(cf::field("n") == 5 && cf::field("t") == "c", metadata));
  CHECK_FALSE(passes(cf::field("n") == 5, {}));
  CHECK_FALSE(passes(cf::field("n") == 5, cf::JsonText::raw("{\"n\":5")));
  CHECK(passes(cf::field("n") > 5, cf::JsonText::raw("{\"n\":1e400,\"m\":1}")));
  CHECK(passes(cf::field("m") == 1, cf::JsonText::raw("{\"n\":1e400,\"m\" : 1 }")));
}

TEST_CASE("what is erased by a filter is what a query with the filter finds, where the metadata is indexed") {
  const Filled store;
  const auto& index = store.index;
  index.create_metadata_index("year", cv::MetadataType::number);
  std::vector<Vector> vectors;
  for (int i = 0; i < 60; ++i)
    vectors.push_back({.id = "n-" + std::to_string(i), .values = {2, 1}, .metadata = {{"year", 1990 + i % 4}}});
  REQUIRE(index.upsert_and_wait(vectors, 1min).complete());
  for (const cv::Filter& filter : {cf::field("year") == 1991, cf::field("year") != 1992, cf::field("year") < 1991,
                                   cf::field("year").in({1990, 1993}), cf::field("year").not_in({1990})}) {
    std::set<std::string> queried;
    for (const auto& match : index.query(vectors[0].values, {.top_k = 100, .filter = filter})) queried.insert(match.id);
    std::set<std::string> matched;
    (void)index.erase_where({.prefix = "n-", .filter = filter},
                            {.dry_run = true, .on_match = [&](const std::string& id) { matched.insert(id); }});
    CHECK(matched == queried);
  }
}
