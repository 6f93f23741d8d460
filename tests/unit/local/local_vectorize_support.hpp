// A Vectorize index of the embedded store, for tests.
#pragma once

#include "local_support.hpp"

namespace cloudflare_tests {

inline Json vector_of(const std::string& id, const Json& values, const std::string& ns = {},
                      const Json& metadata = {}) {
  Json vector = {{"id", id}, {"values", values}};
  if (!ns.empty()) vector["namespace"] = ns;
  if (!metadata.is_null()) vector["metadata"] = metadata;
  return vector;
}

inline std::string lines_of(const std::vector<Json>& vectors) {
  std::string text;
  for (const Json& vector : vectors) text += vector.dump() + "\n";
  return text;
}

class LocalVectorize {
 public:
  explicit LocalVectorize(LocalApi& api, int dimensions = 2, const std::string& metric = "cosine",
                          const std::string& name = "test")
      : path(indexes + "/" + name), api_(api) {
    (void)create(api, name, {{"dimensions", dimensions}, {"metric", metric}}).result();
  }

  static Answer create(LocalApi& api, const std::string& name, const Json& config) {
    return json_to(api, indexes, {{"name", name}, {"config", config}});
  }
  static Answer json_to(LocalApi& api, const std::string& path, const Json& body) {
    return api.call("POST", "/accounts/local" + path, body.dump(),
                    {{"authorization", "Bearer token"}, {"content-type", "application/json"}});
  }

  Answer get(const std::string& route = {}) { return api_.account("GET", path + route); }
  Answer post(const std::string& route, const Json& body) { return json_to(api_, path + route, body); }
  Answer upload(const std::string& route, const std::string& text, const std::string& type = "application/x-ndjson") {
    return api_.call("POST", "/accounts/local" + path + route, text,
                     {{"authorization", "Bearer token"}, {"content-type", type}});
  }
  Answer upsert(const std::vector<Json>& vectors) { return upload("/upsert", lines_of(vectors)); }
  Answer insert(const std::vector<Json>& vectors) { return upload("/insert", lines_of(vectors)); }
  Answer erase(const Json& ids) { return post("/delete_by_ids", {{"ids", ids}}); }
  Answer add_metadata_index(const std::string& property, const std::string& type) {
    return post("/metadata_index/create", {{"propertyName", property}, {"indexType", type}});
  }
  Json query(const Json& body) { return post("/query", body).result().at("matches"); }
  /// The ids that a query with this filter finds, sorted.
  std::string filtered(const Json& filter, const std::string& ns = {}) {
    Json body = {{"vector", zeros()}, {"topK", 100}, {"filter", filter}};
    if (!ns.empty()) body["namespace"] = ns;
    return ids_of(query(body));
  }
  static std::string ids_of(const Json& matches) {
    std::vector<std::string> ids;
    for (const Json& match : matches) ids.push_back(match.at("id").get<std::string>());
    std::sort(ids.begin(), ids.end());
    std::string text;
    for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
    return text;
  }
  Json vectors(const Json& ids) { return post("/get_by_ids", {{"ids", ids}}).result(); }
  Json info() { return get("/info").result(); }
  Json zeros() { return Json(info().at("dimensions").get<std::size_t>(), 0); }
  std::size_t count() { return info().at("vectorCount").get<std::size_t>(); }

  static inline const std::string indexes = "/vectorize/v2/indexes";
  const std::string path;

 private:
  LocalApi& api_;
};

}  // namespace cloudflare_tests
