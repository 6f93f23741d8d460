// The same name twice in a `_many` call: the last one wins, whichever request is faster, and each item has one outcome.

#include <map>
#include <random>
#include <set>

#include "../vectorize/vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// The pairs of a write by either route, or the keys of an erasure.
json items_in(const SentRequest& sent) {
  const std::size_t single = sent.url.find("/values/");
  if (single == std::string::npos) return json::parse(sent.body);
  return json::array({{{"key", sent.url.substr(single + 8)}, {"value", sent.body}}});
}

std::vector<std::string> keys_in(const SentRequest& sent) {
  std::vector<std::string> keys;
  for (const json& item : items_in(sent)) keys.push_back(item.is_string() ? item : item.at("key"));
  return keys;
}

/// The ids of an upload, or of an erasure.
std::vector<std::string> ids_in(const SentRequest& sent) {
  if (sent.body.starts_with(R"({"ids")")) return json::parse(sent.body).at("ids");
  std::vector<std::string> ids;
  for (std::size_t at = 0; at < sent.body.size(); at = sent.body.find('\n', at) + 1)
    ids.push_back(json::parse(sent.body.substr(at, sent.body.find('\n', at) - at)).at("id"));
  return ids;
}

/// The value of `key` in a request, if it holds the key.
std::optional<std::string> value_in(const SentRequest& sent, std::string_view key) {
  for (const json& item : items_in(sent))
    if (item.at("key") == key) return item.at("value").get<std::string>();
  return std::nullopt;
}

FakeReply later(FakeReply reply, std::chrono::milliseconds after) {
  reply.after = after;
  return reply;
}

/// A store that may execute a request at any time until it answers, so requests with a common key must not overlap.
struct Overtaking {
  std::mt19937 random;
  std::vector<std::pair<SentRequest, cf::Clock::time_point>> sent{};
  std::map<std::string, std::string> stored{};

  void answer(Scripted& s, double faults) {
    s.fake->answer_with([this, &s, faults](const SentRequest& request) {
      FakeReply reply = spoiled(request, faults);
      reply.after = std::chrono::milliseconds(1 + random() % 500);
      sent.emplace_back(request, s.fake->clock()->now() + reply.after);
      return reply;
    });
  }
  FakeReply spoiled(const SentRequest& request, double faults) {
    const bool fails = std::uniform_real_distribution<double>(0, 1)(random) < faults;
    const int kind = fails ? static_cast<int>(random() % 4) : -1;
    json left_out = json::array();
    for (const json& item : items_in(request)) {
      if (kind == 0 && random() % 2 == 0 && request.url.ends_with("/bulk"))
        left_out.push_back(item.at("key"));
      else if (kind != 2)
        stored[item.at("key")] = item.at("value");
    }
    if (kind == 1) return cut();                                  // executed
    if (kind == 2) return refused(413, 0, "too large");           // not executed
    if (kind == 3) return refused(524, 0, "a timeout occurred");  // executed
    return ok(json{{"unsuccessful_keys", left_out}}.dump());
  }
  [[nodiscard]] bool overlaps() const {
    for (std::size_t a = 0; a < sent.size(); ++a)
      for (std::size_t b = a + 1; b < sent.size() && sent[b].first.at < sent[a].second; ++b) {
        const auto first = keys_in(sent[a].first);
        for (const std::string& key : keys_in(sent[b].first))
          if (std::find(first.begin(), first.end(), key) != first.end()) return true;
      }
    return false;
  }
};

/// Each outcome, by the position of its item.
struct ToldTwice {
  std::map<std::uint64_t, cf::Outcome> outcomes{};
  bool twice = false;
  auto hook() {
    return [this](const cf::ItemOutcome& item) { twice |= !outcomes.emplace(item.index, item.outcome).second; };
  }
};

}  // namespace

