// A KV namespace of the embedded store, for tests.
#pragma once

#include "local_support.hpp"

namespace cloudflare_tests {

class LocalKv {
 public:
  explicit LocalKv(LocalApi& api, const std::string& title = "test")
      : api_(api),
        path(namespaces + "/" +
             api.account_json("POST", namespaces, {{"title", title}}).result().at("id").get<std::string>()) {}

  Answer put(std::string_view key, cloudflare::Body value, const std::string& query = {}) {
    return api_.account("PUT", value_path(key) + query, std::move(value));
  }
  Answer put_form(std::string_view key, const std::vector<std::pair<std::string, std::string>>& parts) {
    std::string body;
    for (const auto& [name, content] : parts)
      body += "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n";
    return api_.call("PUT", "/accounts/local" + value_path(key), body + "--XX--\r\n",
                     {{"Authorization", "Bearer token"}, {"Content-Type", "multipart/form-data; boundary=XX"}});
  }
  Answer get(std::string_view key) { return api_.account("GET", value_path(key)); }
  Answer erase(std::string_view key) { return api_.account("DELETE", value_path(key)); }
  Answer metadata(std::string_view key) { return api_.account("GET", path + "/metadata/" + encoded(key)); }
  Answer keys(const std::string& query = {}) { return api_.account("GET", path + "/keys" + query); }
  Answer bulk(const Json& pairs) { return api_.account_json("PUT", path + "/bulk", pairs); }
  Answer bulk_get(const Json& body) { return api_.account_json("POST", path + "/bulk/get", body); }
  Answer bulk_delete(const Json& keys) { return api_.account_json("POST", path + "/bulk/delete", keys); }
  std::vector<std::string> names(const std::string& query = {}) {
    std::vector<std::string> found;
    for (const Json& key : keys(query).result()) found.push_back(key.at("name").get<std::string>());
    return found;
  }

  static inline const std::string namespaces = "/storage/kv/namespaces";

 private:
  [[nodiscard]] std::string value_path(std::string_view key) const { return path + "/values/" + encoded(key); }

  LocalApi& api_;

 public:
  const std::string path;
};

}  // namespace cloudflare_tests
