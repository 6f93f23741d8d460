#pragma once

// Every operation of the handles once, with harmless arguments, so that a test can put all of them through one fault.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/edgebase.hpp>
#include <cloudflare/workers_ai.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace support {

/// What the operations act on.
struct Handles {
  cloudflare::ApiClient client;
  cloudflare::edgebase::Client edge;
  std::string ns = "0123456789abcdef0123456789abcdef";
  std::string database = "01234567-89ab-cdef-0123-456789abcdef";
  std::string index = "docs";  ///< Has two dimensions.
  std::string folder{};        ///< For downloads; ends with a slash.

  [[nodiscard]] cloudflare::KvNamespace kv() const { return client.kv(ns); }
  [[nodiscard]] cloudflare::D1Database d1() const { return client.d1(database); }
  [[nodiscard]] cloudflare::VectorizeIndex docs() const { return client.vectorize(index, 2); }
};

struct NamedOperation {
  const char* name;
  void (*run)(const Handles&);
};

namespace every {

using Strings = std::vector<std::string>;
using Vectors = std::vector<cloudflare::vectorize::Vector>;
using H = Handles;
using std::chrono::milliseconds;

inline Strings keys() { return {"a", "b", "c"}; }
inline std::vector<cloudflare::kv::Entry> entries() { return {{.key = "a", .value = "1"}, {.key = "b", .value = "2"}}; }
inline Vectors vectors() { return {{.id = "a", .values = {1, 0}}, {.id = "b", .values = {0, 1}}}; }
inline const std::array<float, 2>& vector() {
  static const std::array<float, 2> made{1, 0};
  return made;
}
inline std::vector<std::tuple<int, std::string>> rows() { return {{1, "x"}, {2, "y"}}; }
inline cloudflare::vectorize::QueryOptions with_all() {
  cloudflare::vectorize::QueryOptions options;
  options.return_values = true;
  options.return_metadata = cloudflare::vectorize::ReturnMetadata::all;
  return options;
}
inline std::shared_ptr<cloudflare::Sink> sink() {
  return cloudflare::sink_to([](std::string_view) {});
}
/// The first pages of a list.
template <class Pages>
void walk(Pages pages) {
  for (int page = 0; page < 4; ++page)
    if (!pages.next()) return;
}

}  // namespace every

