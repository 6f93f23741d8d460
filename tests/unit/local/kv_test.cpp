// KV of the embedded store, one key at a time: values, metadata, expiry, lists, namespaces, each limit with its error.
#include "local_kv_support.hpp"

using namespace cloudflare_tests;
using namespace std::chrono_literals;

TEST_CASE("embedded KV: all 256 byte values, nothing at all and a newline survive, raw and in a form") {
  LocalApi api;
  LocalKv kv(api);
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const std::string& value : {bytes, std::string(), std::string("\n"), std::string("\r\n--XX"), bytes + bytes}) {
    CHECK(kv.put("raw", value).result().is_null());
    const Answer raw = kv.get("raw");
    CHECK(raw.body == value);
    CHECK(raw.header("content-type") == "application/octet-stream");
    CHECK(raw.header("expiration").empty());
    if (value == "\r\n--XX") continue;  // the boundary itself
    CHECK(kv.put_form("form", {{"value", value}, {"metadata", "{}"}}).status == 200);
    CHECK(kv.get("form").body == value);
  }
}

TEST_CASE("embedded KV: a value from a source without a size is stored whole") {
  LocalApi api;
  LocalKv kv(api);
  const std::string value(300'000, 'x');
  std::size_t at = 0;
  const auto read = [&](std::span<char> to) {
    const std::size_t n = std::min<std::size_t>({to.size(), 4097, value.size() - at});
    std::copy_n(value.data() + at, n, to.data());
    at += n;
    return n;
  };
  CHECK(kv.put("k", cloudflare::Body::callback(read)).status == 200);
  CHECK(kv.get("k").body == value);
}

TEST_CASE("embedded KV: odd keys round-trip and are listed in UTF-8 byte order") {
  LocalApi api;
  LocalKv kv(api);
  // U+FFFD sorts below U+1F600 in UTF-8 and above it in UTF-16.
  std::vector<std::string> names{"B",
                                 "a",
                                 "a/b",
                                 "a%2Fb",
                                 "\xD0\xBA\xD0\xBB\xD1\x8E\xD1\x87",
                                 "\xEF\xBF\xBD",
                                 "a b",
                                 "a+b",
                                 "a?b#c",
                                 "\x1f",
                                 "\xF0\x9F\x98\x80",
                                 "/lead",
                                 "a//b",
                                 "...",
                                 "a.",
                                 std::string("n\0l", 3),
                                 std::string(512, 'k')};
  for (const std::string& name : names) CHECK(kv.put(name, "of " + name).status == 200);
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return a.compare(b) < 0; });  // as unsigned bytes
  CHECK(kv.names() == names);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(kv.get(name).body == "of " + name);
    CHECK(kv.erase(name).result().is_null());
    CHECK(kv.get(name).status == 404);
  }
  CHECK(kv.erase("never there").result().is_null());
}

TEST_CASE("embedded KV: empty, dot and over-long keys are refused with the engine's texts") {
  LocalApi api;
  LocalKv kv(api);
  for (const char* method : {"GET", "PUT", "DELETE"}) {
    CAPTURE(method);
    const auto at = [&](const std::string& segment) { return api.account(method, kv.path + "/values/" + segment); };
    CHECK(at("").message().ends_with(": 'Key name cannot be empty.'"));
    CHECK(at("%2E").message().ends_with(": '\".\" is not allowed as a key name.'"));
    CHECK(at("..").code() == 10011);
    // Bytes, not characters.
    const Answer longer = at(encoded("x" + std::string(512, 'k')));
    CHECK(longer.status == 414);
    CHECK(longer.code() == 10011);
    CHECK(longer.message().ends_with("'UTF-8 encoded length of 513 exceeds key length limit of 512.'"));
  }
  std::string umlauts;
  for (int i = 0; i < 257; ++i) umlauts += "\xC3\xA4";
  CHECK(kv.put(umlauts, "v").status == 414);
  CHECK(kv.get("\xFF").status == 400);
}

