// kv::Reader: many threads, few requests, each read with its own outcome. Windows are an hour where a group is to be
// ended by something else, and an hour never ends here, so no timing decides.

#include <cloudflare/kv/reader.hpp>

#include <atomic>
#include <cloudflare/kv/async.hpp>
#include <cloudflare/local.hpp>
#include <future>
#include <thread>

#include "unit/kv/reads_support.hpp"

using namespace reads_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using cf::kv::Reader;
using nlohmann::json;

namespace {

using Outcome = cf::Result<std::optional<std::string>>;

/// `count` threads that each read once; they end when all reads have.
class Readers {
 public:
  Readers(const Reader& reader, std::size_t count, const std::function<std::string(std::size_t)>& key,
          const cf::kv::GetOptions& options = cf::kv::GetOptions()) {
    for (std::size_t i = 0; i < count; ++i)
      reads_.push_back(std::async(std::launch::async,
                                  [&reader, options, name = key(i)] { return reader.checked_get(name, options); }));
  }
  [[nodiscard]] Outcome outcome(std::size_t i) { return reads_.at(i).get(); }
  [[nodiscard]] std::size_t size() const { return reads_.size(); }

 private:
  std::vector<std::future<Outcome>> reads_{};
};

void wait_until_waiting(const Reader& reader, std::size_t count) {
  while (reader.waiting() < count) std::this_thread::yield();
}
std::string numbered(std::size_t i) { return "k" + std::to_string(i); }

}  // namespace

TEST_CASE("a hundred threads make one bulk read, each with its own value") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h});
  Readers readers(reader, 100, [](std::size_t i) { return (i % 10 == 0 ? "no" : "k") + std::to_string(i); });
  for (std::size_t i = 0; i < 100; ++i) {
    const Outcome outcome = readers.outcome(i);
    REQUIRE(outcome.has_value());
    if (i % 10 == 0)
      CHECK_FALSE(outcome->has_value());
    else
      CHECK(*outcome == "v:k" + std::to_string(i));
  }
  CHECK((store.bulk == 1 && store.single == 0));
  CHECK(reader.waiting() == 0);
}

TEST_CASE("a read alone waits for its window and is an ordinary get") {
  Store store;
  const Reader reader(store.kv(), {.window = 1ms});
  CHECK(reader.get("a") == "v:a");
  CHECK(reader.get("none") == std::nullopt);
  CHECK((store.bulk == 0 && store.single == 2));
}

TEST_CASE("the same key in many threads is read once") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 2});
  Readers same(reader, 30, [](std::size_t) { return "same"; });
  wait_until_waiting(reader, 30);
  CHECK(reader.get("other") == "v:other");  // the second key sends the group
  for (std::size_t i = 0; i < same.size(); ++i) CHECK(*same.outcome(i) == "v:same");
  CHECK((store.bulk == 1 && store.single == 0));
}

TEST_CASE("an invalid key is refused at once and spoils nothing") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 2});
  for (const std::string& key : {std::string(), std::string("."), std::string(513, 'x'), std::string("\xFF")}) {
    const Outcome outcome = reader.checked_get(key);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().kind() == ErrorKind::invalid_argument);
    CHECK(outcome.error().details().text == store.kv().checked().get(key).error().details().text);
  }
  CHECK((store.bulk == 0 && store.single == 0));
  CHECK(error_of([&] { const Reader none(store.kv(), {.max_keys = 101}); }).kind() == ErrorKind::invalid_argument);
}

TEST_CASE("a deadline ends one read; the others of its group go on") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 3});
  // A read alone in its group sends nothing at all.
  const Outcome alone = reader.checked_get("a", {.timeout = 1ms});
  REQUIRE_FALSE(alone.has_value());
  CHECK(alone.error().kind() == ErrorKind::timeout);
  CHECK((store.bulk == 0 && store.single == 0 && reader.waiting() == 0));
  // A read that joined a group leaves it.
  Readers first(reader, 1, numbered);
  wait_until_waiting(reader, 1);
  CHECK(reader.checked_get("joined", {.timeout = 1ms}).error().kind() == ErrorKind::timeout);
  CHECK(reader.get("third") == "v:third");
  CHECK(*first.outcome(0) == "v:k0");
  CHECK((store.bulk == 1 && store.single == 0));
}

