#include "faults/cut_operations.hpp"

#include <algorithm>

namespace fault_tests {

namespace {

namespace cf = cloudflare;
using namespace std::chrono_literals;
using support::every::entries;
using support::every::keys;
using support::every::rows;
using support::every::vector;
using support::every::vectors;
using support::every::with_all;
using H = Handles;

/// The reply to a bulk call, or the first error in it.
void require_complete(const cf::BulkResult& result) {
  if (!result.failed.empty()) throw result.failed.front().error;
  if (result.stopped) throw *result.stopped;
}

template <class Pages>
std::string names(Pages pages) {
  std::string text;
  while (auto page = pages.next())
    for (const auto& item : page->items()) text += page_item_name(item) + " ";
  return text;
}

template <class Store>
std::string keys_of(const Store& kv) {
  return names(kv.pages());
}

std::string text_of(const std::vector<std::optional<cf::kv::Value>>& values) {
  std::string text;
  for (const auto& value : values) text += value ? value->value + value->metadata.text() + " " : "none ";
  return text;
}

template <class Database>
std::string rows_of(const Database& db) {
  std::string text;
  for (const auto& [id, name] : db.template query<int, std::string>("SELECT id, name FROM t ORDER BY id"))
    text += std::to_string(id) + name + " ";
  return text;
}

template <class Database>
std::string each_row_of(const Database& db) {
  std::string text;
  db.template for_each_row<int, std::string>("SELECT id, name FROM t ORDER BY id", [&](int id, std::string name) {
    text += std::to_string(id) + std::move(name) + " ";
  });
  return text;
}

std::string written_rows(const H& h) {
  std::string text;
  for (const auto& [id, name] : h.d1().query<int, std::string>("SELECT id, name FROM w ORDER BY id"))
    text += std::to_string(id) + name + " ";
  return text;
}

void erase_rows(const H& h) { h.d1().execute("DELETE FROM w"); }

std::string text_of(const cf::vectorize::QueryResult& result) {
  std::string text;
  for (const auto& match : result)
    text += match.id + std::to_string(match.score) + match.metadata.text() + std::to_string(match.values.size()) + " ";
  return text;
}

std::string text_of(const std::vector<cf::vectorize::Vector>& found) {
  std::string text;
  for (const auto& each : found)
    text += each.id + std::to_string(each.values.at(0)) + std::to_string(each.values.at(1)) + " ";
  return text;
}

std::string written_vectors(const H& h) { return text_of(h.docs().get_by_ids(std::vector<std::string>{"w1", "w2"})); }

std::vector<cf::vectorize::Vector> new_vectors() {
  return {{.id = "w1", .values = {1, 0}}, {.id = "w2", .values = {0, 1}}};
}

void erase_vectors(const H& h) { (void)h.docs().erase_by_ids(std::vector<std::string>{"w1", "w2"}); }
void store_vectors(const H& h) { (void)h.docs().upsert(new_vectors()); }

std::string written_keys(const H& h) {
  return text_of(h.kv().get_many(std::vector<std::string>{"w1", "w2"}, {.with_metadata = true}).values);
}

std::vector<cf::kv::Entry> new_entries() {
  return {{.key = "w1", .value = "one", .metadata = cf::JsonText::raw(R"({"m":1})")}, {.key = "w2", .value = "two"}};
}

void erase_keys(const H& h) { require_complete(h.kv().erase_many(std::vector<std::string>{"w1", "w2"})); }
void store_keys(const H& h) { require_complete(h.kv().put_many(new_entries())); }

std::string namespaces(const H& h) {
  std::vector<std::string> titles;
  for (const auto& each : h.client.kv_namespaces().list()) titles.push_back(each.title);
  std::sort(titles.begin(), titles.end());  // they are listed by their random ids
  std::string text;
  for (const std::string& title : titles) text += title + " ";
  return text;
}

void remove_namespace(const H& h) {
  if (const auto found = h.client.kv_namespaces().find("made")) h.client.kv_namespaces().remove(found->id);
}

std::string metadata_indexes(const H& h) {
  std::string text;
  for (const auto& each : h.docs().list_metadata_indexes()) text += each.property + " ";
  return text;
}

std::string exported(const H& h) {
  std::string text;
  (void)h.d1().export_to(cf::sink_to([&](std::string_view bytes) { text.append(bytes); }),
                         {.tables = {"t"}, .poll_interval = 1ms});
  return text;
}

std::string exported_to_file(const H& h) {
  const auto done = h.d1().export_to_file(h.folder + "dump.sql", {.tables = {"t"}, .poll_interval = 1ms});
  return std::to_string(done.bytes);
}

std::string imported(const H& h) {
  const auto done =
      h.d1().import_sql("INSERT INTO w VALUES (1, 'x');\nINSERT INTO w VALUES (2, 'y');", {.poll_interval = 1ms});
  return std::to_string(done.num_queries);
}

std::string edge_key(const H& h) { return h.edge.kv("cache").get("w").value_or("none"); }
void erase_edge_key(const H& h) { h.edge.kv("cache").erase("w"); }
void store_edge_key(const H& h) { h.edge.kv("cache").put("w", "v"); }

std::string edge_rows(const H& h) {
  return std::to_string(h.edge.d1("analytics").query_value<int>("SELECT count(*) FROM w").value_or(-1));
}
void erase_edge_rows(const H& h) { h.edge.d1("analytics").execute("DELETE FROM w"); }

std::string edge_vectors(const H& h) {
  return text_of(h.edge.vectorize("docs", 2).get_by_ids(std::vector<std::string>{"w1", "w2"}));
}
void erase_edge_vectors(const H& h) {
  (void)h.edge.vectorize("docs", 2).erase_by_ids(std::vector<std::string>{"w1", "w2"});
}

}  // namespace

const std::vector<CutOperation>& cut_operations() {
  using enum Effect;
  static const std::vector<CutOperation> all{
      // KV
      {"get", reads, [](const H& h) { return h.kv().get("a").value(); }},
      {"get_with_metadata", reads, [](const H& h) { return text_of({h.kv().get_with_metadata("a")}); }},
      {"metadata", reads, [](const H& h) { return h.kv().metadata("a").value().text(); }},
      {"get_many", job,
       [](const H& h) {
         const auto got = h.kv().get_many(keys(), {.with_metadata = true});
         require_complete(got.outcome);
         return text_of(got.values);
       }},
      {"get_to", streams,
       [](const H& h) {
         std::string text;
         (void)h.kv().get_to("a", cf::sink_to([&](std::string_view bytes) { text.append(bytes); }));
         return text;
       }},
      {"keys", reads, [](const H& h) { return keys_of(h.kv()); }},
      {"put", repeatable, [](const H& h) { return h.kv().put("w1", "one"), std::string("done"); }, erase_keys,
       written_keys},
      {"put with metadata", repeatable,
       [](const H& h) {
         return h.kv().put("w1", "one", {.metadata = cf::JsonText::raw(R"({"m":1})")}), std::string("done");
       },
       erase_keys, written_keys},
      {"put_many", job, [](const H& h) { return store_keys(h), std::string("done"); }, erase_keys, written_keys},
      {"erase", repeatable, [](const H& h) { return h.kv().erase("w1"), std::string("done"); }, store_keys,
       written_keys},
      {"erase_many", job, [](const H& h) { return erase_keys(h), std::string("done"); }, store_keys, written_keys},
      {"namespaces", reads, [](const H& h) { return names(h.client.kv_namespaces().pages()); }},
      {"create a namespace", once, [](const H& h) { return h.client.kv_namespaces().create("made").title; },
       remove_namespace, namespaces},
      // D1
      {"query", reads, [](const H& h) { return rows_of(h.d1()); }},
      {"query_value", reads,
       [](const H& h) { return std::to_string(h.d1().query_value<int>("SELECT max(id) FROM t").value()); }},
      {"for_each_row", streams, [](const H& h) { return each_row_of(h.d1()); }},
      {"execute", once,
       [](const H& h) {
         return std::to_string(h.d1().execute("INSERT INTO w VALUES (?, ?)", {1, "x"}).changes());
       },
       erase_rows, written_rows},
      {"batch", once,
       [](const H& h) {
         const auto done = h.d1().batch({{.sql = "INSERT INTO w VALUES (1, 'x')"}, {.sql = "SELECT 1"}});
         return std::to_string(done.size());
       },
       erase_rows, written_rows},
      {"insert_many", once,
       [](const H& h) {
         const auto done = h.d1().insert_many("w", {"id", "name"}, rows());
         if (done.failure) throw done.failure->error;
         return std::to_string(done.committed);
       },
       erase_rows, written_rows},
      {"import_sql", once, imported, erase_rows, written_rows},
      {"export_to", streams, exported},
      {"export_to_file", reads, exported_to_file},
      {"databases", reads, [](const H& h) { return names(h.client.d1_databases().pages()); }},
      // Vectorize
      {"vector query", reads, [](const H& h) { return text_of(h.docs().query(vector(), with_all())); }},
      {"query_by_id", reads, [](const H& h) { return text_of(h.docs().query_by_id("a", with_all())); }},
      {"get_by_ids", reads, [](const H& h) { return text_of(h.docs().get_by_ids(keys())); }},
      {"info", reads, [](const H& h) { return std::to_string(h.docs().info().dimensions); }},
      {"insert", repeatable, [](const H& h) { return (void)h.docs().insert(new_vectors()), std::string("done"); },
       erase_vectors, written_vectors},
      {"upsert", repeatable, [](const H& h) { return store_vectors(h), std::string("done"); }, erase_vectors,
       written_vectors},
      {"upsert_many", job,
       [](const H& h) { return require_complete(h.docs().upsert_many(new_vectors())), std::string("done"); },
       erase_vectors, written_vectors},
      {"erase_by_ids", repeatable, [](const H& h) { return erase_vectors(h), std::string("done"); }, store_vectors,
       written_vectors},
      {"create_metadata_index", once,
       [](const H& h) {
         return (void)h.docs().create_metadata_index("made", cf::vectorize::MetadataType::string), std::string("done");
       },
       [](const H& h) { (void)h.docs().checked().erase_metadata_index("made"); }, metadata_indexes},
      // EdgeBase
      {"edgebase get", reads, [](const H& h) { return h.edge.kv("cache").get("a").value(); }},
      {"edgebase keys", reads, [](const H& h) { return keys_of(h.edge.kv("cache")); }},
      {"edgebase put", repeatable, [](const H& h) { return store_edge_key(h), std::string("done"); }, erase_edge_key,
       edge_key},
      {"edgebase erase", repeatable, [](const H& h) { return erase_edge_key(h), std::string("done"); }, store_edge_key,
       edge_key},
      {"edgebase query", reads, [](const H& h) { return rows_of(h.edge.d1("analytics")); }},
      {"edgebase for_each_row", streams, [](const H& h) { return each_row_of(h.edge.d1("analytics")); }},
      {"edgebase execute", once,
       [](const H& h) { return h.edge.d1("analytics").execute("INSERT INTO w VALUES (1, 'x')"), std::string("done"); },
       erase_edge_rows, edge_rows},
      {"edgebase vector query", reads,
       [](const H& h) { return text_of(h.edge.vectorize("docs", 2).query(vector(), with_all())); }},
      {"edgebase get_by_ids", reads,
       [](const H& h) { return text_of(h.edge.vectorize("docs", 2).get_by_ids(keys())); }},
      {"edgebase upsert", repeatable,
       [](const H& h) { return (void)h.edge.vectorize("docs", 2).upsert(new_vectors()), std::string("done"); },
       erase_edge_vectors, edge_vectors},
  };
  return all;
}

void prepare(const Handles& h) {
  h.kv().put("a", "the value of a", {.metadata = cf::JsonText::raw(R"({"m":1})")});
  h.kv().put("b", "2");
  for (const char* sql : {"CREATE TABLE t (id INTEGER, name TEXT)", "CREATE TABLE w (id INTEGER, name TEXT)",
                          "INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z')"}) {
    h.d1().execute(sql);
    h.edge.d1("analytics").execute(sql);
  }
  (void)h.client.vectorize_indexes().ensure("docs", {.dimensions = 2});
  (void)h.docs().upsert(vectors());
  (void)h.edge.vectorize("docs", 2).upsert(vectors());
  h.edge.kv("cache").put("a", "the value of a");
}

}  // namespace fault_tests