TEST_CASE("embedded KV: a value of 25 MiB is stored, one byte more is 413, raw, streamed and in a form") {
  LocalApi api;
  LocalKv kv(api);
  const std::string largest(26'214'400, 'v');
  CHECK(kv.put("big", largest).status == 200);
  CHECK(kv.get("big").body == largest);
  const Answer raw = kv.put("big", largest + "v");
  CHECK(raw.status == 413);
  CHECK(raw.code() == 10011);
  CHECK(raw.message() == "put: 'Value length of 26214401 exceeds limit of 26214400.'");
  CHECK(kv.put_form("form", {{"value", largest}, {"metadata", "1"}}).status == 200);
  CHECK(kv.put_form("form", {{"value", largest + "v"}, {"metadata", "2"}}).status == 413);
  std::size_t left = largest.size() + 1;
  const auto read = [&](std::span<char> to) {
    const std::size_t n = std::min(to.size(), left);
    left -= n;
    return n;
  };
  CHECK(kv.put("streamed", cloudflare::Body::callback(read)).status == 413);
  CHECK(kv.metadata("form").result() == 1);
  CHECK(kv.get("streamed").status == 404);
}

TEST_CASE("embedded KV: metadata is one JSON document of at most 1024 bytes") {
  LocalApi api;
  LocalKv kv(api);
  const auto put = [&](const std::string& metadata) {
    return kv.put_form("k", {{"value", "v"}, {"metadata", metadata}});
  };
  for (const char* text : {R"({"lang":"en","n":[1,2.5,-0.25,true,null]})", R"("text")", "0", "[]"}) {
    CHECK(put(text).status == 200);
    CHECK(kv.metadata("k").result() == Json::parse(text));
    CHECK(kv.keys().result().at(0).at("metadata") == Json::parse(text));
  }
  // The limit counts the JSON as the engine writes it.
  CHECK(put(std::string(2000, ' ') + "{ \"a\" : 1.0 }").status == 200);
  CHECK(kv.metadata("k").body.find(R"({"a":1})") != std::string::npos);
  CHECK(put('"' + std::string(1022, 'm') + '"').status == 200);
  const Answer longer = put('"' + std::string(1023, 'm') + '"');
  CHECK(longer.status == 413);
  CHECK(longer.message() == "put: 'Metadata length of 1025 exceeds limit of 1024.'");

  for (const char* text : {"", "{bad", "{} {}", "'x'", "01", "1.", "\"\x01\"", "nul", "\xEF\xBB\xBF{}"}) {
    CAPTURE(text);
    CHECK(put(text).code() == 10001);
  }
  CHECK(kv.put_form("k", {{"metadata", "1"}}).code() == 10001);
  CHECK(kv.put_form("k", {}).code() == 10001);
  CHECK(kv.metadata("k").result().get<std::string>().size() == 1022);  // the refused ones changed nothing

  CHECK(put("null").status == 200);
  CHECK(kv.metadata("k").result().is_null());
  CHECK_FALSE(kv.keys().result().at(0).contains("metadata"));
  CHECK(put("1").status == 200);
  CHECK(kv.put("k", "raw").status == 200);  // a put without metadata drops it
  CHECK(kv.metadata("k").result().is_null());
  CHECK(kv.metadata("none").code() == 10009);
}

TEST_CASE("embedded KV: a form with a value and no metadata stores the value, and metadata of before is gone") {
  LocalApi api;
  LocalKv kv(api);
  CHECK(kv.put_form("k", {{"value", "before"}, {"metadata", "1"}}).status == 200);
  CHECK(kv.put_form("k", {{"value", "after"}}).status == 200);
  CHECK(kv.get("k").body == "after");
  CHECK(kv.metadata("k").result().is_null());
  CHECK_FALSE(kv.keys().result().at(0).contains("metadata"));
}

