// EdgeBase's Vectorize: on the embedded store, and without one.

#include <cloudflare/local.hpp>
#include <cloudflare/vectorize.hpp>

#include "contract/edgebase.hpp"

using namespace contract;
using cloudflare::ErrorKind;
namespace cf = cloudflare;
namespace vectorize = cloudflare::vectorize;
using vectorize::Vector;

namespace {

std::vector<Vector> numbered(int count) {
  std::vector<Vector> vectors;
  for (int i = 0; i < count; ++i)
    vectors.push_back({.id = "v" + std::to_string(i), .values = {static_cast<float>(i), 1, 0}, .metadata = {{"n", i}}});
  return vectors;
}

/// The same code for an index of v4 and one of EdgeBase.
std::vector<std::string> use(const cf::VectorStore<cf::Throwing>& index) {
  CHECK(index.upsert_many(numbered(45)).succeeded == 45);
  Vector replaced{.id = "v1", .values = {1, 1, 1}, .ns = "other"};
  const std::vector<Vector> one{replaced};
  (void)index.insert(one);  // keeps what is there
  CHECK(index.info().vector_count == 45);
  const std::vector<std::string> ids{"v1", "none", "v3"};
  const auto got = index.get_many(ids);
  REQUIRE(got.vectors.size() == 3);
  CHECK(got.vectors[0]->values == std::vector<float>{1, 1, 0});
  CHECK(got.vectors[0]->metadata.text() == R"({"n":1})");
  CHECK_FALSE(got.vectors[1]);
  CHECK(index.get_by_ids(ids).size() == 2);
  std::vector<std::string> found;
  const std::vector<float> vector{10, 1, 0};
  vectorize::QueryOptions options{.top_k = 3, .return_values = true, .return_metadata = vectorize::ReturnMetadata::all};
  for (const auto& match : index.query(vector, options)) {
    CHECK(match.values.size() == 3);
    CHECK_FALSE(match.metadata.empty());
    found.push_back(match.id);
  }
  CHECK(index.query_by_id("v10", options).matches.at(0).id == "v10");
  const std::vector<std::vector<float>> vectors{vector, {11, 1, 0}};
  for (const auto& result : index.query_many(vectors, options).results) CHECK(result->size() == 3);
  const vectorize::WaitResult written = index.upsert_and_wait(one, std::chrono::minutes(1));
  CHECK(written.complete());
  CHECK(written.info->processed_up_to_mutation == written.outcome.mutation.id);
  vectorize::QueryOptions other{.top_k = 3, .ns = "other"};
  CHECK(index.query(vector, other).matches.at(0).id == "v1");
  (void)index.erase_by_ids(ids);
  CHECK(index.info().vector_count == 43);
  return found;
}

cf::local::Cloudflare cloud_with(const char* metric) {
  cf::local::Cloudflare cloud;
  cloud.serve_edgebase({.service_key = "k", .vectorize = {{.name = "docs", .dimensions = 3, .metric = metric}}});
  return cloud;
}

cf::edgebase::VectorizeIndex docs_of(const cf::local::Cloudflare& cloud) {
  return cf::edgebase::Client("http://127.0.0.1", cf::edgebase::ServiceKey("k"), {.transport = cloud.transport()})
      .vectorize("docs");
}

}  // namespace

TEST_CASE("code over the common base of indexes runs on v4 and on EdgeBase with the same results") {
  const auto cloud = cloud_with("euclidean");
  const auto through_edgebase = use(docs_of(cloud));
  const auto second = cloud_with("euclidean");
  CHECK(use(second.client().vectorize("docs")) == through_edgebase);
  CHECK(through_edgebase.at(0) == "v10");
}

TEST_CASE(
    "describe gives all five fields, a search ten matches by default; a vector's namespace overrides the call's") {
  const auto cloud = cloud_with("dot-product");
  const auto docs = docs_of(cloud);
  CHECK_FALSE(docs.info().processed_up_to_mutation);
  CHECK(docs.upsert_many(numbered(15), {.ns = "team"}).succeeded == 15);
  const Vector own{.id = "own", .values = {1, 2, 3}, .ns = "mine"};
  const auto mutation = docs.upsert({own}, {.ns = "team"});
  const auto info = docs.info();
  CHECK(info.vector_count == 16);
  CHECK(info.dimensions == 3);
  CHECK(info.metric == vectorize::Metric::dot_product);
  CHECK(info.processed_up_to_mutation == mutation.id);
  CHECK(info.processed_up_to_datetime.has_value());
  const std::vector<float> vector{1, 0, 0};
  CHECK(docs.query(vector).size() == 10);
  CHECK(docs.query(vector, {.top_k = 100, .ns = "team"}).size() == 15);
  CHECK(docs.query(vector, {.ns = "mine"}).size() == 1);
  CHECK(error_of([&] { (void)docs.with({.check_limits = false}).query(vector, {.top_k = 101}); }).http_status() == 400);
  const std::vector<Vector> wrong{{.id = "w", .values = {1}}};
  CHECK(error_of([&] { docs.upsert(wrong); }).kind() == ErrorKind::rejected);
}

TEST_CASE("an index whose binding is gone answers with a stub, which is an error") {
  const auto cloud = cloud_with("cosine");
  cloud.client().vectorize_indexes().remove("docs");
  CHECK(error_of([&] { (void)docs_of(cloud).info(); }).kind() == ErrorKind::stub);
  CHECK(error_of([&] { docs_of(cloud).upsert(numbered(1)); }).kind() == ErrorKind::stub);
}

EDGEBASE_CASE("without Vectorize each action is an error of the kind stub", "[edgebase][vectorize]", Real) {
  const auto docs = edge.client().vectorize("docs");
  const std::vector<std::string> ids{"a"};
  const std::vector<float> vector{1, 2, 3};
  const auto kind = [](auto call) { return error_of(call).kind(); };
  CHECK(kind([&] { docs.upsert(numbered(1)); }) == ErrorKind::stub);
  CHECK(kind([&] { docs.insert(numbered(1)); }) == ErrorKind::stub);
  CHECK(kind([&] { docs.erase_by_ids(ids); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)docs.query(vector); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)docs.query_by_id("a"); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)docs.get_by_ids(ids); }) == ErrorKind::stub);
  CHECK(kind([&] { (void)docs.info(); }) == ErrorKind::stub);
}
