// The account level: namespaces, credentials, and what answers when a namespace is not there.

#include <algorithm>
#include <future>

#include "contract/counterpart.hpp"

using namespace contract;
using cloudflare::ErrorCode;
using cloudflare::ErrorKind;
using Json = nlohmann::json;
namespace kv = cloudflare::kv;

namespace {

const std::string unknown_id = "00000000000000000000000000000000";  // NOLINT(cert-err58-cpp)

/// Namespaces that a case makes by hand, removed at its end.
struct Made {
  cloudflare::KvNamespaces namespaces;
  std::vector<std::string> ids{};

  kv::Namespace create(const std::string& title) {
    auto made = namespaces.create(title);
    ids.push_back(made.id);
    return made;
  }
  ~Made() {
    for (const auto& id : ids) (void)namespaces.checked().remove(id);
  }
};

void check_missing(const cloudflare::Error& error) {
  CHECK(error.kind() == ErrorKind::not_found);
  CHECK(error.http_status() == 404);
  CHECK(error.code() == ErrorCode::kv_namespace_not_found);
  CHECK_FALSE(error.outcome_unknown());
}

}  // namespace

CONTRACT_CASE("pages of any list are those of its own operation, by number and by cursor", "[kv][raw]", Embedded,
              Real) {
  Made made{cloud.client().kv_namespaces()};
  for (int i = 0; i < 3; ++i) made.create(cloud.fresh_title());
  const std::string namespaces = cloud.account_path() + "/storage/kv/namespaces";
  std::vector<std::string> listed, walked;
  for (const auto& ns : made.namespaces.list()) listed.push_back(ns.id);
  for (const auto& item : cloud.client().list(namespaces + "?per_page=2"))
    walked.push_back(item.as<Json>().at("id").get<std::string>());
  CHECK(walked == listed);

  const auto store = cloud.client().kv(made.ids[0]);
  for (const char* key : {"a", "b", "c"}) store.put(key, key);
  walked.clear();
  for (const auto& item : cloud.client().list(namespaces + "/" + made.ids[0] + "/keys?prefix=&limit=10"))
    walked.push_back(item.as<Json>().at("name").get<std::string>());
  CHECK(walked == std::vector<std::string>{"a", "b", "c"});
  const auto value = cloud.client().request_raw("GET", namespaces + "/" + made.ids[0] + "/values/a");
  CHECK(value.status == 200);
  CHECK(value.body == "a");
}

CONTRACT_CASE("a namespace is created, got, renamed and removed", "[kv][namespaces]", Embedded, Real) {
  Made made{cloud.client().kv_namespaces()};
  const std::string title = cloud.fresh_title();
  const auto created = made.create(title);
  CHECK(created.title == title);
  CHECK(created.id.size() == 32);
  CHECK(created.supports_url_encoding);

  const auto got = made.namespaces.get(created.id);
  CHECK(got.id == created.id);
  CHECK(got.title == title);

  const std::string renamed = cloud.fresh_title() + " \"ö\" / ?";
  CHECK(made.namespaces.rename(created.id, renamed).title == renamed);
  CHECK(made.namespaces.get(created.id).title == renamed);
  CHECK(made.namespaces.find(renamed)->id == created.id);
  CHECK_FALSE(made.namespaces.find(title).has_value());

  made.namespaces.remove(created.id);
  check_missing(error_of([&] { (void)made.namespaces.get(created.id); }));
}

CONTRACT_CASE("the jurisdiction of a namespace is set when it is created, and kept", "[kv][namespaces]", Embedded,
              Real) {
  Made made{cloud.client().kv_namespaces()};
  using kv::Jurisdiction;
  for (const auto& [asked, said] : {std::pair(Jurisdiction::eu, "eu"), std::pair(Jurisdiction::us, "us"),
                                    std::pair(Jurisdiction::fedramp, "fedramp")}) {
    const auto created = made.namespaces.create(cloud.fresh_title(), {.jurisdiction = asked});
    made.ids.push_back(created.id);
    CHECK(created.jurisdiction == said);
    CHECK(made.namespaces.rename(created.id, cloud.fresh_title()).jurisdiction == said);
    const auto got = made.namespaces.get(created.id);
    CHECK(got.jurisdiction == said);
    CHECK(made.namespaces.find(got.title)->jurisdiction == said);
  }
  CHECK(made.create(cloud.fresh_title()).jurisdiction.empty());
}

