// Vectorize of the embedded store: metadata indexes and filters.
#include "local_vectorize_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded vectorize: a filter works only with a metadata index, for vectors written after it") {
  LocalApi api;
  LocalVectorize index(api);
  const auto write = [&](const std::string& id) {
    (void)index.upsert({vector_of(id, {1, 0}, "", {{"n", 1}})}).result();
  };
  write("before");
  CHECK(index.filtered({{"n", 1}}).empty());
  CHECK(index.filtered({{"n", {{"$ne", 2}}}}).empty());
  (void)index.add_metadata_index("n", "number").result();
  CHECK(index.get("/metadata_index/list").result() ==
        Json({{"metadataIndexes", {{{"propertyName", "n"}, {"indexType", "number"}}}}}));
  CHECK(index.filtered({{"n", 1}}).empty());
  write("after");
  CHECK(index.filtered({{"n", 1}}) == "after");
  write("before");  // written again
  CHECK(index.filtered({{"n", 1}}) == "after before");
  CHECK(index.filtered({{"n", 1}, {"other", 1}}).empty());

  // The same index again changes nothing; removed and created again it has to be filled again.
  (void)index.add_metadata_index("n", "number").result();
  CHECK(index.filtered({{"n", 1}}) == "after before");
  CHECK(index.get("/metadata_index/list").result().at("metadataIndexes").size() == 1);
  (void)index.post("/metadata_index/delete", {{"propertyName", "n"}}).result();
  CHECK(index.get("/metadata_index/list").result() == Json({{"metadataIndexes", Json::array()}}));
  CHECK(index.filtered({{"n", 1}}).empty());
  (void)index.add_metadata_index("n", "number").result();
  CHECK(index.filtered({{"n", 1}}).empty());
  write("after");
  CHECK(index.filtered({{"n", 1}}) == "after");
}

TEST_CASE(
    "embedded vectorize: a metadata index made after a delayed upload does not see it, though neither shows yet") {
  LocalApi api({.vectorize_delay = std::chrono::seconds(10)});
  LocalVectorize index(api);
  (void)index.upsert({vector_of("before", {1, 0}, "", {{"n", 1}})}).result();
  (void)index.add_metadata_index("n", "number").result();
  (void)index.upsert({vector_of("after", {1, 0}, "", {{"n", 1}})}).result();
  CHECK(index.get("/metadata_index/list").result().at("metadataIndexes").empty());
  CHECK(index.add_metadata_index("n", "string").code() == 40026);  // an index that does not show yet counts
  api.clock->advance(std::chrono::seconds(10));
  CHECK(index.filtered({{"n", 1}}) == "after");
}

TEST_CASE("embedded vectorize: each operator, on strings, numbers and booleans, alone and as a range") {
  LocalApi api;
  LocalVectorize index(api);
  (void)index.add_metadata_index("s", "string").result();
  (void)index.add_metadata_index("n", "number").result();
  (void)index.add_metadata_index("b", "boolean").result();
  (void)index.add_metadata_index("deep.er", "string").result();
  (void)index
      .upsert({vector_of("a", {1, 0}, "x", {{"s", "net"}, {"n", 1}, {"b", true}, {"deep", {{"er", "yes"}}}}),
               vector_of("b", {1, 0}, "x", {{"s", "network"}, {"n", 2.5}, {"b", false}}),
               vector_of("c", {1, 0}, "y", {{"s", "neu"}, {"n", -3}, {"deep", "flat"}}),
               vector_of("d", {1, 0}, "y", {{"s", 5}, {"n", "5"}, {"b", "true"}}),  // of other types: not indexed
               vector_of("e", {1, 0})})
      .result();
  const std::vector<std::pair<Json, std::string>> expected{
      {{{"s", "net"}}, "a"},
      {{{"s", {{"$eq", "neu"}}}}, "c"},
      {{{"s", {{"$ne", "net"}}}}, "b c"},
      {{{"s", {{"$in", {"net", "neu", "x"}}}}}, "a c"},
      {{{"s", {{"$nin", {"net", "neu"}}}}}, "b"},
      {{{"s", {{"$in", Json::array()}}}}, ""},
      {{{"s", {{"$gte", "net"}, {"$lt", "neu"}}}}, "a b"},
      {{{"s", {{"$gt", "net"}}}}, "b c"},
      {{{"s", {{"$lte", "network"}}}}, "a b"},
      {{{"s", 5}}, ""},
      {{{"n", 1}}, "a"},
      {{{"n", 1.0}}, "a"},
      {{{"n", {{"$lt", 1}}}}, "c"},
      {{{"n", {{"$lte", 1}}}}, "a c"},
      {{{"n", {{"$gt", 1}}}}, "b"},
      {{{"n", {{"$gte", 1}}}}, "a b"},
      {{{"n", {{"$gt", -3}, {"$lte", 1}}}}, "a"},
      {{{"n", {{"$gt", "0"}}}}, ""},
      {{{"n", {{"$ne", nullptr}}}}, "a b c"},
      {{{"n", nullptr}}, ""},
      {{{"b", true}}, "a"},
      {{{"b", {{"$ne", true}}}}, "b"},
      {{{"b", {{"$in", {true, false}}}}}, "a b"},
      {{{"b", 1}}, ""},
      {{{"deep.er", "yes"}}, "a"},
      {{{"s", {{"$gte", "net"}}}, {"n", {{"$gte", 0}}}, {"b", false}}, "b"},
  };
  for (const auto& [filter, ids] : expected) {
    INFO(filter.dump());
    CHECK(index.filtered(filter) == ids);
  }
  CHECK(index.filtered({{"s", {{"$gte", "a"}}}}, "y") == "c");
  // The filter comes before topK: the nearest ones that pass.
  CHECK(LocalVectorize::ids_of(index.query({{"vector", {1, 0}}, {"topK", 1}, {"filter", {{"s", "neu"}}}})) == "c");
  const Json nested =
      index.query({{"vector", {1, 0}}, {"returnMetadata", "indexed"}, {"filter", {{"deep.er", "yes"}}}});
  CHECK(nested.at(0).at("metadata") == Json({{"s", "net"}, {"n", 1}, {"b", true}, {"deep", {{"er", "yes"}}}}));
}