TEST_CASE("when the read that opened a group is stopped, the group leaves at once") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h});
  std::stop_source stop;
  Readers opener(reader, 1, numbered, {.stop = stop.get_token()});
  wait_until_waiting(reader, 1);
  Readers others(reader, 5, [](std::size_t i) { return "o" + std::to_string(i); });
  wait_until_waiting(reader, 6);
  stop.request_stop();
  for (std::size_t i = 0; i < 5; ++i) CHECK(*others.outcome(i) == "v:o" + std::to_string(i));
  // Its own value may have come before the stop; then it is given.
  const Outcome opened = opener.outcome(0);
  CHECK((opened ? *opened == "v:k0" : opened.error().kind() == ErrorKind::cancelled));
  CHECK(store.bulk == 1);
}

TEST_CASE("destroying the Reader ends reads that wait") {
  Store store;
  auto reader = std::make_unique<Reader>(store.kv(), cf::kv::ReaderOptions{.window = 1h});
  Readers readers(*reader, 20, numbered);
  wait_until_waiting(*reader, 20);
  reader.reset();
  for (std::size_t i = 0; i < 20; ++i) {
    const Outcome outcome = readers.outcome(i);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().kind() == ErrorKind::cancelled);
  }
  CHECK((store.bulk == 0 && store.single == 0));
}

TEST_CASE("destroying the Reader while its request is under way ends the reads, and the request") {
  Store store;
  std::promise<void> asked, may_answer;
  std::atomic<bool> answered = false;
  store.answer = [&](const cf::testing::SentRequest&) -> std::optional<FakeReply> {
    asked.set_value();
    may_answer.get_future().wait();  // on the I/O thread: the reads must not need it
    std::this_thread::sleep_for(50ms);
    answered = true;
    return std::nullopt;
  };
  std::optional<cf::KvNamespace> kv = store.kv();
  auto reader = std::make_unique<Reader>(*kv, cf::kv::ReaderOptions{.window = 1h, .max_keys = 20});
  Readers readers(*reader, 20, numbered);
  asked.get_future().wait();
  reader.reset();
  for (std::size_t i = 0; i < 20; ++i) CHECK(readers.outcome(i).error().kind() == ErrorKind::cancelled);
  may_answer.set_value();
  kv.reset();  // the last owner of the client: a reply owns none, so this waits for the I/O thread
  CHECK(answered);
}

TEST_CASE("the handle's stop token ends all reads, and those to come") {
  Store store;
  std::stop_source stop;
  const Reader reader(store.kv().with({.stop = stop.get_token()}), {.window = 1h});
  Readers readers(reader, 5, numbered);
  wait_until_waiting(reader, 5);
  stop.request_stop();
  for (std::size_t i = 0; i < 5; ++i) CHECK(readers.outcome(i).error().kind() == ErrorKind::cancelled);
  CHECK(reader.checked_get("a").error().kind() == ErrorKind::cancelled);
}

TEST_CASE("an error of the bulk read reaches every read of its group, and the next group begins anew") {
  Store store;
  store.answer = [](const cf::testing::SentRequest&) { return std::optional(refused(403, 10000, "no")); };
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 10});
  Readers refusals(reader, 10, numbered);
  for (std::size_t i = 0; i < 10; ++i) {
    const Outcome outcome = refusals.outcome(i);
    CHECK((outcome.error().kind() == ErrorKind::unauthorized &&
           outcome.error().has(cf::ErrorCode::authentication_error)));
  }
  store.answer = nullptr;
  Readers readers(reader, 10, numbered);
  for (std::size_t i = 0; i < 10; ++i) CHECK(*readers.outcome(i) == "v:" + numbered(i));
}

TEST_CASE("a value too large for a bulk read is read singly") {
  Store store;
  store.answer = [](const cf::testing::SentRequest& sent) -> std::optional<FakeReply> {
    if (sent.method == "POST" && sent.body.find("large") != std::string::npos)
      return refused(413, 0, "the reply is larger than 25 MB");
    return std::nullopt;
  };
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 4});
  Readers readers(reader, 4, [](std::size_t i) { return i == 2 ? "large" : numbered(i); });
  for (std::size_t i = 0; i < 4; ++i) CHECK(*readers.outcome(i) == "v:" + (i == 2 ? "large" : numbered(i)));
  CHECK(store.single == 1);
}