/// In an order in which a store can answer each of them with success.
inline std::span<const NamedOperation> every_operation() {
  using namespace every;
  static constexpr auto query = "SELECT id, name FROM t";
  static constexpr std::array all{
      NamedOperation{"verify_token", [](const H& h) { (void)h.client.verify_token(); }},
      NamedOperation{"verify_account_token", [](const H& h) { (void)h.client.verify_account_token(); }},
      NamedOperation{"request", [](const H& h) { (void)h.client.request("GET", "/user/tokens/verify"); }},
      NamedOperation{"request_raw", [](const H& h) { (void)h.client.request_raw("GET", "/user/tokens/verify"); }},
      NamedOperation{"raw pages", [](const H& h) { walk(h.client.pages("/accounts/local/storage/kv/namespaces")); }},
      NamedOperation{"kv create", [](const H& h) { (void)h.client.kv_namespaces().create("made"); }},
      NamedOperation{"kv ensure", [](const H& h) { (void)h.client.kv_namespaces().ensure("made"); }},
      NamedOperation{"kv namespace", [](const H& h) { (void)h.client.kv_namespaces().get(h.ns); }},
      NamedOperation{"kv rename", [](const H& h) { (void)h.client.kv_namespaces().rename(h.ns, "title"); }},
      NamedOperation{"kv find", [](const H& h) { (void)h.client.kv_namespaces().find("made"); }},
      NamedOperation{"kv namespaces", [](const H& h) { walk(h.client.kv_namespaces().pages()); }},
      NamedOperation{
          "put", [](const H& h) { h.kv().put("a", "value", {.metadata = cloudflare::JsonText::raw("{\"m\":1}")}); }},
      NamedOperation{"put_json", [](const H& h) { h.kv().put_json("b", 1); }},
      NamedOperation{"get", [](const H& h) { (void)h.kv().get("a"); }},
      NamedOperation{"get_as", [](const H& h) { (void)h.kv().get_as<int>("b"); }},
      NamedOperation{"get_with_metadata", [](const H& h) { (void)h.kv().get_with_metadata("a"); }},
      NamedOperation{"get_text", [](const H& h) { (void)h.kv().get_text("a"); }},
      NamedOperation{"get_into",
                     [](const H& h) {
                       std::array<char, 8> to{};
                       (void)h.kv().get_into("a", to);
                     }},
      NamedOperation{"get_to", [](const H& h) { (void)h.kv().get_to("a", sink()); }},
      NamedOperation{"get_to_file", [](const H& h) { (void)h.kv().get_to_file("a", h.folder + "value"); }},
      NamedOperation{"metadata", [](const H& h) { (void)h.kv().metadata("a"); }},
      NamedOperation{"put_bulk", [](const H& h) { (void)h.kv().put_bulk(entries()); }},
      NamedOperation{"put_many", [](const H& h) { (void)h.kv().put_many(entries()); }},
      NamedOperation{"get_bulk", [](const H& h) { (void)h.kv().get_bulk(keys()); }},
      NamedOperation{"get_many", [](const H& h) { (void)h.kv().get_many(keys()); }},
      NamedOperation{"get_many with metadata",
                     [](const H& h) { (void)h.kv().get_many(keys(), {.with_metadata = true}); }},
      NamedOperation{"keys", [](const H& h) { walk(h.kv().pages()); }},
      NamedOperation{"erase", [](const H& h) { h.kv().erase("c"); }},
      NamedOperation{"erase_bulk", [](const H& h) { (void)h.kv().erase_bulk(keys()); }},
      NamedOperation{"erase_many", [](const H& h) { (void)h.kv().erase_many(keys()); }},
      NamedOperation{"d1 create", [](const H& h) { (void)h.client.d1_databases().create("made"); }},
      NamedOperation{"d1 ensure", [](const H& h) { (void)h.client.d1_databases().ensure("made"); }},
      NamedOperation{"d1 database", [](const H& h) { (void)h.client.d1_databases().get(h.database); }},
      NamedOperation{"d1 update",
                     [](const H& h) {
                       (void)h.client.d1_databases().update(h.database, cloudflare::d1::ReadReplication::disabled);
                     }},
      NamedOperation{"d1 find", [](const H& h) { (void)h.client.d1_databases().find("made"); }},
      NamedOperation{"d1 databases", [](const H& h) { walk(h.client.d1_databases().pages()); }},
      NamedOperation{"execute",
                     [](const H& h) { (void)h.d1().execute("CREATE TABLE IF NOT EXISTS t (id INTEGER, name TEXT)"); }},
      NamedOperation{"insert_many",
                     [](const H& h) {
                       (void)h.d1().insert_many("t", {"id", "name"}, rows());
                     }},
      NamedOperation{"batch",
                     [](const H& h) {
                       (void)h.d1().batch({{.sql = query}, {.sql = "SELECT 1"}});
                     }},
      NamedOperation{"query",
                     [](const H& h) {
                       for (const auto& [id, name] :
                            h.d1().query<std::optional<double>, std::optional<std::string>>(query))
                         (void)id, (void)name;
                     }},
      NamedOperation{"query table",
                     [](const H& h) {
                       for (const auto row : h.d1().query(query))
                         for (const auto& cell : row) (void)cell.as<cloudflare::d1::Value>();
                     }},
      NamedOperation{"query_json", [](const H& h) { (void)h.d1().query_json(query); }},
      NamedOperation{"query_value",
                     [](const H& h) { (void)h.d1().query_value<std::optional<int>>("SELECT max(id) FROM t"); }},
      NamedOperation{"for_each_row",
                     [](const H& h) {
                       h.d1().for_each_row(query, [](const cloudflare::d1::Row& row) {
                         for (const auto& cell : row) (void)cell.as<cloudflare::d1::Value>();
                       });
                     }},
      NamedOperation{"import_sql", [](const H& h) { (void)h.d1().import_sql("INSERT INTO t VALUES (3, 'z');"); }},
      NamedOperation{"export_to", [](const H& h) { (void)h.d1().export_to(sink()); }},
      NamedOperation{"export_to_file", [](const H& h) { (void)h.d1().export_to_file(h.folder + "dump.sql"); }},
      NamedOperation{"bookmark", [](const H& h) { (void)h.d1().bookmark(); }},
      NamedOperation{
          "restore",
          [](const H& h) { (void)h.d1().restore("00000000-00000000-00000000-00000000000000000000000000000000"); }},
      NamedOperation{"vectorize ensure",
                     [](const H& h) { (void)h.client.vectorize_indexes().ensure("made", {.dimensions = 2}); }},
      NamedOperation{"vectorize index", [](const H& h) { (void)h.client.vectorize_indexes().get(h.index); }},
      NamedOperation{"vectorize find", [](const H& h) { (void)h.client.vectorize_indexes().find("made"); }},
      NamedOperation{"vectorize indexes", [](const H& h) { (void)h.client.vectorize_indexes().list(); }},
      NamedOperation{"info", [](const H& h) { (void)h.docs().info(); }},
      NamedOperation{
          "create_metadata_index",
          [](const H& h) { (void)h.docs().create_metadata_index("p", cloudflare::vectorize::MetadataType::string); }},
      NamedOperation{"list_metadata_indexes", [](const H& h) { (void)h.docs().list_metadata_indexes(); }},
      NamedOperation{"insert", [](const H& h) { (void)h.docs().insert(vectors()); }},
      NamedOperation{"upsert_ndjson",
                     [](const H& h) { (void)h.docs().upsert_ndjson("{\"id\":\"n\",\"values\":[1,2]}\n"); }},
      NamedOperation{"upsert_many", [](const H& h) { (void)h.docs().upsert_many(vectors()); }},
      NamedOperation{"upsert_and_wait",
                     [](const H& h) { (void)h.docs().upsert_and_wait(vectors(), milliseconds(50)); }},
      NamedOperation{
          "wait_for",
          [](const H& h) { (void)h.docs().wait_for(cloudflare::vectorize::Mutation{.id = "m"}, milliseconds(50)); }},
      NamedOperation{"vector query", [](const H& h) { (void)h.docs().query(vector(), with_all()); }},
      NamedOperation{"query_by_id", [](const H& h) { (void)h.docs().query_by_id("a", with_all()); }},
      NamedOperation{"query_many",
                     [](const H& h) {
                       (void)h.docs().query_many(std::vector<std::vector<float>>{{1, 0}, {0, 1}});
                     }},
      NamedOperation{"get_by_ids", [](const H& h) { (void)h.docs().get_by_ids(keys()); }},
      NamedOperation{"vector get_many", [](const H& h) { (void)h.docs().get_many(keys()); }},
      NamedOperation{"vector list", [](const H& h) { walk(h.docs().pages()); }},
      NamedOperation{"erase_by_ids", [](const H& h) { (void)h.docs().erase_by_ids(keys()); }},
      NamedOperation{"vector erase_many", [](const H& h) { (void)h.docs().erase_many(keys()); }},
      NamedOperation{"erase_where", [](const H& h) { (void)h.docs().erase_where({.prefix = "a"}); }},
      NamedOperation{"erase_metadata_index", [](const H& h) { (void)h.docs().erase_metadata_index("p"); }},
      NamedOperation{
          "embed",
          [](const H& h) { (void)cloudflare::WorkersAi(h.client, "@cf/baai/bge-small-en-v1.5").embed(keys()); }},
      NamedOperation{
          "embed_many",
          [](const H& h) { (void)cloudflare::WorkersAi(h.client, "@cf/baai/bge-small-en-v1.5").embed_many(keys()); }},
      NamedOperation{"edgebase put", [](const H& h) { h.edge.kv("cache").put("a", "value"); }},
      NamedOperation{"edgebase get", [](const H& h) { (void)h.edge.kv("cache").get("a"); }},
      NamedOperation{"edgebase keys", [](const H& h) { walk(h.edge.kv("cache").pages()); }},
      NamedOperation{"edgebase erase", [](const H& h) { h.edge.kv("cache").erase("a"); }},
      NamedOperation{"edgebase execute",
                     [](const H& h) {
                       (void)h.edge.d1("analytics").execute("CREATE TABLE IF NOT EXISTS t (id INTEGER, name TEXT)");
                     }},
      NamedOperation{"edgebase query", [](const H& h) { (void)h.edge.d1("analytics").query(query); }},
      NamedOperation{"edgebase for_each_row",
                     [](const H& h) { h.edge.d1("analytics").for_each_row(query, [](const cloudflare::d1::Row&) {}); }},
      NamedOperation{"edgebase upsert", [](const H& h) { (void)h.edge.vectorize("docs", 2).upsert(vectors()); }},
      NamedOperation{"edgebase vector query",
                     [](const H& h) { (void)h.edge.vectorize("docs", 2).query(vector(), with_all()); }},
      NamedOperation{"edgebase get_by_ids", [](const H& h) { (void)h.edge.vectorize("docs", 2).get_by_ids(keys()); }},
      NamedOperation{"edgebase erase_by_ids",
                     [](const H& h) { (void)h.edge.vectorize("docs", 2).erase_by_ids(keys()); }},
      NamedOperation{"edgebase info", [](const H& h) { (void)h.edge.vectorize("docs", 2).info(); }},
      NamedOperation{"vectorize remove", [](const H& h) { h.client.vectorize_indexes().remove("made"); }},
      NamedOperation{"kv remove", [](const H& h) { h.client.kv_namespaces().remove(h.ns); }},
      NamedOperation{"d1 remove", [](const H& h) { h.client.d1_databases().remove(h.database); }},
  };
  return all;
}

}  // namespace support
