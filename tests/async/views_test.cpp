// Every operation in its three views: T, Result<T> and Operation<T> of the same T. tests/rules/rules.sh finds an
// operation of the headers that is missing here.

#include <cloudflare/async.hpp>

#include <array>
#include <functional>
#include <span>
#include <type_traits>

#include "support/catch.hpp"

using namespace cloudflare;

namespace {

/// Whether `call` gives T, Result<T> and Operation<T> for the three views of a handle, or walks whose next() does.
template <class Handle, class Call>
consteval bool same(Call) {
  using Plain = std::invoke_result_t<Call, const Handle&>;
  using Checked = std::invoke_result_t<Call, decltype(std::declval<const Handle&>().checked())>;
  using Async = std::invoke_result_t<Call, decltype(std::declval<const Handle&>().async())>;
  if constexpr (requires {
                  std::declval<Plain>().next(), std::declval<Checked>().next(), std::declval<Async>().next();
                }) {
    using T = decltype(std::declval<Plain>().next());
    return std::is_same_v<decltype(std::declval<Checked&>().next()), Result<T>> &&
           std::is_same_v<decltype(std::declval<Async&>().next()), Operation<T>>;
  } else {
    return std::is_same_v<Checked, Result<Plain>> && std::is_same_v<Async, Operation<Plain>>;
  }
}

}  // namespace

