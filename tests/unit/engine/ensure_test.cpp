// ensure(): an item is found or created, whatever happens to the creation. One flow serves the three products.

#include <cloudflare/async.hpp>
#include <cloudflare/d1.hpp>
#include <cloudflare/vectorize.hpp>

#include "unit/engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;

namespace {

constexpr const char* none = "[]";
constexpr const char* listed = R"([{"id":"n0","title":"other"},{"id":"n1","title":"t","jurisdiction":"eu"}])";
constexpr const char* made = R"({"id":"n2","title":"t"})";

std::vector<std::string> methods(const Scripted& s) {
  std::vector<std::string> all;
  for (const auto& request : s.fake->requests()) all.push_back(request.method);
  return all;
}
using Methods = std::vector<std::string>;

}  // namespace

TEST_CASE("ensure() finds what is there and creates nothing") {
  const Scripted s({ok(listed)});
  const auto found = s.client().kv_namespaces().ensure("t");
  CHECK((found.item.id == "n1" && !found.created));
  CHECK(methods(s) == Methods{"GET"});
}

TEST_CASE("ensure() creates what is not there, with the options") {
  const Scripted s({ok(none), ok(made)});
  const auto created = s.client().kv_namespaces().checked().ensure("t");
  CHECK((created->item.id == "n2" && created->created));
  CHECK(methods(s) == Methods{"GET", "POST"});
  const Scripted placed({ok(none), ok(made)});
  (void)placed.client().kv_namespaces().ensure("t", {.jurisdiction = cf::kv::Jurisdiction::us});
  CHECK(placed.fake->requests().at(1).body == R"({"title":"t","jurisdiction":"us"})");
}

TEST_CASE("ensure() that loses a race gives what the other created") {
  const Scripted s({ok(none), refused(400, 10014, "taken"), ok(listed)});
  const auto found = s.client().kv_namespaces().async().ensure("t").as_future().get();
  CHECK((found.item.id == "n1" && !found.created));
  CHECK(methods(s) == Methods{"GET", "POST", "GET"});
  const Scripted gone({ok(none), refused(400, 10014, "taken"), ok(none)});
  CHECK(error_of([&] { (void)gone.client().kv_namespaces().ensure("t"); }).kind() == ErrorKind::conflict);
}

TEST_CASE("after an unknown outcome of the creation ensure() looks again, and does not create twice") {
  const Scripted s({ok(none), cut(), ok(listed)});
  const auto created = s.client().kv_namespaces().ensure("t");
  CHECK((created.item.id == "n1" && created.created));
  CHECK(methods(s) == Methods{"GET", "POST", "GET"});
  const Scripted lost({ok(none), refused(500, 0, "oops"), ok(none)});
  const auto error = error_of([&] { (void)lost.client().kv_namespaces().ensure("t"); });
  CHECK((error.kind() == ErrorKind::server && error.outcome_unknown()));
  CHECK(methods(lost) == Methods{"GET", "POST", "GET"});
}

TEST_CASE("other errors end ensure() at once") {
  const Scripted search({refused(403, 10000, "no")});
  CHECK(error_of([&] { (void)search.client().kv_namespaces().ensure("t"); }).kind() == ErrorKind::unauthorized);
  const Scripted creation({ok(none), refused(403, 10000, "no")});
  CHECK(error_of([&] { (void)creation.client().kv_namespaces().ensure("t"); }).kind() == ErrorKind::unauthorized);
  CHECK(methods(creation) == Methods{"GET", "POST"});
  const Scripted unused;
  for (const std::string& title : {std::string(), std::string(513, 't')})
    CHECK(error_of([&] { (void)unused.client().kv_namespaces().ensure(title); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)unused.client().d1_databases().ensure("-"); }).kind() == ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)unused.client().vectorize_indexes().ensure("i", {}); }).kind() ==
        ErrorKind::invalid_argument);
  CHECK(unused.count() == 0);
}

TEST_CASE("what exists in another jurisdiction, or in none, is a conflict that names both") {
  const Scripted s({ok(listed)});
  const auto error =
      error_of([&] { (void)s.client().kv_namespaces().ensure("t", {.jurisdiction = cf::kv::Jurisdiction::us}); });
  CHECK(error.kind() == ErrorKind::conflict);
  CHECK(error.details().text == "it exists with the jurisdiction eu, not us");
  CHECK(error.operation() == "kv.namespaces.ensure");
  const Scripted same({ok(listed)});
  CHECK_FALSE(same.client().kv_namespaces().ensure("t", {.jurisdiction = cf::kv::Jurisdiction::eu}).created);
  const Scripted d1({ok(R"([{"uuid":"u","name":"n","jurisdiction":null}])")});
  CHECK(error_of([&] { (void)d1.client().d1_databases().ensure("n", {.jurisdiction = cf::d1::Jurisdiction::eu}); })
            .details()
            .text == "it exists with the jurisdiction none, not eu");
}

TEST_CASE("ensure() of a database looks for the whole name") {
  const Scripted s({ok(R"([{"uuid":"u1","name":"n-old"}])"), ok(R"({"uuid":"u2","name":"n"})")});
  const auto created = s.client().d1_databases().ensure("n");
  CHECK((created.item.uuid == "u2" && created.created));
  const Scripted raced({ok(none), refused(400, 7502, "taken"), ok(R"([{"uuid":"u3","name":"n"}])")});
  CHECK(raced.client().d1_databases().ensure("n").item.uuid == "u3");
}

TEST_CASE("ensure() of an index compares dimensions and metric, and names both") {
  constexpr const char* index = R"({"name":"i","config":{"dimensions":4,"metric":"cosine"}})";
  const auto missing = [] { return refused(404, 3000, "not found"); };
  const Scripted created({missing(), ok(index)});
  CHECK(created.client().vectorize_indexes().ensure("i", {.dimensions = 4}).created);
  const Scripted raced({missing(), refused(409, 3002, "duplicate"), ok(index)});
  CHECK_FALSE(raced.client().vectorize_indexes().ensure("i", {.dimensions = 4}).created);
  const Scripted larger({ok(index)});
  const auto error = error_of([&] { (void)larger.client().vectorize_indexes().ensure("i", {.dimensions = 8}); });
  CHECK(error.kind() == ErrorKind::conflict);
  CHECK(error.details().text ==
        "the index exists with 4 dimensions and the metric cosine, not with 8 dimensions and the metric cosine");
  const Scripted other({missing(), refused(409, 3002, "duplicate"), ok(index)});
  CHECK(error_of([&] {
          (void)other.client().vectorize_indexes().ensure(
              "i", {.dimensions = 4, .metric = cf::vectorize::Metric::dot_product});
        }).kind() == ErrorKind::conflict);
  const Scripted preset({ok(index)});
  CHECK(preset.client().vectorize_indexes().ensure("i", {.preset = "@cf/baai/bge-small-en-v1.5"}).item.dimensions == 4);
}
