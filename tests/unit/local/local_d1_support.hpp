// A D1 database of the embedded store, for tests.
#pragma once

#include "local_support.hpp"

namespace cloudflare_tests {

class LocalD1 {
 public:
  explicit LocalD1(LocalApi& api, const std::string& name = "test")
      : api_(api),
        id(api.account_json("POST", databases, {{"name", name}}).result().at("uuid").get<std::string>()),
        path(databases + "/" + id) {}

  Answer post(const std::string& route, const Json& body) { return api_.account_json("POST", path + route, body); }
  Answer raw(const std::string& sql, const Json& params = Json::array()) {
    return post("/raw", {{"sql", sql}, {"params", params}});
  }
  /// The only result of a statement that succeeds.
  Json run(const std::string& sql, const Json& params = Json::array()) {
    const Json results = raw(sql, params).result();
    REQUIRE(results.size() == 1);
    return results.at(0);
  }
  Json rows(const std::string& sql, const Json& params = Json::array()) {
    return run(sql, params).at("results").at("rows");
  }
  /// The message of a statement that fails.
  std::string error(const std::string& sql, const Json& params = Json::array()) {
    const Answer answer = raw(sql, params);
    CHECK(answer.status == 400);
    CHECK(answer.code() == 7500);
    return answer.message();
  }
  std::string bookmark(const std::string& query = {}) {
    return api_.account("GET", path + "/time_travel/bookmark" + query).result().at("bookmark").get<std::string>();
  }
  Answer restore(const std::string& query) { return api_.account("POST", path + "/time_travel/restore" + query); }

  /// A request to a signed URL.
  Answer at_url(std::string method, const std::string& url, cloudflare::Body body = {}) {
    return api_.send({.method = std::move(method), .url = url, .body = std::move(body)});
  }
  /// init, upload, ingest and poll; the final status.
  Json import(const std::string& sql, const std::string& md5) {
    const Json begun = post("/import", {{"action", "init"}, {"etag", md5}}).result();
    const Answer uploaded = at_url("PUT", begun.at("upload_url").get<std::string>(), sql);
    CHECK(uploaded.status == 200);
    CHECK(uploaded.header("etag") == "\"" + md5 + "\"");
    const Answer started = post("/import", {{"action", "ingest"}, {"etag", md5}, {"filename", begun.at("filename")}});
    CHECK(started.status == 202);
    CHECK(started.result().at("status") == "active");
    return post("/import", {{"action", "poll"}, {"current_bookmark", started.result().at("at_bookmark")}}).result();
  }
  std::string signed_export(const Json& options = Json::object()) {
    const Answer started = post("/export", {{"output_format", "polling"}, {"dump_options", options}});
    CHECK(started.status == 202);
    CHECK(started.result().at("status") == "active");
    const Json done = post("/export", {{"output_format", "polling"},
                                       {"dump_options", options},
                                       {"current_bookmark", started.result().at("at_bookmark")}})
                          .result();
    CHECK(done.at("status") == "complete");
    return done.at("result").at("signed_url").get<std::string>();
  }
  std::string exported(const Json& options = Json::object()) { return at_url("GET", signed_export(options)).body; }

  static inline const std::string databases = "/d1/database";

 private:
  LocalApi& api_;

 public:
  const std::string id;
  const std::string path;
};

}  // namespace cloudflare_tests