namespace views_test {

#define THREE_VIEWS(HANDLE, VERB, ...) static_assert(same<HANDLE>([](const auto& h) { return h.VERB(__VA_ARGS__); }))

std::shared_ptr<Sink> sink();
std::span<const std::string> keys();
std::span<const kv::Entry> entries();
std::vector<kv::Entry>& range();
std::vector<std::tuple<int>>& rows();
std::span<const d1::Statement> statements();
std::span<const std::string_view> columns();
std::function<void(const d1::Row&)> on_row();
std::function<void(int)> on_int();
std::span<const float> vector();
std::vector<vectorize::Vector>& vectors();
std::vector<std::vector<float>>& queries();

THREE_VIEWS(ApiClient, verify_token);
THREE_VIEWS(ApiClient, verify_account_token);
THREE_VIEWS(ApiClient, request, "GET", "/zones");
THREE_VIEWS(ApiClient, request_raw, "GET", "/zones");
THREE_VIEWS(ApiClient, pages, "/zones");

THREE_VIEWS(KvNamespace, get, "k");
THREE_VIEWS(KvNamespace, get_with_metadata, "k");
THREE_VIEWS(KvNamespace, get_text, "k");
THREE_VIEWS(KvNamespace, get_into, "k", std::span<char>());
THREE_VIEWS(KvNamespace, get_to, "k", sink());
THREE_VIEWS(KvNamespace, get_to_file, "k", "path");
THREE_VIEWS(KvNamespace, template get_as<int>, "k");
THREE_VIEWS(KvNamespace, metadata, "k");
THREE_VIEWS(KvNamespace, put, "k", "v", kv::PutOptions());
THREE_VIEWS(KvNamespace, put_json, "k", 1);
THREE_VIEWS(KvNamespace, erase, "k");
THREE_VIEWS(KvNamespace, list_page);
THREE_VIEWS(KvNamespace, pages);
THREE_VIEWS(KvNamespace, put_bulk, entries());
THREE_VIEWS(KvNamespace, erase_bulk, keys());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
THREE_VIEWS(KvNamespace, erase_bulk_legacy, keys());
#pragma GCC diagnostic pop
THREE_VIEWS(KvNamespace, get_bulk, keys());
THREE_VIEWS(KvNamespace, put_many, range());
THREE_VIEWS(KvNamespace, erase_many, keys());
THREE_VIEWS(KvNamespace, get_many, keys());

THREE_VIEWS(KvNamespaces, create, "title");
THREE_VIEWS(KvNamespaces, ensure, "title");
THREE_VIEWS(KvNamespaces, get, "id");
THREE_VIEWS(KvNamespaces, rename, "id", "title");
THREE_VIEWS(KvNamespaces, remove, "id");
THREE_VIEWS(KvNamespaces, list_page);
THREE_VIEWS(KvNamespaces, pages);
THREE_VIEWS(KvNamespaces, find, "title");

THREE_VIEWS(D1Database, template query<int>, "SELECT 1");
THREE_VIEWS(D1Database, query, "SELECT 1");
THREE_VIEWS(D1Database, for_each_row, "SELECT 1", on_row());
THREE_VIEWS(D1Database, template for_each_row<int>, "SELECT 1", d1::Params(), on_int());
THREE_VIEWS(D1Database, template for_each_row_as<std::tuple<int>>, "SELECT 1", on_int());
THREE_VIEWS(D1Database, template query_as<std::tuple<int>>, "SELECT 1");
THREE_VIEWS(D1Database, template query_one<int>, "SELECT 1");
THREE_VIEWS(D1Database, template query_one_as<std::tuple<int>>, "SELECT 1");
THREE_VIEWS(D1Database, template query_value<int>, "SELECT 1");
THREE_VIEWS(D1Database, query_json, "SELECT 1");
THREE_VIEWS(D1Database, execute, "SELECT 1");
THREE_VIEWS(D1Database, batch, statements());
THREE_VIEWS(D1Database, insert_many, "t", columns(), rows());
THREE_VIEWS(D1Database, import_sql, "SELECT 1");
THREE_VIEWS(D1Database, import_file, "path");
THREE_VIEWS(D1Database, export_to, sink());
THREE_VIEWS(D1Database, export_to_file, "path");
THREE_VIEWS(D1Database, bookmark);
THREE_VIEWS(D1Database, restore, "bookmark");
THREE_VIEWS(D1Database, migrate, "folder");

THREE_VIEWS(D1Databases, create, "name");
THREE_VIEWS(D1Databases, ensure, "name");
THREE_VIEWS(D1Databases, get, "id");
THREE_VIEWS(D1Databases, update, "id", d1::ReadReplication::disabled);
THREE_VIEWS(D1Databases, replace, "id", d1::ReadReplication::disabled);
THREE_VIEWS(D1Databases, remove, "id");
THREE_VIEWS(D1Databases, list_page);
THREE_VIEWS(D1Databases, pages);
THREE_VIEWS(D1Databases, find, "name");

THREE_VIEWS(VectorizeIndex, info);
THREE_VIEWS(VectorizeIndex, insert, vectors());
THREE_VIEWS(VectorizeIndex, upsert, vectors());
THREE_VIEWS(VectorizeIndex, insert_ndjson, Body());
THREE_VIEWS(VectorizeIndex, upsert_ndjson, Body());
THREE_VIEWS(VectorizeIndex, insert_many, vectors());
THREE_VIEWS(VectorizeIndex, upsert_many, vectors());
THREE_VIEWS(VectorizeIndex, query, vector());
THREE_VIEWS(VectorizeIndex, query_by_id, "id");
THREE_VIEWS(VectorizeIndex, query_many, queries());
THREE_VIEWS(VectorizeIndex, get_by_ids, keys());
THREE_VIEWS(VectorizeIndex, get_many, keys());
THREE_VIEWS(VectorizeIndex, erase_by_ids, keys());
THREE_VIEWS(VectorizeIndex, erase_many, keys());
THREE_VIEWS(VectorizeIndex, insert_and_wait, vectors(), std::chrono::seconds(1));
THREE_VIEWS(VectorizeIndex, upsert_and_wait, vectors(), std::chrono::seconds(1));
THREE_VIEWS(VectorizeIndex, list_page);
THREE_VIEWS(VectorizeIndex, pages);
THREE_VIEWS(VectorizeIndex, create_metadata_index, "p", vectorize::MetadataType::string);
THREE_VIEWS(VectorizeIndex, list_metadata_indexes);
THREE_VIEWS(VectorizeIndex, erase_metadata_index, "p");
THREE_VIEWS(VectorizeIndex, wait_for, vectorize::Mutation(), std::chrono::seconds(1));
THREE_VIEWS(VectorizeIndex, erase_where, vectorize::Where());

THREE_VIEWS(VectorizeIndexes, list);
THREE_VIEWS(VectorizeIndexes, create, "name", vectorize::CreateOptions());
THREE_VIEWS(VectorizeIndexes, ensure, "name", vectorize::CreateOptions());
THREE_VIEWS(VectorizeIndexes, get, "name");
THREE_VIEWS(VectorizeIndexes, find, "name");
THREE_VIEWS(VectorizeIndexes, remove, "name");

THREE_VIEWS(WorkersAi, embed, keys());
THREE_VIEWS(WorkersAi, embed_many, keys());

THREE_VIEWS(edgebase::KvNamespace, get, "k");
THREE_VIEWS(edgebase::KvNamespace, template get_as<int>, "k");
THREE_VIEWS(edgebase::KvNamespace, put, "k", "v");
THREE_VIEWS(edgebase::KvNamespace, put_json, "k", 1);
THREE_VIEWS(edgebase::KvNamespace, erase, "k");
THREE_VIEWS(edgebase::KvNamespace, list_page);
THREE_VIEWS(edgebase::KvNamespace, pages);

THREE_VIEWS(edgebase::D1Database, template query<int>, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, query, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, for_each_row, "SELECT 1", on_row());
THREE_VIEWS(edgebase::D1Database, template for_each_row<int>, "SELECT 1", d1::Params(), on_int());
THREE_VIEWS(edgebase::D1Database, template for_each_row_as<std::tuple<int>>, "SELECT 1", on_int());
THREE_VIEWS(edgebase::D1Database, template query_as<std::tuple<int>>, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, template query_one<int>, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, template query_one_as<std::tuple<int>>, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, template query_value<int>, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, query_json, "SELECT 1");
THREE_VIEWS(edgebase::D1Database, execute, "SELECT 1");

THREE_VIEWS(edgebase::VectorizeIndex, info);
THREE_VIEWS(edgebase::VectorizeIndex, insert, vectors());
THREE_VIEWS(edgebase::VectorizeIndex, upsert, vectors());
THREE_VIEWS(edgebase::VectorizeIndex, insert_many, vectors());
THREE_VIEWS(edgebase::VectorizeIndex, upsert_many, vectors());
THREE_VIEWS(edgebase::VectorizeIndex, query, vector());
THREE_VIEWS(edgebase::VectorizeIndex, query_by_id, "id");
THREE_VIEWS(edgebase::VectorizeIndex, query_many, queries());
THREE_VIEWS(edgebase::VectorizeIndex, get_by_ids, keys());
THREE_VIEWS(edgebase::VectorizeIndex, get_many, keys());
THREE_VIEWS(edgebase::VectorizeIndex, erase_by_ids, keys());
THREE_VIEWS(edgebase::VectorizeIndex, erase_many, keys());
THREE_VIEWS(edgebase::VectorizeIndex, insert_and_wait, vectors(), std::chrono::seconds(1));
THREE_VIEWS(edgebase::VectorizeIndex, upsert_and_wait, vectors(), std::chrono::seconds(1));
THREE_VIEWS(edgebase::VectorizeIndex, wait_for, vectorize::Mutation(), std::chrono::seconds(1));

// Code for both APIs accepts the handles of either, in each view.
template <class Handle>
using CheckedOf = decltype(std::declval<const Handle&>().checked());
template <class Handle>
using AsyncOf = decltype(std::declval<const Handle&>().async());
template <template <class> class Store, class Handle>
inline constexpr bool is_a = std::is_base_of_v<Store<Throwing>, Handle>&&
    std::is_base_of_v<Store<Checked>, CheckedOf<Handle>>&& std::is_base_of_v<Store<Async>, AsyncOf<Handle>>;
static_assert(is_a<KvStore, KvNamespace> && is_a<KvStore, edgebase::KvNamespace>);
static_assert(is_a<SqlDatabase, D1Database> && is_a<SqlDatabase, edgebase::D1Database>);
static_assert(is_a<VectorStore, VectorizeIndex> && is_a<VectorStore, edgebase::VectorizeIndex>);

}  // namespace views_test

TEST_CASE("the three views have the same operations, with T, Result<T> and Operation<T>") { SUCCEED("it compiles"); }