TEST_CASE("if a key comes twice in one request, only the last pair is sent, and both items are done") {
  Scripted s({stored()});
  ToldTwice told;
  const auto done = s.kv().put_many(Pairs{{"a", "1"}, {"k", "old"}, {"b", "2"}, {"k", "new"}, {"c", "3"}},
                                    {.on_outcome = told.hook()});
  CHECK(json::parse(s.fake->requests().at(0).body) == json::parse(R"([{"key":"a","value":"1"},
    {"key":"b","value":"2"},{"key":"k","value":"new"},{"key":"c","value":"3"}])"));
  CHECK(done.complete());
  CHECK(done.succeeded == 5);
  CHECK(told.outcomes.size() == 5);
  CHECK_FALSE(told.twice);
}

TEST_CASE("a key that comes twice shares the outcome of the pair that was sent") {
  Scripted s({refused(403, 10000, "no")});
  s.fake->answer_with([](const auto&) { return ok(R"({"unsuccessful_keys":["k"]})"); });
  const auto pairs = Pairs{{"k", "1"}, {"a", "1"}, {"k", "2"}, {"k", "2"}, {"k", "3"}};
  CHECK(error_of([&] { (void)s.kv().put_many(pairs); }).kind() == cf::ErrorKind::unauthorized);
  const auto done = s.kv().put_many(pairs);
  CHECK(done.items == 5);
  CHECK(done.succeeded == 1);
  std::set<std::uint64_t> failed;
  for (const auto& failure : done.failed) {
    CHECK(failure.name == "k");
    failed.insert(failure.index);
  }
  CHECK(failed == std::set<std::uint64_t>{0, 2, 3, 4});
}

TEST_CASE("a request with a key that another request under way holds leaves when that one is answered") {
  Scripted s;
  s.fake->answer_with([n = 0](const SentRequest&) mutable { return later(stored(), ++n == 1 ? 900ms : 10ms); });
  const auto done =
      s.kv().put_many(Pairs{{"k", "old"}, {"a", "1"}, {"b", "2"}, {"k", "new"}}, {.max_request_bytes = 30});
  CHECK(done.complete());
  const auto sent = s.fake->requests();
  REQUIRE(sent.size() == 4);
  CHECK(value_in(sent[3], "k") == "new");
  CHECK(sent[1].at == sent[0].at);
  CHECK(sent[2].at == sent[0].at);
  CHECK(sent[3].at - sent[0].at == 900ms);
}

TEST_CASE("a later pair waits for all repetitions of an earlier one: for halves, and for a key that was left out") {
  for (const FakeReply& trouble : {cut(), refused(524, 0, "timeout"), ok(R"({"unsuccessful_keys":["k"]})")}) {
    Scripted s;
    s.fake->answer_with([&, n = 0](const SentRequest&) mutable { return ++n == 1 ? trouble : stored(); });
    const auto done = s.kv().put_many(Pairs{{"k", "old"}, {"a", "1"}, {"b", "2"}, {"k", "new"}, {"c", "3"}},
                                      {.max_request_bytes = 50});
    CHECK(done.complete());
    std::size_t last_old = 0;
    std::size_t first_new = 0;
    const auto sent = s.fake->requests();
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (value_in(sent[i], "k") == "old") last_old = i;
      if (value_in(sent[i], "k") == "new" && first_new == 0) first_new = i;
    }
    CHECK(last_old > 0);  // it was sent again
    CHECK(first_new > last_old);
  }
}

TEST_CASE("a job with a single key sends as few requests as any other, one after the other") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return later(stored(), 5ms); });
  Pairs pairs;
  for (int i = 0; i < 25'000; ++i) pairs.emplace_back("k", std::to_string(i));
  const auto done = s.kv().put_many(pairs);
  CHECK(done.complete());
  CHECK(done.succeeded == 25'000);
  CHECK(s.fake->most_in_flight() == 1);
  REQUIRE(s.count() == 3);
  CHECK(value_in(s.fake->requests()[0], "k") == "9999");
  CHECK(value_in(s.fake->requests()[2], "k") == "24999");
}

TEST_CASE("whichever request is faster or is repeated, the last pair of a key is what is stored") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Scripted s;
    Overtaking server{std::mt19937(seed)};
    server.answer(s, 0.3);
    std::mt19937 random(seed + 1000);
    Pairs pairs;
    for (int i = 0; i < 400; ++i) pairs.emplace_back("k" + std::to_string(random() % 60), std::to_string(i));
    ToldTwice told;
    const auto done =
        s.kv().put_many(pairs, {.in_flight = 4, .max_request_bytes = 40U + random() % 200U, .on_outcome = told.hook()});
    CAPTURE(seed);
    CHECK(told.outcomes.size() == 400);
    CHECK_FALSE(told.twice);
    CHECK(done.succeeded + done.not_done == 400);
    CHECK_FALSE(server.overlaps());
    std::map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < pairs.size(); ++i) last[pairs[i].first] = i;
    std::size_t not_done = 0;
    for (const auto& [key, at] : last) {
      if (told.outcomes[at] == cf::Outcome::done)
        CHECK(server.stored[key] == pairs[at].second);
      else
        ++not_done;
    }
    CHECK(not_done < last.size() / 2);
  }
}