TEST_CASE("embedded vectorize: an index of strings holds their first 64 bytes, cut between characters") {
  LocalApi api;
  LocalVectorize index(api);
  (void)index.add_metadata_index("s", "string").result();
  const std::string begin(63, 'x');
  const std::string umlaut = "\xC3\xBC";
  (void)index
      .upsert({vector_of("exact", {1, 0}, "", {{"s", begin + "y"}}),
               vector_of("longer", {1, 0}, "", {{"s", begin + "yz"}}),
               vector_of("split", {1, 0}, "", {{"s", begin + umlaut}})})
      .result();
  CHECK(index.filtered({{"s", begin + "y"}}) == "exact longer");
  CHECK(index.filtered({{"s", begin + "yz"}}).empty());
  CHECK(index.filtered({{"s", begin}}) == "split");
  for (const Json& match : index.query({{"vector", {1, 0}}, {"returnMetadata", "indexed"}, {"filter", {{"s", begin}}}}))
    CHECK(match.at("metadata").at("s") == begin);
  for (const Json& match : index.query({{"vector", {1, 0}}, {"returnMetadata", "all"}, {"filter", {{"s", begin}}}}))
    CHECK(match.at("metadata").at("s") == begin + umlaut);
}

TEST_CASE("embedded vectorize: a malformed filter is 40026, also without a metadata index") {
  LocalApi api;
  LocalVectorize index(api);
  for (const Json& filter : {Json::object(),
                             Json::array(),
                             Json("x"),
                             Json({{"", 1}}),
                             Json({{"$n", 1}}),
                             Json({{"a\"b", 1}}),
                             Json({{"a|b", 1}}),
                             Json({{std::string(513, 'k'), 1}}),
                             Json({{"n", Json::object()}}),
                             Json({{"n", {1, 2}}}),
                             Json({{"n", {{"$near", 1}}}}),
                             Json({{"n", {{"$in", 1}}}}),
                             Json({{"n", {{"$in", {{{"x", 1}}}}}}}),
                             Json({{"n", {{"$gt", true}}}}),
                             Json({{"n", {{"$lt", nullptr}}}}),
                             Json({{"n", {{"$eq", {1, 2}}}}}),
                             Json({{"n", {{"$gt", 1}, {"$gte", 2}}}}),
                             Json({{"n", {{"$eq", 1}, {"$lt", 2}}}}),
                             Json({{"n", {{"$gt", 1}, {"$lt", 2}, {"$lte", 3}}}}),
                             Json({{"n", {{"$in", {1, 2}}, {"$ne", 2}}}})}) {
    INFO(filter.dump());
    CHECK(index.post("/query", {{"vector", {1, 0}}, {"filter", filter}}).code() == 40026);
  }
  CHECK(index.filtered({{std::string(512, 'k'), 1}}).empty());
  const auto of_size = [](std::size_t size) {
    return Json({{"k", std::string(size - std::string(R"({"k":""})").size(), 'v')}});
  };
  CHECK(index.filtered(of_size(2047)).empty());
  CHECK(index.post("/query", {{"vector", {1, 0}}, {"filter", of_size(2048)}}).code() == 40026);
}

TEST_CASE("embedded vectorize: ten metadata indexes at most, of a known type, on keys that metadata can have") {
  LocalApi api;
  LocalVectorize index(api);
  for (const char* property : {"", "a..b", ".a", "a.", "$a", "a\"b", "a|b", "a.$b"}) {
    INFO(property);
    CHECK(index.add_metadata_index(property, "string").code() == 40026);
  }
  CHECK(index.add_metadata_index("a", "text").code() == 40026);
  CHECK(index.post("/metadata_index/delete", {{"propertyName", "a"}}).code() == 40005);
  CHECK(index.upload("/metadata_index/create", R"({"propertyName":"a","indexType":"string"})", "").code() == 40026);
  for (int i = 0; i < 10; ++i) CHECK(index.add_metadata_index("p" + std::to_string(i), "string").status == 200);
  CHECK(index.add_metadata_index("p10", "string").code() == 40026);
  CHECK(index.add_metadata_index("p9", "string").status == 200);
  CHECK(index.add_metadata_index("p9", "number").code() == 40026);
  (void)index.post("/metadata_index/delete", {{"propertyName", "p0"}}).result();
  CHECK(index.add_metadata_index("p10", "string").status == 200);
}
