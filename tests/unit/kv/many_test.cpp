// More of the packing flow: odd inputs, failures in the middle, what reaches the caller.

#include <map>
#include <set>

#include "../bulk/bulk_support.hpp"
#include "support/numbered.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::testing::SentRequest;
using cloudflare_tests::Numbered;
using nlohmann::json;

namespace {

std::chrono::sys_seconds sys_time(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

/// Checks that every item is counted once: done, or failed with a position of its own.
void one_outcome_each(const cf::BulkResult& done) {
  CHECK(done.succeeded + done.failed.size() == done.items);
  std::set<std::uint64_t> positions;
  for (const auto& failure : done.failed) {
    CHECK(failure.index < done.items);
    CHECK(failure.name == "k" + std::to_string(failure.index));
    positions.insert(failure.index);
  }
  CHECK(positions.size() == done.failed.size());
}

/// A store behind the fake transport's bulk read.
FakeReply read_from(const std::map<std::string, json>& store, const SentRequest& request) {
  json values = json::object();
  const auto keys = json::parse(request.body)["keys"].get<std::vector<std::string>>();
  for (const std::string& key : keys) {
    const auto it = store.find(key);
    values[key] = it == store.end() ? json() : it->second;
  }
  return ok(json{{"values", values}}.dump());
}

}  // namespace

TEST_CASE("erase_many makes two requests for 10 001 keys and none for no keys") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  const auto done = s.kv().erase_many(numbered(10'001));
  CHECK(done.succeeded == 10'001);
  CHECK(done.requests == 2);
  CHECK(s.fake->requests()[0].url.ends_with("/ns/bulk/delete"));
  const Scripted none;
  CHECK(none.kv().erase_many(std::vector<std::string>()).complete());
  CHECK(none.kv().put_many({}).complete());
  CHECK(none.count() == 0);
}

TEST_CASE("deleting many keys works in steps and a failure in the middle leaves a correct report") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    const auto first = json::parse(request.body).at(0).get<std::string>();
    const int at = std::stoi(first.substr(1));
    return at >= 10'000 && at < 20'000 ? refused(400, 10011, "no") : ok("null");
  });
  const auto done = s.kv().erase_many(numbered(25'000), {.in_flight = 1});
  CHECK(done.succeeded == 15'000);
  REQUIRE(done.failed.size() == 10'000);
  CHECK(done.failed.front().index == 10'000);
  CHECK(done.failed.front().error.code() == cf::ErrorCode::kv_validation);
  CHECK_FALSE(done.stopped);
  one_outcome_each(done);
}

TEST_CASE("a credential that is refused in the middle ends the job with one outcome for every item read") {
  Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable { return ++n == 2 ? refused(403, 10000, "no") : ok("null"); });
  const auto done = s.kv().erase_many(numbered(100), {.in_flight = 1, .max_request_bytes = 60});
  REQUIRE(done.stopped);
  CHECK(done.stopped->kind() == cf::ErrorKind::unauthorized);
  CHECK(s.count() == 2);
  CHECK(done.succeeded > 0);
  CHECK(done.items < 100);
  one_outcome_each(done);
}

TEST_CASE("an input range is read lazily, once, and no further than one request beyond what is under way") {
  Scripted s;
  int read = 0;
  int most_ahead = 0;
  s.fake->answer_with([&, sent = 0](const SentRequest& request) mutable {
    sent += static_cast<int>(json::parse(request.body).size());
    most_ahead = std::max(most_ahead, read - sent);
    return stored();
  });
  Numbered lines(1000, [&](std::uint64_t i) {
    ++read;
    return std::pair<std::string, std::string>("k" + std::to_string(i), std::string(100, 'v'));
  });
  const auto done = s.kv().put_many(lines, {.in_flight = 2, .max_request_bytes = 2000});
  CHECK(done.succeeded == 1000);
  CHECK(read == 1000);
  CHECK(most_ahead <= 3 * 20);
}

TEST_CASE("the next request is encoded while others travel: encoding costs a job nearly no time") {
  for (const auto& [in_flight, ideal] : {std::pair{1, 2000ms}, {4, 500ms}}) {
    Scripted s;
    s.fake->answer_with([](const auto&) {
      FakeReply reply = ok("null");
      reply.after = 50ms;
      return reply;
    });
    const auto begin = s.fake->clock()->now();
    Numbered keys(400, [&](std::uint64_t i) {
      if (i % 10 == 0) s.fake->clock()->advance(10ms);  // what encoding ten keys takes
      return std::to_string(100 + i);
    });
    const auto done = s.kv().erase_many(keys, {.in_flight = in_flight, .max_request_bytes = 10 * 6 + 1});
    CHECK(done.complete());
    CHECK(done.requests == 40);
    CHECK(s.fake->most_in_flight() == static_cast<std::size_t>(in_flight));
    CHECK(s.fake->clock()->now() - begin <= ideal * 1.1);
  }
}

TEST_CASE("what an input range throws reaches the caller as it is") {
  struct Broken {};
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  Numbered broken(10, [](std::uint64_t i) {
    if (i == 5) throw Broken();
    return std::to_string(i);
  });
  CHECK_THROWS_AS((void)s.kv().erase_many(broken), Broken);
}

TEST_CASE("an Error that a callback throws reaches the caller like any other exception") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  const cf::BulkOptions options{.on_progress = [](const auto&) { throw cf::invalid_argument("from the callback"); }};
  const auto error = error_of([&] { (void)s.kv().erase_many(numbered(3), options); });
  CHECK(std::string(error.what()).find("from the callback") != std::string::npos);
  const auto result = s.kv().checked().erase_many(numbered(3), options);
  REQUIRE_FALSE(result);
  CHECK(result.error().cause());
}

TEST_CASE("progress counts up to all items and shows what is under way") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  std::vector<cf::BulkProgress> seen;
  auto keys = numbered(100);
  keys[3] = "";
  (void)s.kv().erase_many(keys, {.in_flight = 2, .max_request_bytes = 200, .on_progress = [&](const auto& progress) {
                                   seen.push_back(progress);
                                 }});
  REQUIRE(seen.size() == s.count());
  for (std::size_t i = 1; i < seen.size(); ++i) CHECK(seen[i].items_done > seen[i - 1].items_done);
  CHECK(seen.back().items_done == 100);
  CHECK(seen.back().items_failed == 1);
  CHECK(seen.back().requests == s.count());
  CHECK(seen.back().requests_in_flight == 0);
  std::uint64_t bytes = 0;
  for (const auto& sent : s.fake->requests()) bytes += sent.body.size();
  CHECK(seen.back().bytes_done == bytes);
}

TEST_CASE("progress knows the total of a range that has a size, or the one expected, and estimates what remains") {
  Scripted s;
  s.fake->answer_with([](const auto&) {
    FakeReply reply = ok("null");
    reply.after = 10s;
    return reply;
  });
  std::vector<cf::BulkProgress> seen;
  const auto note = [&](const cf::BulkProgress& progress) { seen.push_back(progress); };
  (void)s.kv().erase_many(numbered(20'000), {.in_flight = 1, .on_progress = note});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].items_total == 20'000U);
  CHECK(seen[0].elapsed == 10s);
  CHECK(seen[0].remaining == 10s);
  CHECK(seen[1].remaining == 0s);
  CHECK_FALSE(seen[0].budget_left);

  seen.clear();
  Numbered lines(20'000, [](std::uint64_t i) { return std::to_string(i); });
  (void)s.kv().erase_many(lines, {.in_flight = 1, .expected_items = 40'000, .on_progress = note});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].items_total == 40'000U);
  CHECK(seen[0].remaining == 30s);
  CHECK(seen[1].items_total == 20'000U);  // the input has ended, so the total is known
}

TEST_CASE("progress tells what is left of the rate budget, and its pace bounds the estimate") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return ok("null"); });
  std::vector<cf::BulkProgress> seen;
  const auto kv = s.client({.rate_budget = true}).kv("ns");
  (void)kv.erase_many(numbered(100), {.in_flight = 1,
                                      .max_request_bytes = 60,
                                      .on_progress = [&](const auto& progress) { seen.push_back(progress); }});
  REQUIRE(seen.size() > 2);
  CHECK(seen[0].budget_left == 1199U);
  CHECK(seen[1].budget_left == 1198U);
  CHECK(seen[0].remaining == 0s);  // on a clock that stands still, and within the budget
  seen.clear();
  (void)kv.erase_many(numbered(10'000), {.max_request_bytes = 12,
                                         .on_progress = [&](const auto& progress) { seen.push_back(progress); }});
  CHECK(*seen[10].remaining > 30min);  // some 9000 requests, 4 in a second
}

TEST_CASE("a stop token triggered before a bulk job lets no request out and leaves no doubt about the outcome") {
  const Scripted s;
  std::stop_source source;
  source.request_stop();
  const auto done = s.kv().with({.stop = source.get_token()}).erase_many(numbered(3));
  CHECK(s.count() == 0);
  REQUIRE(done.stopped);
  CHECK(done.failed.size() == 3);
  for (const auto& failure : done.failed) CHECK_FALSE(failure.error.outcome_unknown());
  one_outcome_each(done);
}

TEST_CASE("a pair too large for the bulk route goes by the single one, and is reported if that refuses it") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& r) {
    if (r.method == "PUT" && r.url.find("/values/") != std::string::npos)
      return r.body.size() > 300 ? refused(413, 0, "too large") : ok("null");
    return r.body.size() > 200 ? refused(413, 0, "too large") : stored();
  });
  std::vector<std::pair<std::string, std::string>> entries{
      {"k0", "v"}, {"k1", std::string(500, 'v')}, {"k2", "v"}, {"k3", std::string(240, 'v')}};
  const auto done = s.kv().put_many(entries, {.in_flight = 1, .max_request_bytes = 100});
  CHECK(done.succeeded == 3);
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].index == 1);
  CHECK(done.failed[0].error.http_status() == 413);
  one_outcome_each(done);
  CHECK(done.requests == 4);
  CHECK(s.count() == 4);
  CHECK(s.fake->requests()[3].url.ends_with("/values/k3"));
  CHECK(s.fake->requests()[3].body == std::string(240, 'v'));
}

