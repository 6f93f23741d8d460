// The bulk calls of KV in the embedded store.
#include "local_kv_support.hpp"

using namespace cloudflare_tests;

TEST_CASE("embedded KV: a bulk put stores text, bytes, metadata, ttl and expiration, and counts its pairs") {
  LocalApi api;
  LocalKv kv(api);
  const std::int64_t now = api.now();
  const Json stored = kv.bulk({{{"key", "bytes"}, {"value", "AAH/"}, {"base64", true}, {"metadata", {{"n", 1.5}}}},
                               {{"key", "loose"}, {"value", " A A H\n/ Y Q "}, {"base64", true}},
                               {{"key", "text"}, {"value", R"({"a":1})"}, {"expiration_ttl", 600}},
                               {{"key", "until"}, {"value", "v"}, {"expiration", now + 60}, {"metadata", nullptr}},
                               {{"key", "both"}, {"value", "v"}, {"expiration", 5}, {"expiration_ttl", 100.7}},
                               {{"key", "empty"}, {"value", ""}, {"unknown", {{"x", 1}}}}})
                          .result();
  CHECK(stored == Json({{"successful_key_count", 6}, {"unsuccessful_keys", Json::array()}}));
  CHECK(kv.get("bytes").body == std::string("\0\1\xFF", 3));
  CHECK(kv.get("loose").body == std::string("\0\1\xFF\x61", 4));
  CHECK(kv.metadata("bytes").result() == Json({{"n", 1.5}}));
  CHECK(kv.get("text").header("expiration") == std::to_string(now + 600));
  CHECK(kv.get("until").header("expiration") == std::to_string(now + 60));
  CHECK(kv.get("both").header("expiration") == std::to_string(now + 100));
  CHECK(kv.get("empty").status == 200);
  CHECK(kv.bulk(Json::array()).result().at("successful_key_count") == 0);
}

TEST_CASE("embedded KV: a bulk put with one bad pair is refused with that pair's code and stores nothing") {
  LocalApi api;
  LocalKv kv(api);
  struct Case {
    Json pair;
    int status;
    int code;
  };
  const std::vector<Case> cases{{"text", 400, 10012},
                                {{{"key", "a"}}, 400, 10012},
                                {{{"value", "a"}}, 400, 10012},
                                {{{"key", 1}, {"value", "a"}}, 400, 10012},
                                {{{"key", "a"}, {"value", 1}}, 400, 10012},
                                {{{"key", "a"}, {"value", nullptr}}, 400, 10012},
                                {{{"key", "a"}, {"value", "!!"}, {"base64", true}}, 400, 10012},
                                {{{"key", "a"}, {"value", "QQ"}, {"base64", "true"}}, 400, 10012},
                                {{{"key", "a"}, {"value", "v"}, {"expiration_ttl", "100"}}, 400, 10012},
                                {{{"key", ""}, {"value", "v"}}, 400, 10011},
                                {{{"key", ".."}, {"value", "v"}}, 400, 10011},
                                {{{"key", std::string(513, 'k')}, {"value", "v"}}, 414, 10011},
                                {{{"key", "a"}, {"value", "v"}, {"metadata", std::string(1023, 'm')}}, 413, 10011},
                                {{{"key", "a"}, {"value", std::string(26'214'401, 'v')}}, 413, 10011},
                                {{{"key", "a"}, {"value", "v"}, {"expiration_ttl", 59}}, 400, 10034},
                                {{{"key", "a"}, {"value", "v"}, {"expiration_ttl", 0}}, 400, 10034},
                                {{{"key", "a"}, {"value", "v"}, {"expiration", 5}}, 400, 10033}};
  for (const Case& c : cases) {
    const Answer refused = kv.bulk({{{"key", "before"}, {"value", "1"}}, c.pair, {{"key", "after"}, {"value", "1"}}});
    CAPTURE(refused.body);
    CHECK(refused.status == c.status);
    CHECK(refused.code() == c.code);
    CHECK(kv.keys().result().empty());
  }
  const std::string bulk = kv.path + "/bulk";
  for (const char* body : {"", "{}", "junk", R"([{"key":"a","value":"v"})", R"([{"key":"a","value":"v"}] x)",
                           R"([{"key":"a","value":"v","x":tru}])", "{\"key\":\"a\",\"value\":\"v\"}"}) {
    CAPTURE(body);
    CHECK(api.account("PUT", bulk, body).code() == 10012);
  }
  CHECK(kv.keys().result().empty());
}

