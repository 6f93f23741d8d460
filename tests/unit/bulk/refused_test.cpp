// Items and requests that are refused: bad JSON, the search for the refused item of a request, counted refusals.

#include "../engine/core_support.hpp"

using namespace core_tests;
using cf::testing::SentRequest;
using nlohmann::json;

namespace {

std::vector<std::string> refused_names(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  return keys;
}

cf::kv::Entry with_metadata(std::string key, std::string metadata) {
  return {.key = std::move(key), .value = "v", .metadata = cf::JsonText::raw(std::move(metadata))};
}

/// The reply to a bulk request that is refused, with a result that tells what was executed anyway.
FakeReply refused_with(int status, const json& result) {
  const json body{{"success", false},
                  {"errors", {{{"code", 10011}, {"message", "some keys were not written"}}}},
                  {"messages", {{{"code", 7}, {"message", "try these again"}}, "and read the manual"}},
                  {"result", result}};
  return {.status = status, .body = body.dump()};
}

/// Refuses each request with one of these keys.
auto refuses_keys(const std::vector<std::string>& bad) {
  return [bad](const SentRequest& sent) {
    for (const json& item : json::parse(sent.body))
      for (const std::string& key : bad)
        if ((item.is_string() ? item : item.at("key")) == key) return refused(400, 10011, "no such key, please");
    return ok("null");
  };
}

}  // namespace

TEST_CASE("metadata that is not one JSON value is refused before sending, alone, and the others are written") {
  const std::vector<std::string> bad{R"(1},{"key":"stolen","value":"x")",
                                     R"({"a":1)",
                                     R"({"a":1} {})",
                                     R"({"a":01})",
                                     R"({"a":+1})",
                                     R"({"a":1.})",
                                     R"(null9)",
                                     R"(tru)",
                                     R"([1,])",
                                     R"({"a"})",
                                     R"({"a":1,})",
                                     R"({a:1})",
                                     R"("\x")",
                                     R"("\u12g4")",
                                     "\"line\nbreak\"",
                                     R"("open)",
                                     " ",
                                     "{}\xFF",
                                     "'a'",
                                     "NaN"};
  Scripted s({ok("null")});
  std::vector<cf::kv::Entry> entries{
      with_metadata("first", R"( {"a":[1,-0.5e+3,true,false,null,"\u00e9\"",{}],"b":[]} )")};
  for (const std::string& text : bad) entries.push_back(with_metadata("bad", text));
  entries.push_back(with_metadata("last", "123456789012345678901234567890"));
  const auto done = s.kv().put_many(entries);
  CHECK(done.succeeded == 2);
  REQUIRE(done.failed.size() == bad.size());
  for (const auto& failure : done.failed) {
    CHECK(failure.error.kind() == cf::ErrorKind::invalid_argument);
    CHECK(std::string_view(failure.error.what()).find("the metadata is not") != std::string_view::npos);
  }
  const json sent = json::parse(s.fake->requests().at(0).body);
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].at("key") == "first");
  CHECK(sent[1].at("key") == "last");

  const Scripted none;
  for (const std::string& text : bad) {
    const cf::kv::PutOptions options{.metadata = cf::JsonText::raw(text)};
    for (const bool limits : {true, false}) {
      const auto kv = none.kv().with({.check_limits = limits});
      CHECK(error_of([&] { kv.put("k", "v", options); }).kind() == cf::ErrorKind::invalid_argument);
      CHECK(error_of([&] { (void)kv.put_bulk(std::vector{with_metadata("k", text)}); }).kind() ==
            cf::ErrorKind::invalid_argument);
    }
  }
  CHECK(none.count() == 0);
}

TEST_CASE("metadata nested more deeply than a hundred is refused before sending") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  Scripted s({ok("null"), ok("null")});
  const auto kv = s.kv().with({.check_limits = false});
  kv.put("k", "v", {.metadata = cf::JsonText::raw(nested(100))});
  (void)kv.put_bulk(std::vector{with_metadata("k", nested(100))});
  for (const std::size_t depth : {101U, 100'000U}) {
    const cf::kv::PutOptions options{.metadata = cf::JsonText::raw(nested(depth))};
    CHECK(error_of([&] { kv.put("k", "v", options); }).kind() == cf::ErrorKind::invalid_argument);
    CHECK(kv.put_many(std::vector{with_metadata("k", nested(depth))}).failed.size() == 1);
  }
  CHECK(s.count() == 2);
}

TEST_CASE("a value that is not base64 is refused before sending, alone, and the others are written") {
  Scripted s({ok("null")});
  std::vector<cf::kv::Entry> entries;
  for (const char* value : {"AA==", "AAA=", "AAAA", "", "AAAA AAAA\r\nAA", "AAA"})
    entries.push_back({.key = "good" + std::to_string(entries.size()), .value = value, .base64 = true});
  const std::size_t good = entries.size();
  for (const char* value : {"no base64!", "A", "AAAAA", "A===", "=AAA", "AA=A", "AAAA=", "AA-_",
                            "AA\xC3\xA9"
                            "A"})
    entries.push_back({.key = "bad", .value = value, .base64 = true});
  const auto done = s.kv().put_many(entries);
  CHECK(done.succeeded == good);
  CHECK(done.failed.size() == entries.size() - good);
  for (const auto& failure : done.failed)
    CHECK(std::string_view(failure.error.what()).find("not base64") != std::string_view::npos);
  CHECK(json::parse(s.fake->requests().at(0).body).size() == good);
  CHECK(error_of([&] { (void)s.kv().put_bulk({&entries.back(), 1}); }).kind() == cf::ErrorKind::invalid_argument);
  const auto unchecked = s.kv().with({.check_limits = false});
  CHECK(unchecked.put_many({{.key = "k", .value = "\xFF", .base64 = true}}).failed.size() == 1);  // would be no JSON
}