TEST_CASE("embedded KV: numbers of metadata are read and written as the engine does") {
  LocalApi api;
  LocalKv kv(api);
  const std::vector<std::pair<std::string, std::string>> numbers{
      {"1.50", "1.5"},
      {"1e2", "100"},
      {"-0", "0"},
      {"123456789012345678901234567890", "1.2345678901234568e+29"},
      {"1e21", "1e+21"},
      {"1e20", "100000000000000000000"},
      {"0.000001", "0.000001"},
      {"0.0000001", "1e-7"},
      {"-1.25e-9", "-1.25e-9"},
      {"9007199254740993", "9007199254740992"},
      {"1e400", "null"},
      {"1e-400", "0"}};
  for (const auto& [given, printed] : numbers) {
    CAPTURE(given);
    CHECK(kv.put_form("k", {{"value", "v"}, {"metadata", "[" + given + "]"}}).status == 200);
    CHECK(kv.metadata("k").body.find("\"result\":[" + printed + "]") != std::string::npos);
    CHECK(kv.put_form("k", {{"value", "v"}, {"metadata", " " + given + "\n"}}).status == 200);
  }
  CHECK(kv.put_form("k", {{"value", "v"}, {"metadata", R"({"b":1,"a":2,"b":3})"}}).status == 200);
  CHECK(kv.metadata("k").body.find(R"({"b":3,"a":2})") != std::string::npos);
}

TEST_CASE("embedded KV: a ttl is 60 seconds at least, an expiration 60 seconds ahead, and the ttl wins") {
  LocalApi api;
  LocalKv kv(api);
  const std::int64_t now = api.now();
  CHECK(kv.put("k", "v", "?expiration_ttl=59").code() == 10034);
  CHECK(kv.put("k", "v", "?expiration_ttl=59").message() ==
        "put: 'Invalid expiration_ttl of 59. Expiration TTL must be at least 60.'");
  for (const char* ttl : {"0", "-5", "x", ""})
    CHECK(kv.put("k", "v", std::string("?expiration_ttl=") + ttl).code() == 10034);
  CHECK(kv.put("k", "v", "?expiration_ttl=2147483648").status == 400);
  CHECK(kv.put("k", "v", "?expiration=" + std::to_string(now + 59)).code() == 10033);
  CHECK(kv.put("k", "v", "?expiration=" + std::to_string(now + 59))
            .message()
            .ends_with("Expiration times must be at least 60 seconds in the future.'"));
  CHECK(kv.put("k", "v", "?expiration=5").code() == 10033);
  CHECK(kv.put("k", "v", "?expiration=x").code() == 10033);
  CHECK(kv.put("k", "v", "?expiration_ttl=5&expiration=" + std::to_string(now + 1000)).code() == 10034);
  CHECK(kv.get("k").code() == 10009);

  CHECK(kv.put("k", "v", "?expiration=" + std::to_string(now + 60)).status == 200);
  CHECK(kv.get("k").header("expiration") == std::to_string(now + 60));
  CHECK(kv.put("k", "v", "?expiration_ttl=100&expiration=5").status == 200);
  CHECK(kv.get("k").header("expiration") == std::to_string(now + 100));
  CHECK(kv.keys().result().at(0).at("expiration") == now + 100);
  CHECK(kv.put("k", "v").status == 200);  // a put without either lives for ever
  CHECK(kv.get("k").header("expiration").empty());
}

TEST_CASE("embedded KV: an expired key is gone from get, metadata, list and bulk get, by the store's clock") {
  LocalApi api;
  LocalKv kv(api);
  CHECK(kv.put("short", "v", "?expiration_ttl=60").status == 200);
  CHECK(kv.put("long", "v", "?expiration_ttl=120").status == 200);
  CHECK(kv.put("stays", "v").status == 200);
  api.clock->advance(59s);
  CHECK(kv.names() == std::vector<std::string>{"long", "short", "stays"});
  api.clock->advance(1s);
  CHECK(kv.get("short").code() == 10009);
  CHECK(kv.metadata("short").code() == 10009);
  CHECK(kv.names() == std::vector<std::string>{"long", "stays"});
  CHECK(kv.bulk_get({{"keys", {"short", "long"}}}).result().at("values") == Json({{"short", nullptr}, {"long", "v"}}));
  CHECK(kv.put("later", "v").status == 200);  // frees what expired
  CHECK(kv.get("long").body == "v");
  api.clock->advance(60s);
  CHECK(kv.names() == std::vector<std::string>{"later", "stays"});
}