TEST_CASE("erase_many sends a key that comes twice once in a request, and never in two at once") {
  Scripted s;
  s.fake->answer_with([](const auto&) { return later(ok("null"), 10ms); });
  const auto done = s.kv().erase_many(std::vector<std::string>{"a", "b", "a", "c", "a"}, {.max_request_bytes = 14});
  CHECK(done.complete());
  CHECK(done.succeeded == 5);
  const auto sent = s.fake->requests();
  REQUIRE(sent.size() == 2);
  CHECK(keys_in(sent[0]) == std::vector<std::string>{"a", "b", "c"});
  CHECK(keys_in(sent[1]) == std::vector<std::string>{"a"});
  CHECK(sent[1].at - sent[0].at == 10ms);
}

TEST_CASE("upsert_many keeps the last of an id that comes twice, insert_many the first") {
  const std::vector<Vector> vectors{{.id = "a", .values = {1, 1}},
                                    {.id = "b", .values = {2, 2}},
                                    {.id = "a", .values = {3, 3}},
                                    {.id = "c", .values = {4, 4}}};
  for (const bool inserts : {false, true}) {
    const Scripted s({accepted("m")});
    const auto done = inserts ? index_of(s).insert_many(vectors) : index_of(s).upsert_many(vectors);
    CHECK(done.complete());
    CHECK(done.succeeded == 4);
    const std::string sent = body(s);
    CHECK(ids_in(s.fake->requests()[0]).size() == 3);
    CHECK((sent.find("[1,1]") == std::string::npos) != inserts);
    CHECK((sent.find("[3,3]") == std::string::npos) == inserts);
  }
}

TEST_CASE("uploads of vectors that share an id, and erasures, follow each other") {
  const Scripted s;
  s.fake->answer_with([n = 0](const SentRequest&) mutable { return later(accepted("m"), ++n == 1 ? 900ms : 10ms); });
  std::vector<Vector> vectors = numbered(6);
  vectors[2].id = "v0";
  CHECK(index_of(s).upsert_many(vectors, {.batch_vectors = 2}).complete());
  auto sent = s.fake->requests();
  REQUIRE(sent.size() == 3);
  CHECK(sent[1].at - sent[0].at == 900ms);
  CHECK(index_of(s).erase_many(std::vector<std::string>{"a", "a", "b"}).succeeded == 3);
  CHECK(ids_in(s.fake->requests().at(3)) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("put_bulk refuses a key with different values and names both positions; the same pair twice may stand") {
  const Scripted s({stored()});
  const std::vector<cf::kv::Entry> entries{
      {.key = "a", .value = "1"}, {.key = "b", .value = "1"}, {.key = "a", .value = "1"}, {.key = "b", .value = "2"}};
  const auto error = error_of([&] { (void)s.kv().put_bulk(entries); });
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(std::string_view(error.what()).find("items 1 and 3 have the same key") != std::string_view::npos);
  CHECK(s.count() == 0);
  (void)s.kv().put_bulk(std::vector<cf::kv::Entry>(entries.begin(), entries.begin() + 3));
  CHECK(keys_in(s.fake->requests().at(0)) == std::vector<std::string>{"a", "b", "a"});
}