TEST_CASE("a request that the server refuses is halved down to the items that it refuses") {
  Scripted s;
  s.fake->answer_with(refuses_keys({"k1234", "k7000"}));
  const auto done = s.kv().erase_many(refused_names(10'000));
  CHECK(done.succeeded == 9998);
  REQUIRE(done.failed.size() == 2);
  for (const auto& failure : done.failed) {
    CHECK((failure.name == "k1234" || failure.name == "k7000"));
    CHECK(failure.error.code() == cf::ErrorCode::kv_validation);
  }
  CHECK(s.count() < 60);

  Scripted pairs;
  pairs.fake->answer_with(refuses_keys({"k5"}));
  std::vector<std::pair<std::string, std::string>> entries;
  for (const std::string& key : refused_names(8)) entries.emplace_back(key, "v");
  const auto put = pairs.kv().put_many(entries);
  CHECK(put.succeeded == 7);
  REQUIRE(put.failed.size() == 1);
  CHECK(put.failed[0].name == "k5");
}

TEST_CASE("refused items scattered over a long job are all found") {
  Scripted s;
  std::vector<std::string> bad;
  for (int i = 0; i < 20; ++i) bad.push_back("k" + std::to_string(i * 5000 + 17));
  s.fake->answer_with(refuses_keys(bad));
  const auto done = s.kv().erase_many(refused_names(100'000));
  CHECK(done.failed.size() == 20);
  CHECK(done.succeeded == 99'980);
}

TEST_CASE("if everything is refused, the search for the refused items ends after some dozens of requests and says so") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return refused(400, 10012, "no"); });
  const auto done = s.kv().erase_many(refused_names(10'000));
  CHECK(done.failed.size() == 10'000);
  CHECK(s.count() < 100);
  std::size_t undivided = 0;
  for (const auto& failure : done.failed)
    undivided += std::string_view(failure.error.what()).find("was not divided further") != std::string_view::npos;
  CHECK(undivided > 9'000);

  Scripted half;  // every second key is refused
  half.fake->answer_with([](const SentRequest& sent) {
    for (const json& key : json::parse(sent.body))
      if ((key.get<std::string>().back() - '0') % 2 == 1) return refused(400, 10012, "no");
    return ok("null");
  });
  const auto some = half.kv().erase_many(refused_names(10'000));
  CHECK(some.succeeded + some.failed.size() == 10'000);
  CHECK(half.count() < 1000);
}

TEST_CASE("a refused reply that counts its keys settles those it does not list, and fails those it does") {
  Scripted s;
  s.fake->answer_with([](const auto&) {
    return refused_with(400, {{"successful_key_count", 2}, {"unsuccessful_keys", {"k1", "k3"}}});
  });
  const auto done = s.kv().erase_many(refused_names(4));
  CHECK(s.count() == 1);
  CHECK(done.succeeded == 2);
  REQUIRE(done.failed.size() == 2);
  CHECK(done.failed[0].name == "k1");
  CHECK(done.failed[1].name == "k3");
  CHECK(done.failed[0].error.code() == cf::ErrorCode::kv_validation);
  CHECK(done.failed[0].outcome() == cf::Outcome::failed);
}

TEST_CASE("a refused reply whose count does not agree with its list settles nothing") {
  for (const json& result :
       {json{{"successful_key_count", 2}, {"unsuccessful_keys", {"k1"}}},
        json{{"successful_key_count", 2}, {"unsuccessful_keys", {"k1", "other"}}},
        json{{"successful_key_count", 4}, {"unsuccessful_keys", json::array()}},
        json{{"unsuccessful_keys", {"k1", "k2"}}}, json{{"successful_key_count", "two"}}, json(7)}) {
    Scripted s;
    s.fake->answer_with([&](const SentRequest& sent) {
      return json::parse(sent.body).size() == 4 ? refused_with(400, result) : refused(400, 10011, "no");
    });
    const auto done = s.kv().erase_many(refused_names(4));
    CAPTURE(result.dump());
    CHECK(done.succeeded == 0);
    CHECK(done.failed.size() == 4);
  }
}

TEST_CASE("keys that a throttled reply lists are sent again after the pause, and no others") {
  Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable {
    return ++n == 1 ? refused_with(429, {{"successful_key_count", 3}, {"unsuccessful_keys", {"k2"}}}) : ok("null");
  });
  CHECK(s.kv().erase_many(refused_names(4)).complete());
  REQUIRE(s.count() == 2);
  CHECK(json::parse(s.fake->requests()[1].body) == json{"k2"});
}

TEST_CASE("an error keeps the messages and the result of a refused reply") {
  Scripted s({refused_with(400, {{"successful_key_count", 1}, {"unsuccessful_keys", {"k1"}}}),
              {.status = 400, .body = R"({"success":false,"errors":[],"messages":[],"result":null})"}});
  const auto error = error_of([&] { (void)s.kv().erase_bulk(refused_names(2)); });
  REQUIRE(error.notes().size() == 2);
  CHECK(error.notes()[0].code == 7);
  CHECK(error.notes()[0].message == "try these again");
  CHECK(error.notes()[1].message == "and read the manual");
  CHECK(json::parse(error.result()).at("unsuccessful_keys") == json{"k1"});
  CHECK(std::string_view(error.what()).find("again") == std::string_view::npos);
  const auto plain = error_of([&] { (void)s.kv().erase_bulk(refused_names(2)); });
  CHECK(plain.notes().empty());
  CHECK(plain.result().empty());
}
