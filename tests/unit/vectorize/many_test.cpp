// Any number of vectors.

#include <map>
#include <set>
#include <sstream>
#include <stop_token>

#include "vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;
namespace cv = cf::vectorize;

namespace {

std::vector<std::string> ids(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("v" + std::to_string(i));
  return all;
}

std::size_t lines_in(const std::string& body) {
  return static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n'));
}

/// A server that accepts everything: mutation "m0", "m1", … in the order of arrival, a second each.
void accept_all(const Scripted& s, std::chrono::milliseconds after = 0ms) {
  s.fake->answer_with([after, n = 0](const auto&) mutable {
    FakeReply reply = accepted("m" + std::to_string(n), date(n));
    ++n;
    reply.after = after;
    return reply;
  });
}

/// Checks that every item is counted once: done, or failed with a position of its own.
void one_outcome_each(const cf::BulkResult& done) {
  CHECK(done.succeeded + done.failed.size() == done.items);
  std::set<std::uint64_t> positions;
  for (const auto& failure : done.failed) {
    CHECK(failure.name == "v" + std::to_string(failure.index));
    positions.insert(failure.index);
  }
  CHECK(positions.size() == done.failed.size());
}

}  // namespace

TEST_CASE("5001 vectors make two uploads, 5000 make one, and no vectors make no upload") {
  for (const auto& [count, requests] : {std::pair{0, 0U}, {1, 1U}, {5000, 1U}, {5001, 2U}, {15'000, 3U}}) {
    const Scripted s;
    accept_all(s);
    const cv::ManyResult done = index_of(s).upsert_many(numbered(count));
    CHECK(done.complete());
    CHECK(done.succeeded == static_cast<std::uint64_t>(count));
    CHECK(done.requests == requests);
    CHECK(s.count() == requests);
    std::size_t lines = 0;
    for (const auto& sent : s.fake->requests()) {
      CHECK(sent.url == vectorize_path + "/docs/upsert");
      CHECK(sent.header("Content-Type") == "application/x-ndjson");
      CHECK(lines_in(sent.body) <= 5000);
      lines += lines_in(sent.body);
    }
    CHECK(lines == static_cast<std::size_t>(count));
  }
}

TEST_CASE("an upload stays under its bytes, and each vector arrives once, in order") {
  const Scripted s;
  accept_all(s);
  const std::string one = cf::ndjson::encode(numbered(1));
  const auto done = index_of(s).insert_many(
      numbered(10), {.max_request_bytes = 3 * one.size(), .unparsable = cv::UnparsableBehavior::error});
  CHECK(done.complete());
  CHECK(s.count() == 4);
  std::string all;
  for (const auto& sent : s.fake->requests()) {
    CHECK(sent.body.size() <= 3 * one.size());
    CHECK(sent.url == vectorize_path + "/docs/insert?unparsable-behavior=error");
    all += sent.body;
  }
  CHECK(all == cf::ndjson::encode(numbered(10)));
}

TEST_CASE("several uploads are under way at once, the last by itself; its mutation stands for all") {
  const Scripted s;
  accept_all(s, 50ms);
  const auto done = index_of(s).upsert_many(numbered(95), {.in_flight = 3, .batch_vectors = 10});
  CHECK(done.complete());
  CHECK(s.count() == 10);
  CHECK(s.fake->most_in_flight() == 3);
  CHECK(done.mutation.id == "m9");
  CHECK(done.mutation.accepted_at == date_time(9));
  const auto sent = s.fake->requests();
  CHECK(lines_in(sent[9].body) == 5);
  CHECK(sent[9].at - sent[8].at >= 50ms);  // after the reply to every other one
}

TEST_CASE("an id stands for all uploads only if its upload was sent after every other was answered") {
  // Uploads 0 and 1 go out together and 1 is answered later; 2, the last, is refused.
  const Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable {
    FakeReply reply = n == 2 ? refused(400, 40012, "dimensions") : accepted("m" + std::to_string(n), date(n));
    reply.after = n == 1 ? 900ms : 10ms;
    ++n;
    return reply;
  });
  const auto done = index_of(s).upsert_many(numbered(3), {.in_flight = 2, .batch_vectors = 1});
  CHECK(done.succeeded == 2);
  CHECK_FALSE(done.mutation.id);
  CHECK(done.mutation.accepted_at == date_time(1));

  // With one upload at a time, the last accepted id stands for all.
  const Scripted serial;
  serial.fake->answer_with([n = 0](const auto&) mutable {
    ++n;
    return n == 3 ? refused(400, 40012, "dimensions") : accepted("m" + std::to_string(n), date(n));
  });
  CHECK(index_of(serial).upsert_many(numbered(3), {.in_flight = 1, .batch_vectors = 1}).mutation.id == "m2");
}

TEST_CASE("the latest time counts even if replies arrive out of order, and replies may lack everything") {
  const Scripted s;
  s.fake->answer_with([n = 0](const auto&) mutable {
    const int at = n++;
    FakeReply reply = at == 0 ? accepted("m", date(9)) : at == 1 ? accepted("m", date(3)) : ok("{}");
    return reply;
  });
  const auto done = index_of(s).upsert_many(numbered(3), {.in_flight = 1, .batch_vectors = 1});
  CHECK(done.complete());
  CHECK_FALSE(done.mutation.id);
  CHECK(done.mutation.accepted_at == date_time(9));
}

TEST_CASE("a vector that breaks a rule is reported with its position and id; the others are sent") {
  const Scripted s;
  accept_all(s);
  auto vectors = numbered(6);
  vectors[0].values = {1};  // the first tells the dimensions, unless the handle knows them
  vectors[3].ns = std::string(65, 'n');
  vectors[5].id = "";
  const auto done = index_of(s, 2).upsert_many(vectors);
  CHECK(done.items == 6);
  CHECK(done.succeeded == 3);
  REQUIRE(done.failed.size() == 3);
  CHECK(done.failed[0].index == 0);
  CHECK(done.failed[0].name == "v0");
  CHECK(std::string_view(done.failed[0].error.what()).find("1 dimensions; 2 are needed") != std::string_view::npos);
  CHECK(done.failed[1].index == 3);
  CHECK(done.failed[2].index == 5);
  CHECK(done.failed[2].error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(lines_in(s.fake->requests().at(0).body) == 3);
}

TEST_CASE("a batch that fails names its first and last id, and the other batches are done") {
  const Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    return request.body.find("\"v15\"") != std::string::npos ? refused(400, 40012, "vectorize.vector_dimensions")
                                                             : accepted("m", date(1));
  });
  const auto done = index_of(s).upsert_many(numbered(30), {.batch_vectors = 10});
  CHECK(done.succeeded == 20);
  REQUIRE(done.failed.size() == 10);
  CHECK(done.failed[0].error.code() == cf::ErrorCode::vectorize_vector_dimensions);
  const std::string_view what = done.failed[4].error.what();
  CHECK(what.find(R"(10 items from "v10" to "v19")") != std::string_view::npos);
  one_outcome_each(done);
  CHECK_FALSE(done.stopped);
}