TEST_CASE("the single route writes what the bulk route would have: bytes, metadata, ttl and expiration") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& r) {
    return r.url.find("/values/") == std::string::npos ? refused(413, 0, "too large") : ok("null");
  });
  const std::string bytes("\xFF\0\n", 3);
  const auto done = s.kv().put_many({{.key = "a/b", .value = bytes, .ttl = 90s},
                                     {.key = "b", .value = "pl\"ain", .expiration = sys_time(1'900'000'000)},
                                     {.key = "c", .value = "AA==", .metadata = {{"n", 1}}, .base64 = true}},
                                    {.in_flight = 1});
  CHECK(done.complete());
  const auto sent = s.fake->requests();
  std::vector<SentRequest> single;
  for (const auto& r : sent)
    if (r.url.find("/values/") != std::string::npos) single.push_back(r);
  REQUIRE(single.size() == 3);
  CHECK(single[0].url.ends_with("/values/a%2Fb?expiration_ttl=90"));
  CHECK(single[0].body == bytes);
  CHECK(single[1].url.ends_with("/values/b?expiration=1900000000"));
  CHECK(single[1].body == "pl\"ain");
  CHECK(single[2].header("Content-Type").starts_with("multipart/form-data"));
  CHECK(single[2].body.find(std::string("\r\n\r\n\0\r\n--", 9)) != std::string::npos);
  CHECK(single[2].body.find(R"({"n":1})") != std::string::npos);
}

TEST_CASE("a single item is repeated like any idempotent write when its connection is cut") {
  const Scripted s({cut(), refused(524, 0, "timeout"), ok("null")});
  CHECK(s.kv().erase_many(numbered(1)).complete());
  CHECK(s.count() == 3);
}

TEST_CASE("a job has no deadline as a whole: it may take longer than the client's timeout") {
  Scripted s;
  s.fake->answer_with([](const auto&) {
    FakeReply reply = ok("null");
    reply.after = 40s;
    return reply;
  });
  CHECK(s.kv().erase_many(numbered(10), {.in_flight = 1, .max_request_bytes = 12}).complete());
  CHECK(s.fake->clock()->now() - s.fake->requests()[0].at > 60s);
}

TEST_CASE("each pair of a bulk write has its own base64, expiration, ttl and metadata") {
  const Scripted s({stored()});
  (void)s.kv().put_many({{.key = "a", .value = "\xFF\xFE", .ttl = 90s},
                         {.key = "b", .value = "plain", .metadata = {{"n", 1}}},
                         {.key = "c", .value = "AA==", .base64 = true},
                         {.key = "d"}});
  CHECK(json::parse(s.fake->requests()[0].body) == json::parse(R"([
    {"key":"a","value":"//4=","base64":true,"expiration_ttl":90},{"key":"b","value":"plain","metadata":{"n":1}},
    {"key":"c","value":"AA==","base64":true},{"key":"d","value":""}])"));
}

TEST_CASE("get_many gives a key asked for twice its value twice, with metadata where wished") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    return read_from({{"a", json::parse(R"({"value":"1","metadata":{"m":1}})")},
                      {"b", json::parse(R"({"value":"2","metadata":null})")}},
                     request);
  });
  const auto got = s.kv().get_many(std::vector<std::string>{"a", "b", "a", "none"}, {.with_metadata = true});
  REQUIRE(got.values.size() == 4);
  CHECK(got.values[0]->value == "1");
  CHECK(got.values[2]->value == "1");
  CHECK(got.values[2]->metadata.text() == R"({"m":1})");
  CHECK(got.values[1]->value == "2");
  CHECK(got.values[1]->metadata.empty());
  CHECK_FALSE(got.values[3]);
  CHECK(got.outcome.succeeded == 4);
  CHECK(json::parse(s.fake->requests()[0].body)["withMetadata"] == true);
}