CONTRACT_CASE("renaming a namespace keeps its keys, removing it takes them along", "[kv][namespaces]", Embedded, Real) {
  Made made{cloud.client().kv_namespaces()};
  const auto created = made.create(cloud.fresh_title());
  const auto space = cloud.client().kv(created.id);
  space.put("k", "v");
  made.namespaces.rename(created.id, cloud.fresh_title());
  CHECK(space.get("k") == "v");
  made.namespaces.remove(created.id);
  check_missing(error_of([&] { (void)space.get("k"); }));
  const auto next = cloud.fresh_namespace();
  CHECK(next->list_page().keys.empty());
}

CONTRACT_CASE("a title that is taken is a conflict with code 10014, on create and on rename", "[kv][namespaces]",
              Embedded, Real) {
  Made made{cloud.client().kv_namespaces()};
  const auto first = made.create(cloud.fresh_title());
  const auto second = made.create(cloud.fresh_title());
  for (const auto& error : {error_of([&] { (void)made.namespaces.create(first.title); }),
                            error_of([&] { (void)made.namespaces.rename(second.id, first.title); })}) {
    CHECK(error.kind() == ErrorKind::conflict);
    CHECK(error.http_status() == 400);
    CHECK(error.code() == ErrorCode::kv_title_taken);
    CHECK_FALSE(error.outcome_unknown());
  }
  CHECK(made.namespaces.get(second.id).title == second.title);
}

CONTRACT_CASE("ensure() finds or creates a namespace; of several at once one creates it", "[kv][namespaces]", Embedded,
              Real) {
  Made made{cloud.client().kv_namespaces()};
  const std::string title = cloud.fresh_title();
  std::vector<std::future<cloudflare::Ensured<kv::Namespace>>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(std::async(std::launch::async, [&] { return made.namespaces.ensure(title); }));
  int created = 0;
  for (auto& one : all) {
    const auto ensured = one.get();
    created += ensured.created ? 1 : 0;
    made.ids.push_back(ensured.item.id);
    CHECK(ensured.item.id == made.ids.front());
    CHECK(ensured.item.title == title);
  }
  CHECK(created == 1);
  made.ids.resize(1);
  CHECK_FALSE(made.namespaces.ensure(title).created);
  CHECK(error_of([&] { (void)made.namespaces.ensure(title, {.jurisdiction = kv::Jurisdiction::eu}); }).kind() ==
        ErrorKind::conflict);
}

CONTRACT_CASE("a title has 1 to 512 characters, or is refused before sending, and by the server with 400",
              "[kv][namespaces]", Embedded, Real) {
  const auto namespaces = cloud.client().kv_namespaces();
  for (const std::string& title : {std::string(), std::string(513, 't')}) {
    CAPTURE(title.size());
    const auto local = error_of([&] { (void)namespaces.create(title); });
    CHECK(local.kind() == ErrorKind::invalid_argument);
    CHECK(local.attempts() == 0);
  }
  const auto remote = error_of([&] { (void)namespaces.with({.check_limits = false}).create(std::string(513, 't')); });
  CHECK(remote.kind() == ErrorKind::rejected);
  CHECK(remote.http_status() == 400);
}