TEST_CASE("413, 524 and a cut connection halve an upload and an erasure; every vector has one outcome") {
  for (const FakeReply& trouble : {refused(413, 0, "too large"), refused(524, 0, "timeout"), cut()}) {
    const Scripted s;
    s.fake->answer_with(
        [&](const SentRequest& request) { return lines_in(request.body) > 2 ? trouble : accepted("m", date(1)); });
    const auto done = index_of(s).upsert_many(numbered(8));
    CHECK(done.complete());
    CHECK(s.count() == 7);
    CHECK(done.mutation.id == "m");
    one_outcome_each(done);
  }
}

TEST_CASE("a credential that is refused ends the job: it throws if nothing was accepted, else says what was") {
  const Scripted none;
  none.fake->answer_with([](const auto&) { return refused(403, 10000, "no"); });
  CHECK(error_of([&] {
          (void)index_of(none).upsert_many(numbered(20), {.in_flight = 1, .batch_vectors = 5});
        }).kind() == cf::ErrorKind::unauthorized);
  CHECK(none.count() == 1);
  const Scripted some;
  some.fake->answer_with(
      [n = 0](const auto&) mutable { return ++n > 1 ? refused(403, 10000, "no") : accepted("m", date(1)); });
  const auto done = index_of(some).upsert_many(numbered(20), {.in_flight = 1, .batch_vectors = 5});
  REQUIRE(done.stopped);
  CHECK(done.succeeded == 5);
  CHECK(done.mutation.id == "m");
  CHECK(some.count() == 2);
  one_outcome_each(done);
}

TEST_CASE("in a bulk job too, a 409 on a repeated insert means that the first attempt succeeded") {
  Scripted s({refused(503, 0, "busy"), refused(409, 40999, "there already")});
  const auto done = index_of(s).insert_many(numbered(1));
  CHECK(done.complete());
  CHECK(s.count() == 2);
  Scripted first({refused(409, 40999, "there already")});
  CHECK(index_of(first).insert_many(numbered(1)).failed.size() == 1);
}

TEST_CASE("erase_many makes requests of 100 ids") {
  const Scripted s;
  accept_all(s);
  auto all = ids(201);
  all[7] = std::string(65, 'x');
  const auto done = index_of(s).erase_many(all);
  CHECK(done.succeeded == 200);
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].index == 7);
  CHECK(s.count() == 2);
  CHECK(done.mutation.id == "m1");
  for (const auto& sent : s.fake->requests()) {
    CHECK(sent.url == vectorize_path + "/docs/delete_by_ids");
    CHECK(sent.header("Content-Type") == "application/json");
    CHECK(json::parse(sent.body).at("ids").size() == 100);
  }
}