TEST_CASE("get_many hands values over one by one instead of collecting them, and reports keys it refused") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& request) { return read_from({{"k1", "one"}}, request); });
  auto keys = numbered(4);
  keys[2] = "..";
  std::map<std::uint64_t, std::string> seen;
  const auto got = s.kv().get_many(
      keys, {.on_value = [&](std::uint64_t index, std::string_view key, std::optional<cf::kv::Value>&& v) {
        seen[index] = std::string(key) + '=' + (v ? v->value : "(none)");
      }});
  CHECK(got.values.empty());
  CHECK(seen == std::map<std::uint64_t, std::string>{{0, "k0=(none)"}, {1, "k1=one"}, {3, "k3=(none)"}});
  REQUIRE(got.outcome.failed.size() == 1);
  CHECK(got.outcome.failed[0].index == 2);
}

TEST_CASE("413 on a bulk read splits it further, and every value still has its place") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    const auto keys = json::parse(request.body)["keys"];
    if (keys.size() > 30) return refused(413, 0, "reply above 25 MB");
    json values;
    for (const auto& key : keys) values[key.get<std::string>()] = "value of " + key.get<std::string>();
    return ok(json{{"values", values}}.dump());
  });
  const auto got = s.kv().get_many(numbered(100));
  REQUIRE(got.values.size() == 100);
  for (int i = 0; i < 100; ++i)
    CHECK(got.values.at(static_cast<std::size_t>(i))->value == "value of k" + std::to_string(i));
  CHECK(s.count() == 7);  // 100, 2 of 50, 4 of 25
}