CONTRACT_CASE("namespaces beyond the first page are seen, each once, in both orders and directions", "[kv][namespaces]",
              Embedded, Real) {
  // cloudflare-go#394; wrangler-legacy#737; mastra#4510
  Made made{cloud.client().kv_namespaces()};
  std::vector<std::string> titles;
  for (int i = 0; i < 7; ++i) titles.push_back(made.create(cloud.fresh_title()).title);
  std::sort(titles.begin(), titles.end());
  const auto ours = [&](const kv::NamespaceListOptions& options) {
    std::vector<std::string> found;
    for (const kv::Namespace& item : made.namespaces.list(options))
      if (std::find(made.ids.begin(), made.ids.end(), item.id) != made.ids.end()) found.push_back(item.title);
    return found;
  };
  CHECK(ours({.per_page = 2, .order = kv::NamespaceOrder::title}) == titles);
  std::reverse(titles.begin(), titles.end());
  CHECK(ours({.per_page = 3, .order = kv::NamespaceOrder::title, .direction = kv::Direction::desc}) == titles);
  CHECK(ours({.per_page = 2}).size() == 7);
  CHECK(ours({}).size() == 7);
}

CONTRACT_CASE("one page of namespaces makes its counts readable and total_pages is obeyed", "[kv][namespaces]",
              Embedded, Real) {
  Made made{cloud.client().kv_namespaces()};
  for (int i = 0; i < 3; ++i) made.create(cloud.fresh_title());
  const auto page = made.namespaces.list_page({.per_page = 2});
  CHECK(page.namespaces.size() == 2);
  CHECK(page.info.page == 1);
  CHECK(page.info.per_page == 2);
  CHECK(page.info.count == 2);
  REQUIRE(page.info.total_count.has_value());
  REQUIRE(page.info.total_pages.has_value());
  CHECK(*page.info.total_pages == (*page.info.total_count + 1) / 2);

  std::int64_t pages = 0;
  std::int64_t items = 0;
  auto walk = made.namespaces.pages({.per_page = 2});
  while (const auto next = walk.next()) {
    ++pages;
    items += static_cast<std::int64_t>(next->namespaces.size());
  }
  CHECK(pages == *page.info.total_pages);
  CHECK(items == *page.info.total_count);
}

CONTRACT_CASE("404 with code 10009 on get is nullopt; a missing namespace, 10013, is an error everywhere", "[kv]",
              Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  CHECK(space->get("missing") == std::nullopt);
  CHECK_FALSE(space->metadata("missing").has_value());
  CHECK_FALSE(space->get_with_metadata("missing").has_value());

  const auto absent = cloud.client().kv(unknown_id);
  const std::vector<std::string> keys = {"k"};
  const std::vector<kv::Entry> entries = {{.key = "k", .value = "v"}};
  check_missing(error_of([&] { (void)absent.get("k"); }));
  check_missing(error_of([&] { (void)absent.metadata("k"); }));
  check_missing(error_of([&] { (void)absent.get_with_metadata("k"); }));
  check_missing(error_of([&] { absent.put("k", "v"); }));
  check_missing(error_of([&] { absent.erase("k"); }));
  check_missing(error_of([&] { (void)absent.list_page(); }));
  check_missing(error_of([&] { (void)absent.put_bulk(entries); }));
  check_missing(error_of([&] { (void)absent.erase_bulk(keys); }));
  check_missing(error_of([&] { (void)absent.get_bulk(keys); }));
  const auto namespaces = cloud.client().kv_namespaces();
  check_missing(error_of([&] { (void)namespaces.get(unknown_id); }));
  check_missing(error_of([&] { (void)namespaces.rename(unknown_id, "t"); }));
  check_missing(error_of([&] { namespaces.remove(unknown_id); }));
}