TEST_CASE("embedded KV: lists page by limit and cursor, obey the prefix, and end with an empty cursor") {
  LocalApi api;
  LocalKv kv(api);
  Json pairs = Json::array();
  for (int i = 0; i < 25; ++i) pairs.push_back({{"key", "p/" + std::to_string(100 + i)}, {"value", "v"}});
  pairs.push_back({{"key", "o"}, {"value", "v"}});
  pairs.push_back({{"key", "p0"}, {"value", "v"}});
  kv.bulk(pairs);
  std::vector<std::string> walked;
  std::string cursor;
  int pages = 0;
  do {
    const std::string query = "?prefix=p%2F&limit=10" + (cursor.empty() ? cursor : "&cursor=" + encoded(cursor));
    const Answer page = kv.keys(query);
    for (const Json& key : page.result()) walked.push_back(key.at("name").get<std::string>());
    CHECK(page.json().at("result_info").at("count") == page.result().size());
    cursor = page.json().at("result_info").at("cursor").get<std::string>();
  } while (++pages < 10 && !cursor.empty());
  CHECK(pages == 3);
  CHECK(walked.size() == 25);
  CHECK(std::is_sorted(walked.begin(), walked.end()));
  CHECK(walked.front() == "p/100");
  CHECK(kv.names("?prefix=p/10&limit=10").size() == 10);
  CHECK(kv.keys("?prefix=p/10&limit=10").json().at("result_info").at("cursor") == "");
  CHECK(kv.keys("?prefix=none").result().empty());
  CHECK(kv.names().size() == 27);

  for (const char* limit : {"9", "1001", "x", "", "10.5", "-1"}) {
    CAPTURE(limit);
    const Answer refused = kv.keys(std::string("?limit=") + limit);
    CHECK(refused.status == 400);
    CHECK(refused.code() == 10011);
  }
  CHECK(kv.keys("?cursor=%21").code() == 10011);
  CHECK(kv.keys("?prefix=" + std::string(513, 'p')).status == 414);
}