TEST_CASE("threads that read again and again get what is stored, with fewer requests than reads") {
  const cf::local::Cloudflare cloud;
  std::atomic<int> requests{0};
  const cf::ApiClient client = cloud.client({.log =
                                                 [&](const cf::LogRecord& record) {
                                                   if (record.event == "request") ++requests;
                                                 },
                                             .log_level = cf::LogLevel::debug});
  const cf::KvNamespace space = client.kv(client.kv_namespaces().create("s").id);
  std::vector<cf::kv::Entry> entries;
  for (std::size_t i = 0; i < 50; ++i)
    entries.push_back({.key = numbered(i), .value = i % 7 == 0 ? "\xFF" + numbered(i) : numbered(i)});
  REQUIRE(space.put_many(entries).complete());
  requests = 0;
  constexpr std::size_t threads = 8, reads = 100;
  const Reader reader(space, {.window = 500us});
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        for (std::size_t n = 0; n < reads; ++n) {
          const std::size_t i = (t * 31 + n * 17) % 60;
          const auto got = reader.get(numbered(i));
          const bool right = i >= 50 ? !got : got == (i % 7 == 0 ? "\xFF" + numbered(i) : numbered(i));
          if (!right) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(requests > 0);
  CHECK(reader.waiting() == 0);
}

TEST_CASE("reads as operations are gathered with those of threads") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 4});
  std::vector<cf::Future<std::optional<std::string>>> reads;
  for (std::size_t i = 0; i < 2; ++i) reads.push_back(reader.async().get(numbered(i)).as_future());
  reads.push_back(reader.async().get("none").as_future());
  wait_until_waiting(reader, 3);
  CHECK(reader.get("blocking") == "v:blocking");
  for (std::size_t i = 0; i < 2; ++i) CHECK(reads[i].get() == "v:" + numbered(i));
  CHECK(reads[2].get() == std::nullopt);
  CHECK((store.bulk == 1 && store.single == 0));
  CHECK(error_of([&] { (void)reader.async().get("").as_future().get(); }).kind() == ErrorKind::invalid_argument);
}

TEST_CASE("an operation that opened a group sends it for the others when it is stopped") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h});
  std::stop_source stop;
  auto opener = reader.async().get("a", {.stop = stop.get_token()}).as_future();
  wait_until_waiting(reader, 1);
  auto other = reader.async().get("b").as_future();
  wait_until_waiting(reader, 2);
  stop.request_stop();
  CHECK(other.get() == "v:b");
  CHECK(store.bulk + store.single == 1);
}

TEST_CASE("reads as operations end with the Reader, and do not keep the client open") {
  Store store;
  auto reader = std::make_unique<Reader>(store.kv(), cf::kv::ReaderOptions{.window = 1h});
  auto first = reader->async().get("a").as_future();
  wait_until_waiting(*reader, 1);
  auto late = reader->async().get("b");
  reader.reset();
  CHECK(error_of([&] { (void)first.get(); }).kind() == ErrorKind::cancelled);
  CHECK(error_of([&] { (void)std::move(late).as_future().get(); }).kind() == ErrorKind::cancelled);
  CHECK((store.bulk == 0 && store.single == 0));
}

TEST_CASE("a time limit of its own ends an operation, and the request of its group goes on") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h, .max_keys = 2});
  auto hasty = reader.async().get("a", {.timeout = 5ms}).as_future();
  CHECK(error_of([&] { (void)hasty.get(); }).kind() == ErrorKind::timeout);
  store.answer = [](const cf::testing::SentRequest&) {
    FakeReply reply = ok(R"({"values":{"a":"1","b":"2"}})");
    reply.after = 20ms;
    return std::optional(reply);
  };
  auto patient = reader.async().get("b").as_future();
  wait_until_waiting(reader, 1);
  hasty = reader.async().get("a", {.timeout = 5ms}).as_future();
  CHECK(error_of([&] { (void)hasty.get(); }).kind() == ErrorKind::timeout);
  CHECK(patient.get() == "2");
}

TEST_CASE("a blocking read in a callback on the I/O thread is an ordinary one") {
  Store store;
  const Reader reader(store.kv(), {.window = 1h});
  std::promise<Outcome> read;
  reader.async().get("a", {.timeout = 1ms}).start([&](const auto&) { read.set_value(reader.checked_get("b")); });
  CHECK(*read.get_future().get() == "v:b");
  CHECK((store.bulk == 0 && store.single == 1));
}