TEST_CASE("a value that no bulk read can carry keeps its metadata and its expiration") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    if (request.method == "POST") return refused(413, 0, "reply above 25 MB");
    if (request.url.ends_with("/metadata/k0")) return ok(R"({"color":"red"})");
    if (request.url.ends_with("/metadata/k1")) return ok("null");
    if (request.url.ends_with("/metadata/k2")) return ok(R"({"gone":true})");
    if (request.url.ends_with("k2")) return refused(404, 10009, "key not found");
    if (request.url.ends_with("k3")) return refused(404, 10009, "key not found");
    return FakeReply{.body = "all of " + request.url.substr(request.url.size() - 2),
                     .headers = {{"expiration", "1900000000"}}};
  });
  const auto got = s.kv().get_many(numbered(4), {.with_metadata = true});
  REQUIRE(got.values.at(0));
  CHECK(got.values.at(0)->value == "all of k0");
  CHECK(got.values.at(0)->metadata.text() == R"({"color":"red"})");
  CHECK(got.values.at(0)->expiration == sys_time(1'900'000'000));
  REQUIRE(got.values.at(1));
  CHECK(got.values.at(1)->value == "all of k1");
  CHECK(got.values.at(1)->metadata.text().empty());
  CHECK_FALSE(got.values.at(2));  // erased between the two reads
  CHECK_FALSE(got.values.at(3));
  CHECK(got.outcome.complete());
  one_outcome_each(got.outcome);

  const auto plain = s.kv().get_many(numbered(2));
  CHECK(plain.values.at(1)->value == "all of k1");
  CHECK_FALSE(plain.values.at(1)->expiration);
}

TEST_CASE("a value whose single read fails is reported; one that was erased meanwhile is missing") {
  Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    if (request.method == "POST")
      return read_from({{"k0", "\xEF\xBF\xBD"}, {"k1", "\xEF\xBF\xBD"}, {"k2", "fine"}}, request);
    return request.url.ends_with("k0") ? refused(403, 10000, "no") : refused(404, 10009, "key not found");
  });
  const auto got = s.kv().get_many(numbered(3));
  CHECK_FALSE(got.values.at(0));
  CHECK_FALSE(got.values.at(1));
  CHECK(got.values.at(2)->value == "fine");
  CHECK(got.outcome.succeeded == 2);
  one_outcome_each(got.outcome);
  CHECK(got.outcome.requests == 3);
}