TEST_CASE("embedded KV: namespaces are created, found, renamed, listed by pages and removed") {
  LocalApi api;
  const std::string all = LocalKv::namespaces;
  const auto create = [&](const Json& body) { return api.account_json("POST", all, body); };
  std::vector<std::string> ids;
  for (const char* title : {"b", "a", "c"}) {
    const Json made = create({{"title", title}}).result();
    CHECK(made.at("title") == title);
    CHECK(made.at("supports_url_encoding") == true);
    ids.push_back(made.at("id").get<std::string>());
    CHECK(ids.back().size() == 32);
    CHECK(ids.back().find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(create({{"title", "a"}}).code() == 10014);
  for (const Json& body : {Json::object(), Json({{"title", ""}}), Json({{"title", 1}}), Json::array()})
    CHECK(create(body).code() == 10019);
  CHECK(api.account("POST", all, "{").code() == 10012);
  std::string umlauts;
  for (int i = 0; i < 512; ++i) umlauts += "\xC3\xA4";
  CHECK(create({{"title", umlauts}}).status == 200);
  CHECK(create({{"title", umlauts + "a"}}).code() == 10021);

  const std::string path = all + "/" + ids[0];
  CHECK(api.account("GET", path).result().at("title") == "b");
  CHECK(api.account_json("PUT", path, {{"title", "a"}}).code() == 10014);
  CHECK(api.account_json("PUT", path, {{"title", "b"}}).status == 200);
  CHECK(api.account_json("PUT", path, {{"title", "z"}}).result().at("title") == "z");

  const Answer page = api.account("GET", all + "?page=2&per_page=1&order=title&direction=desc");
  REQUIRE(page.result().size() == 1);
  CHECK(page.result().at(0).at("title") == "z");
  CHECK(page.json().at("result_info") ==
        Json({{"page", 2}, {"per_page", 1}, {"count", 1}, {"total_count", 4}, {"total_pages", 4}}));
  CHECK(api.account("GET", all + "?page=5&per_page=1").result().empty());
  const Json by_id = api.account("GET", all).result();
  CHECK(std::is_sorted(by_id.begin(), by_id.end(), [](const Json& a, const Json& b) { return a["id"] < b["id"]; }));
  for (const char* query : {"?page=0", "?per_page=0", "?per_page=1001", "?order=x", "?direction=up"})
    CHECK(api.account("GET", all + query).code() == 10011);

  CHECK(api.account("PUT", path + "/values/k", "v").status == 200);
  CHECK(api.account("DELETE", path).result().is_null());
  CHECK(api.account("GET", path).status == 404);
  CHECK(api.account("DELETE", path).code() == 10013);
  CHECK(api.account("PUT", path, R"({"title":"n"})").code() == 10013);
  for (const char* sub : {"/keys", "/values/k", "/metadata/k"}) CHECK(api.account("GET", path + sub).code() == 10013);
  CHECK(api.account("GET", all + "/short/keys").code() == 10011);
}

TEST_CASE("embedded KV: the jurisdiction of a namespace is one of three, and absent if none was asked for") {
  LocalApi api;
  const auto create = [&](const Json& body) { return api.account_json("POST", LocalKv::namespaces, body); };
  CHECK(create({{"title", "a"}, {"jurisdiction", "eu"}}).result().at("jurisdiction") == "eu");
  CHECK_FALSE(create({{"title", "b"}}).result().contains("jurisdiction"));
  for (const Json& wrong : {Json("EU"), Json(""), Json(1), Json()})
    CHECK(create({{"title", "c"}, {"jurisdiction", wrong}}).status == 400);
  const Json all = api.account("GET", LocalKv::namespaces + "?order=title").result();
  CHECK((all.size() == 2 && all.at(0).at("jurisdiction") == "eu" && !all.at(1).contains("jurisdiction")));
}

TEST_CASE("embedded KV: an account holds 1000 namespaces") {
  LocalApi api;
  for (int i = 0; i < 1000; ++i)
    REQUIRE(api.account_json("POST", LocalKv::namespaces, {{"title", std::to_string(i)}}).status == 200);
  CHECK(api.account_json("POST", LocalKv::namespaces, {{"title", "more"}}).status == 400);
  CHECK(api.account("GET", LocalKv::namespaces + "?per_page=1000").result().size() == 1000);
}

TEST_CASE("embedded KV: namespaces do not see each other's keys") {
  LocalApi api;
  LocalKv one(api, "one");
  LocalKv two(api, "two");
  one.put("k", "1");
  CHECK(two.get("k").code() == 10009);
  CHECK(two.names().empty());
  two.erase("k");
  CHECK(one.get("k").body == "1");
}

TEST_CASE("embedded KV: a namespace that was just used and is renamed or removed is what it became at once") {
  LocalApi api;
  LocalKv kept(api, "kept");
  const std::string id = api.account_json("POST", LocalKv::namespaces, {{"title", "old"}}).result().at("id");
  const std::string path = LocalKv::namespaces + "/" + id;
  const auto get = [&] { return api.account("GET", path + "/values/k"); };
  CHECK(api.account("PUT", path + "/values/k", "v").status == 200);
  CHECK(api.account_json("PUT", path, {{"title", "new"}}).status == 200);
  CHECK(api.account("GET", path).result().at("title") == "new");
  CHECK(get().body == "v");
  CHECK(kept.get("k").status == 404);  // the other one is asked in between
  CHECK(get().body == "v");
  CHECK(api.account("DELETE", path).status == 200);
  CHECK(get().code() == 10013);
  CHECK(api.account("PUT", path + "/values/k", "v").code() == 10013);
  CHECK(kept.get("k").code() == 10009);
}