TEST_CASE(
    "embedded KV: a bulk put takes the same pair twice, and refuses a key with two values as a whole with 10001") {
  LocalApi api;
  LocalKv kv(api);
  CHECK(kv.bulk({{{"key", "a"}, {"value", "AA"}, {"metadata", {{"m", 1}}}, {"expiration_ttl", 90}},
                 {{"key", "a"}, {"value", "QUE="}, {"base64", true}, {"metadata", {{"m", 1}}}, {"expiration_ttl", 90}},
                 {{"key", "b"}, {"value", "1"}}})
            .result()
            .at("successful_key_count") == 2);
  const Json first{{"key", "c"}, {"value", "1"}, {"metadata", 1}, {"expiration_ttl", 90}};
  for (const Json& change : {Json{{"value", "2"}}, Json{{"metadata", 2}}, Json{{"expiration_ttl", 91}}}) {
    Json second = first;
    second.update(change);
    const Answer refused = kv.bulk({first, {{"key", "d"}, {"value", "1"}}, second});
    CHECK(refused.status == 400);
    CHECK(refused.code() == 10001);
    CHECK(refused.body.find("duplicate key with different values or expiration parameters") != std::string::npos);
    CHECK(kv.names() == std::vector<std::string>{"a", "b"});
  }
  CHECK(kv.bulk_delete({"a", "a", "b"}).result().at("successful_key_count") == 2);
}

