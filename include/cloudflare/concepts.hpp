#pragma once

// What a Workers KV namespace, a D1 database and a Vectorize index offer whichever way they are reached: by v4
// (KvNamespace, D1Database, VectorizeIndex) or by EdgeBase (the same names in cloudflare::edgebase). Code templated on
// these concepts runs on both, in the throwing, checked and asynchronous view alike.

#include <concepts>
#include <span>

#include <cloudflare/d1/results.hpp>
#include <cloudflare/kv/types.hpp>
#include <cloudflare/vectorize/types.hpp>

namespace cloudflare {

/// get, get_as, put, put_json, erase, list_page, pages. Portable values are UTF-8 text; portable options of put are the
/// ttl; keys as listed have their names; pages hold 10 to 1000 keys.
template <class N>
concept AnyKvNamespace = requires(const N& ns, std::string_view text, kv::PutOptions put, kv::ListOptions list) {
  { ns.get(text) } -> std::same_as<typename N::template Returns<std::optional<std::string>>>;
  { ns.template get_as<int>(text) } -> std::same_as<typename N::template Returns<std::optional<int>>>;
  { ns.put(text, text, put) } -> std::same_as<typename N::template Returns<void>>;
  { ns.put_json(text, 1, put) } -> std::same_as<typename N::template Returns<void>>;
  { ns.erase(text) } -> std::same_as<typename N::template Returns<void>>;
  { ns.list_page(list) } -> std::same_as<typename N::template Returns<kv::KeyPage>>;
  { ns.pages(list).next() } -> std::same_as<typename N::template Returns<std::optional<kv::KeyPage>>>;
};

/// query, query_as, query_one, query_one_as, query_value, query_json, execute. Portable statements come one at a time
/// and give each column a name of its own; of `meta`, changes, duration, rows_read and rows_written are portable.
template <class D>
concept AnyD1Database = requires(const D& db, std::string_view sql, d1::Params params) {
  { db.template query<int>(sql, params) } -> std::same_as<typename D::template Returns<d1::Rows<std::tuple<int>>>>;
  {
    db.template query_as<std::tuple<int>>(sql, params)
    } -> std::same_as<typename D::template Returns<d1::Rows<std::tuple<int>>>>;
  {
    db.template query_one<int>(sql, params)
    } -> std::same_as<typename D::template Returns<std::optional<std::tuple<int>>>>;
  {
    db.template query_one_as<std::tuple<int>>(sql, params)
    } -> std::same_as<typename D::template Returns<std::optional<std::tuple<int>>>>;
  { db.template query_value<int>(sql, params) } -> std::same_as<typename D::template Returns<std::optional<int>>>;
  db.query_json(sql, params);
  { db.execute(sql, params) } -> std::same_as<typename D::template Returns<d1::Results>>;
};

/// info, insert, upsert, insert_many, upsert_many, query, query_by_id, get_by_ids, get_many, erase_by_ids, erase_many.
/// Portable requests hold at most 20 vectors or ids; the `_many` take any number. Give top_k: the defaults differ.
template <class I>
concept AnyVectorizeIndex = requires(const I& index, std::vector<vectorize::Vector>& vectors, std::span<const float> v,
                                     std::span<const std::string> ids, vectorize::QueryOptions options) {
  { index.info() } -> std::same_as<typename I::template Returns<vectorize::IndexInfo>>;
  { index.insert(vectors) } -> std::same_as<typename I::template Returns<vectorize::Mutation>>;
  { index.upsert(vectors) } -> std::same_as<typename I::template Returns<vectorize::Mutation>>;
  { index.insert_many(vectors) } -> std::same_as<typename I::template Returns<vectorize::ManyResult>>;
  { index.upsert_many(vectors) } -> std::same_as<typename I::template Returns<vectorize::ManyResult>>;
  { index.query(v, options) } -> std::same_as<typename I::template Returns<vectorize::QueryResult>>;
  { index.query_by_id("id", options) } -> std::same_as<typename I::template Returns<vectorize::QueryResult>>;
  { index.get_by_ids(ids) } -> std::same_as<typename I::template Returns<std::vector<vectorize::Vector>>>;
  { index.get_many(ids) } -> std::same_as<typename I::template Returns<vectorize::GetManyResult>>;
  { index.erase_by_ids(ids) } -> std::same_as<typename I::template Returns<vectorize::Mutation>>;
  { index.erase_many(ids) } -> std::same_as<typename I::template Returns<vectorize::ManyResult>>;
};

}  // namespace cloudflare