CONTRACT_CASE("what the typed calls never send is refused with the documented codes", "[kv][client]", Embedded, Real) {
  const auto space = cloud.fresh_namespace();
  const auto client = cloud.client();
  const std::string account = cloud.account_path();
  const std::string all = account + "/storage/kv/namespaces";
  const std::string one = all + "/" + space->id();
  const auto refused = [&](const char* method, const std::string& path, const Json& body, int status, ErrorCode code) {
    CAPTURE(method, path, body.dump());
    const auto error = error_of([&] { (void)client.request(method, path, body); });
    CHECK(error.http_status() == status);
    CHECK(error.code() == code);
    CHECK(error.attempts() == 1);
  };
  refused("POST", all, Json::object(), 400, ErrorCode::kv_title_required);
  refused("POST", all, {{"title", ""}}, 400, ErrorCode::kv_title_required);
  refused("PUT", one, Json::object(), 400, ErrorCode::kv_title_required);
  refused("PUT", one + "/bulk", {{"key", "k"}, {"value", "v"}}, 400, ErrorCode::kv_bad_body);
  refused("PUT", one + "/bulk", Json::array({{{"key", "k"}}}), 400, ErrorCode::kv_bad_body);
  refused("PUT", one + "/bulk", Json::array({{{"key", "k"}, {"value", 1}}}), 400, ErrorCode::kv_bad_body);
  refused("POST", one + "/bulk/delete", {{"keys", {"k"}}}, 400, ErrorCode::kv_bad_body);
  refused("POST", one + "/bulk/get", {{"keys", Json::array()}}, 400, ErrorCode::kv_bulk_get_count);
  refused("POST", one + "/bulk/get", Json::array({"k"}), 400, ErrorCode::kv_bad_body);
  refused("GET", one + "/keys?limit=0", nullptr, 400, ErrorCode::kv_validation);
  refused("GET", all + "?per_page=1001", nullptr, 400, ErrorCode::kv_validation);
  refused("GET", all + "/not-an-id", nullptr, 400, ErrorCode::kv_validation);
  refused("PATCH", one, Json::object(), 405, ErrorCode::method_not_allowed);
  refused("GET", account + "/storage/kv/nothing", nullptr, 404, ErrorCode::invalid_object_identifier);
  CHECK(space->list_page().keys.empty());
}

CONTRACT_CASE("the explorer says 10009 and 10013 as the API does", "[kv]", Explorer) {
  const auto space = cloud.fresh_namespace();
  CHECK(space->get("missing") == std::nullopt);
  const auto absent = cloud.client().kv(unknown_id);
  check_missing(error_of([&] { (void)absent.get("k"); }));
  check_missing(error_of([&] { absent.put("k", "v"); }));
  check_missing(error_of([&] { absent.erase("k"); }));
  check_missing(error_of([&] { (void)absent.list_page(); }));
}

CONTRACT_CASE("a valid token is verified as active", "[client]", Embedded, Real) {
  CHECK(cloud.client().verify_token().status == "active");
}

CONTRACT_CASE("every error of the server carries its ray id and the operation", "[client]", Embedded, Real) {
  const auto error = error_of([&] { (void)cloud.client().kv(unknown_id).get("k"); });
  CHECK_FALSE(error.ray_id().empty());
  CHECK(error.operation() == "kv.get");
  CHECK(error.attempts() == 1);
  CHECK_THAT(error.what(),
             Catch::Matchers::ContainsSubstring(error.ray_id()) && Catch::Matchers::ContainsSubstring("10013"));
}

CONTRACT_CASE("an unknown token is unauthorized, and is not tried again", "[client]", Real) {
  const auto client = cloud.with_credential(cloudflare::ApiToken("never-issued"));
  const auto error = error_of([&] { (void)client.kv_namespaces().list_page(); });
  CHECK(error.kind() == ErrorKind::unauthorized);
  CHECK(error.attempts() == 1);
  CHECK_THAT(error.what(), !Catch::Matchers::ContainsSubstring("never-issued"));
}

CONTRACT_CASE("e-mail and key are taken in place of a token, except where a token is to be verified", "[client]",
              Embedded, Real) {
  const auto client = cloud.with_credential(cloudflare::EmailKey("test@example.com", "test-key"));
  CHECK_FALSE(client.kv_namespaces().find("no such title").has_value());
  const auto error = error_of([&] { (void)client.verify_token(); });
  CHECK(error.kind() == ErrorKind::unauthorized);
  CHECK(error.code() == ErrorCode::invalid_api_token);
}