TEST_CASE("embedded KV: 10 000 pairs or keys are accepted in one request, 10 001 are not") {
  LocalApi api;
  LocalKv kv(api);
  Json pairs = Json::array();
  Json keys = Json::array();
  for (int i = 0; i < 10'000; ++i) {
    pairs.push_back({{"key", std::to_string(i)}, {"value", "v"}});
    keys.push_back(std::to_string(i));
  }
  CHECK(kv.bulk(pairs).result().at("successful_key_count") == 10'000);
  CHECK(kv.keys().result().size() == 1000);
  Json more_keys = keys;
  more_keys.push_back("more");
  pairs.push_back({{"key", "more"}, {"value", "v"}});
  CHECK(kv.bulk(pairs).code() == 10011);
  CHECK(kv.get("more").status == 404);
  CHECK(kv.bulk_delete(more_keys).code() == 10011);
  CHECK(kv.get("0").status == 200);
  CHECK(kv.bulk_delete(keys).result().at("successful_key_count") == 10'000);
  CHECK(kv.keys().result().empty());
}

TEST_CASE("embedded KV: a bulk request of more than 100 MB is 413") {
  LocalApi api;
  LocalKv kv(api);
  std::string body = R"([{"key":"k","value":"v"}])";
  body.append(100'000'000 - body.size(), ' ');
  CHECK(api.account("PUT", kv.path + "/bulk", body).status == 200);
  CHECK(api.account("PUT", kv.path + "/bulk", body + " ").status == 413);
}

TEST_CASE("embedded KV: both forms of bulk delete erase what is there and forgive what is not") {
  LocalApi api;
  LocalKv kv(api);
  kv.bulk({{{"key", "a"}, {"value", "1"}}, {{"key", "b"}, {"value", "2"}}, {{"key", "c"}, {"value", "3"}}});
  CHECK(kv.bulk_delete({"a", "never"}).result().at("successful_key_count") == 2);
  CHECK(api.account_json("DELETE", kv.path + "/bulk", {"b"}).result().at("unsuccessful_keys").empty());
  CHECK(kv.names() == std::vector<std::string>{"c"});
  CHECK(kv.bulk_delete({{"keys", {"c"}}}).code() == 10012);
  CHECK(kv.bulk_delete({1}).code() == 10012);
  CHECK(kv.bulk_delete({"c", ""}).code() == 10011);
  CHECK(kv.bulk_delete({"c", std::string(513, 'k')}).status == 414);
  CHECK(kv.names() == std::vector<std::string>{"c"});
  CHECK(kv.bulk_delete(Json::array()).status == 200);
}

TEST_CASE("embedded KV: bulk get tells missing from empty, text from json, and adds metadata on request") {
  LocalApi api;
  LocalKv kv(api);
  kv.bulk({{{"key", "doc"}, {"value", R"( {"a": 1.0, "b":[1e3, 12345678901234567]} )"}, {"metadata", {{"m", 1}}}},
           {{"key", "empty"}, {"value", ""}},
           {{"key", "__proto__"}, {"value", "p"}, {"expiration_ttl", 60}}});
  const auto values = [&](const Json& body) { return kv.bulk_get(body).result().at("values"); };
  CHECK(values({{"keys", {"doc", "empty", "none", "empty"}}}) ==
        Json({{"doc", R"( {"a": 1.0, "b":[1e3, 12345678901234567]} )"}, {"empty", ""}, {"none", nullptr}}));
  const Answer typed = kv.bulk_get({{"keys", {"doc"}}, {"type", "json"}});
  CHECK(typed.body.find(R"({"doc":{"a":1,"b":[1000,12345678901234568]}})") != std::string::npos);
  CHECK(values({{"keys", {"doc", "__proto__", "none"}}, {"withMetadata", true}}) ==
        Json({{"doc", {{"value", R"( {"a": 1.0, "b":[1e3, 12345678901234567]} )"}, {"metadata", {{"m", 1}}}}},
              {"__proto__", {{"value", "p"}, {"metadata", nullptr}, {"expiration", api.now() + 60}}},
              {"none", nullptr}}));
  CHECK(kv.bulk_get({{"keys", {"empty"}}, {"type", "json"}}).code() == 10029);
  CHECK(kv.bulk_get({{"keys", {"doc"}}, {"type", "xml"}}).message() ==
        "bulk get keys: '\"xml\" is not a valid type. Use \"json\" or \"text\"'");
}

TEST_CASE("embedded KV: bulk get turns bytes that are not UTF-8 into U+FFFD and drops a byte order mark") {
  LocalApi api;
  LocalKv kv(api);
  // As measured on the real engine: each broken sequence becomes one replacement for its longest valid beginning.
  kv.put("broken",
         "a\xff\xfe\xc3"
         "b\xf0\x9f\x98\xed\xa0\x80\xef\xbb\xbf");
  kv.put("mark", "\xef\xbb\xbfhi");
  const Json values = kv.bulk_get({{"keys", {"broken", "mark"}}}).result().at("values");
  const std::string r = "\xEF\xBF\xBD";
  CHECK(values.at("broken") == "a" + r + r + r + "b" + r + r + r + r + "\xef\xbb\xbf");
  CHECK(values.at("mark") == "hi");
}

TEST_CASE("embedded KV: bulk get takes 1 to 100 keys and 25 MiB of values") {
  LocalApi api;
  LocalKv kv(api);
  Json keys = Json::array();
  CHECK(kv.bulk_get({{"keys", keys}}).message() == "bulk get keys: 'You must request a minimum of 1 key'");
  for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(i));
  CHECK(kv.bulk_get({{"keys", keys}}).result().at("values").size() == 100);
  keys.push_back("more");
  const Answer refused = kv.bulk_get({{"keys", keys}});
  CHECK(refused.code() == 10029);
  CHECK(refused.message() == "bulk get keys: 'You can request a maximum of 100 keys'");
  CHECK(kv.bulk_get({{"keys", {""}}}).code() == 10029);
  CHECK(kv.bulk_get({{"keys", {"."}}}).code() == 10029);
  CHECK(kv.bulk_get({{"keys", {std::string(513, 'k')}}}).status == 414);
  for (const Json& body : {Json::object(), Json({{"keys", "a"}}), Json({{"keys", {1}}}), Json::array()})
    CHECK(kv.bulk_get(body).code() == 10012);

  kv.put("half", std::string(13'107'200, 'x'));
  kv.put("other half", std::string(13'107'200, 'x'));
  CHECK(kv.bulk_get({{"keys", {"half", "other half"}}}).status == 200);
  kv.put("one more", "x");
  const Answer too_large = kv.bulk_get({{"keys", {"half", "other half", "one more"}}});
  CHECK(too_large.status == 413);
  CHECK(too_large.message() == "bulk get keys: 'Total size of request exceeds the limit of 25MB'");
}