TEST_CASE("get_many makes requests of 20 ids and gives the vectors in the order of the ids, missing ones empty") {
  const Scripted s;
  s.fake->answer_with([](const SentRequest& request) {
    CHECK(request.url == vectorize_path + "/docs/get_by_ids");
    const json asked = json::parse(request.body).at("ids");
    CHECK(asked.size() <= 20);
    json found = json::array();
    for (auto id = asked.rbegin(); id != asked.rend(); ++id)  // in an order of its own
      if (*id != "v5") found.push_back({{"id", *id}, {"values", {std::stoi(id->get<std::string>().substr(1))}}});
    return ok(found.dump());
  });
  auto all = ids(41);
  all[40] = "v3";  // twice, and in another request
  all[7] = "v3";   // and in the same
  const cv::GetManyResult got = index_of(s).get_many(all);
  CHECK(s.count() == 3);
  REQUIRE(got.vectors.size() == 41);
  CHECK(got.outcome.complete());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == 5) {
      CHECK_FALSE(got.vectors[i]);
      continue;
    }
    REQUIRE(got.vectors[i]);
    CHECK(got.vectors[i]->id == all[i]);
    CHECK(got.vectors[i]->values == std::vector{std::stof(all[i].substr(1))});
  }
}

TEST_CASE("get_many hands vectors over one by one instead of collecting them") {
  const Scripted s;
  s.fake->answer_with([](const auto&) { return ok(R"([{"id":"v1","values":[1]}])"); });
  std::map<std::uint64_t, bool> seen;
  auto all = ids(3);
  all[2] = "";
  const auto got = index_of(s).get_many(
      all, {.on_vector = [&](std::uint64_t index, std::string_view id, std::optional<Vector>&& vector) {
        CHECK(id == all[index]);
        seen[index] = vector.has_value();
      }});
  CHECK(seen == std::map<std::uint64_t, bool>{{0, false}, {1, true}});
  CHECK(got.vectors.empty());
  REQUIRE(got.outcome.failed.size() == 1);
  CHECK(got.outcome.failed[0].index == 2);
}

TEST_CASE("an input range of vectors is read lazily, once, one vector further than what is under way") {
  const Scripted s;
  int read = 0;
  int most_ahead = 0;
  s.fake->answer_with([&, sent = 0](const SentRequest& request) mutable {
    sent += static_cast<int>(lines_in(request.body));
    most_ahead = std::max(most_ahead, read - sent);
    return accepted("m", date(1));
  });
  std::string words;
  for (int i = 0; i < 100; ++i) words += "w" + std::to_string(i) + ' ';
  std::istringstream in(words);
  struct Words {  // an input range that can be read once only
    struct iterator {
      using value_type = Vector;
      using difference_type = std::ptrdiff_t;
      using iterator_concept = std::input_iterator_tag;
      Words* words = nullptr;
      Vector operator*() const { return {.id = words->word, .values = {1}}; }
      iterator& operator++() {
        words->next();
        return *this;
      }
      void operator++(int) { words->next(); }
      bool operator==(std::default_sentinel_t) const { return words->done; }
    };
    std::istream& in;
    int& read;
    std::string word{};
    bool done = false;
    void next() {
      done = !(in >> word);
      if (!done) ++read;
    }
    iterator begin() {
      next();
      return {this};
    }
    static std::default_sentinel_t end() { return {}; }
  } range{in, read};
  const auto done = index_of(s).upsert_many(range, {.in_flight = 2, .batch_vectors = 10});
  CHECK(done.succeeded == 100);
  CHECK(read == 100);
  CHECK(most_ahead <= 2 * 10 + 1);
}

TEST_CASE("progress counts up to all vectors; what a callback throws reaches the caller") {
  const Scripted s;
  accept_all(s);
  std::vector<cf::BulkProgress> seen;
  const auto note = [&](const cf::BulkProgress& progress) { seen.push_back(progress); };
  (void)index_of(s).upsert_many(numbered(100), {.batch_vectors = 10, .on_progress = note});
  REQUIRE(seen.size() == 10);
  CHECK(seen.back().items_done == 100);
  CHECK(seen.back().requests == 10);
  struct Broken {};
  CHECK_THROWS_AS((void)index_of(s).upsert_many(numbered(1), {.on_progress = [](const auto&) { throw Broken(); }}),
                  Broken);
}

TEST_CASE("a stop token ends an upload with one outcome for every vector read") {
  std::stop_source source;
  const Scripted s;
  s.fake->answer_with([&, n = 0](const auto&) mutable {
    if (++n == 2) source.request_stop();
    return accepted("m", date(1));
  });
  const auto done =
      index_of(s).with({.stop = source.get_token()}).upsert_many(numbered(100), {.in_flight = 1, .batch_vectors = 10});
  REQUIRE(done.stopped);
  CHECK(done.stopped->kind() == cf::ErrorKind::cancelled);
  CHECK(done.succeeded == 10);
  one_outcome_each(done);
}
