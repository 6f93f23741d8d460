// Imports that are interrupted and begun again, at the level of calls. bulk_load_test.cpp interrupts a process.

#include <cloudflare/files/import.hpp>

#include <cloudflare/local.hpp>
#include <filesystem>
#include <map>

#include "files/state_file.hpp"
#include "support/system.hpp"
#include "unit/engine/core_support.hpp"

using namespace core_tests;
using namespace std::chrono_literals;
using cf::ErrorKind;
using cf::ImportOptions;
using cf::kv::import_from;
using nlohmann::json;

namespace {

struct Files {
  support::TemporaryFolder folder{};
  std::string path = folder.file("pairs.ndjson");
  std::string state = path + ".state";

  explicit Files(int pairs) {
    std::string text;
    for (int i = 0; i < pairs; ++i)
      text += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"v" + std::to_string(i) + "\"}\n";
    support::write_file(path, text);
  }
  [[nodiscard]] bool has_state() const { return std::filesystem::exists(state); }
};

/// A server that notes how often it stored each key; `answer` may answer in its place.
struct Server {
  std::shared_ptr<FakeTransport> fake = std::make_shared<FakeTransport>();
  std::map<std::string, int> stored{};
  int requests = 0;
  std::function<std::optional<FakeReply>(int request, const json& pairs)> answer{};

  Server() {
    fake->answer_with([this](const cf::testing::SentRequest& sent) {
      const json pairs = json::parse(sent.body);
      if (answer)
        if (auto reply = answer(++requests, pairs)) return *reply;
      for (const json& pair : pairs) ++stored[pair.at("key")];
      return ok(R"({"successful_key_count":1,"unsuccessful_keys":[]})");
    });
  }
  [[nodiscard]] cf::KvNamespace kv(int max_attempts = 1) const {
    return cf::ApiClient(cf::ApiToken("token"),
                         {.account_id = "acc", .max_attempts = max_attempts, .transport = fake, .clock = fake->clock()})
        .kv("ns");
  }
  [[nodiscard]] bool each_once(int pairs) const {
    if (stored.size() != static_cast<std::size_t>(pairs)) return false;
    return std::all_of(stored.begin(), stored.end(), [](const auto& each) { return each.second == 1; });
  }
};

}  // namespace

TEST_CASE("an import in one go leaves no state") {
  const Files files(25'000);
  Server server;
  const auto done = import_from(server.kv(), files.path, {.items_per_state = 20'000});
  CHECK((done.complete() && done.loaded == 25'000 && done.already == 0 && done.requests == 3));
  CHECK(server.each_once(25'000));
  CHECK_FALSE(files.has_state());
}

TEST_CASE("an import stopped at any request and begun again stores each item once") {
  const Files files(45'000);
  for (int at = 1; at <= 5; ++at) {
    Server server;
    std::uint64_t loaded = 0, runs = 0;
    for (bool complete = false; !complete; ++runs) {
      std::stop_source stop;
      const int before = server.requests;
      server.answer = [&](int request, const json&) -> std::optional<FakeReply> {
        if (request == before + at) stop.request_stop();
        return std::nullopt;
      };
      const auto done = import_from(server.kv(), files.path, {.stop = stop.get_token(), .items_per_state = 20'000});
      CHECK(done.failed.empty());
      CHECK(done.already == loaded);
      CHECK(done.finished == !files.has_state());
      loaded += done.loaded;
      complete = done.complete();
      REQUIRE(runs < 10);
    }
    CHECK(loaded == 45'000);
    CHECK(server.each_once(45'000));
    CHECK(runs >= (at == 1 ? 2U : 1U));
  }
}

TEST_CASE("items that failed, and only these, are sent by the next run") {
  const Files files(50'000);
  Server server;
  // Two of the five requests are answered 503, in different pieces.
  server.answer = [](int, const json& pairs) -> std::optional<FakeReply> {
    const std::string first = pairs.at(0).at("key");
    if (first == "k10000" || first == "k30000") return refused(503, 0, "down");
    return std::nullopt;
  };
  const auto first = import_from(server.kv(), files.path, {.items_per_state = 20'000});
  CHECK((first.finished && !first.complete() && first.loaded == 30'000 && first.failed.size() == 20'000));
  std::map<std::uint64_t, std::string> failed;
  for (const auto& failure : first.failed) failed[failure.index] = failure.name;
  CHECK(failed.begin()->second == "k10000");
  CHECK(failed.rbegin()->first == 39'999);
  CHECK(files.has_state());

  server.answer = nullptr;
  const auto second = import_from(server.kv(), files.path, {.items_per_state = 20'000});
  CHECK((second.complete() && second.already == 30'000 && second.loaded == 20'000 && second.requests == 2));
  CHECK(server.each_once(50'000));
  CHECK_FALSE(files.has_state());
}

TEST_CASE("an item that failed is not sent again over a later one of its key that is stored") {
  const Files files(0);
  std::string text;
  for (int i = 0; i < 40; ++i) {
    const std::string key = "k" + std::to_string(i % 10);  // in each piece of ten once
    text += "{\"key\":\"" + key + "\",\"value\":\"v" + std::to_string(i) + "\"}\n";
  }
  support::write_file(files.path, text);
  Server server;
  std::map<std::string, std::string> values;
  std::optional<int> stop_at{};
  std::stop_source stop;
  server.answer = [&](int request, const json& pairs) -> std::optional<FakeReply> {
    if (request == stop_at) stop.request_stop();
    if (request <= 2) return refused(503, 0, "down");
    for (const json& pair : pairs) values[pair.at("key")] = pair.at("value");
    return std::nullopt;
  };
  const auto whole = import_from(server.kv(), files.path, {.items_per_state = 10});
  CHECK((whole.complete() && whole.loaded == 40));
  for (int i = 0; i < 10; ++i) CHECK(values["k" + std::to_string(i)] == "v" + std::to_string(30 + i));
  CHECK_FALSE(files.has_state());

  server.requests = 0;
  stop_at = 3;  // after the pieces that failed and one that was stored
  values.clear();
  const auto first = import_from(server.kv(), files.path, {.stop = stop.get_token(), .items_per_state = 10});
  CHECK((!first.finished && first.loaded == 30 && first.failed.empty()));
  const auto second = import_from(server.kv(), files.path, {.items_per_state = 10});
  CHECK((second.complete() && second.already == 30 && second.loaded == 10 && second.requests == 1));
  for (int i = 0; i < 10; ++i) CHECK(values["k" + std::to_string(i)] == "v" + std::to_string(30 + i));
}

TEST_CASE("a run that is stopped keeps in its state how far it came and which items before that failed") {
  const Files files(50'000);
  Server server;
  std::stop_source stop;
  server.answer = [&](int request, const json& pairs) -> std::optional<FakeReply> {
    if (request == 3) stop.request_stop();
    return pairs.at(0).at("key") == "k0" ? std::optional(refused(503, 0, "down")) : std::nullopt;
  };
  const ImportOptions in_turn{.stop = stop.get_token(), .items_per_state = 10'000, .in_flight = 1};
  const auto first = import_from(server.kv(), files.path, in_turn);
  CHECK((!first.finished && first.loaded == 20'000 && first.failed.size() == 10'000));
  // Stopped again, before the failed items are all through.
  std::stop_source again;
  server.answer = [&](int, const json& pairs) -> std::optional<FakeReply> {
    if (pairs.at(0).at("key") == "k0") again.request_stop();
    return std::nullopt;
  };
  const auto second = import_from(server.kv(), files.path, {.stop = again.get_token(), .items_per_state = 4'000});
  CHECK((!second.finished && second.already == 20'000 && second.loaded == 4'000));
  server.answer = nullptr;
  const auto third = import_from(server.kv(), files.path);
  CHECK((third.complete() && third.already == 24'000 && third.loaded == 26'000));
  CHECK(server.each_once(50'000));
}

TEST_CASE(
    "a line that cannot be read ends an import after the items before it; once it is mended, the import goes on") {
  const Files files(15'000);
  std::string text = support::read_file(files.path);
  const std::string good = text;
  text[text.find("k12000") - 8] = '[';  // of the same size
  support::write_file(files.path, text);
  Server server;
  const auto first = import_from(server.kv(), files.path);
  REQUIRE(first.stopped.has_value());
  CHECK(std::string(first.stopped->what()).find("line 12001") != std::string::npos);
  CHECK((first.loaded == 12'000 && !first.finished && first.failed.empty()));
  support::write_file(files.path, good);
  const auto second = import_from(server.kv(), files.path);
  CHECK((second.complete() && second.already == 12'000 && second.loaded == 3'000));
  CHECK(server.each_once(15'000));
}

TEST_CASE("refused credentials stop an import, and nothing counts as done") {
  const Files files(30'000);
  Server server;
  server.answer = [](int, const json&) { return std::optional(refused(403, 10000, "no")); };
  const auto first = import_from(server.kv(), files.path);
  REQUIRE(first.stopped.has_value());
  CHECK(first.stopped->kind() == ErrorKind::unauthorized);
  CHECK((first.loaded == 0 && !first.finished && !first.failed.empty()));
  server.answer = nullptr;
  CHECK(import_from(server.kv(), files.path).loaded == 30'000);
  CHECK(server.each_once(30'000));
}

TEST_CASE("pairs whose expiration has passed are left out; pairs KV would refuse are reported and not tried again") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.csv");
  support::write_file(path, "key,value,expiration\npast,v,1000000000\nnever,v,\n" + std::string(513, 'k') +
                                ",v,\nfuture,v,9000000000\n");
  Server server;
  const auto done = import_from(server.kv(), path);
  CHECK((done.finished && done.loaded == 2 && done.expired == 1));
  REQUIRE(done.failed.size() == 1);
  CHECK(done.failed[0].index == 2);
  CHECK(done.failed[0].error.kind() == ErrorKind::invalid_argument);
  CHECK(server.stored == std::map<std::string, int>{{"never", 1}, {"future", 1}});
  CHECK_FALSE(std::filesystem::exists(path + ".state"));
}

TEST_CASE("a state file that belongs to another job or another file, or holds no state, is refused") {
  const Files files(30);
  Server server;
  auto said = [&] { return std::string(error_of([&] { (void)import_from(server.kv(), files.path); }).what()); };
  support::write_file(files.state, "{\"job\":\"import into KV namespace other\"}");
  CHECK(said().find("is of another job") != std::string::npos);
  support::write_file(files.state, "rubbish");
  CHECK(said().find("cannot be read; remove it to begin anew") != std::string::npos);
  support::write_file(files.state, R"({"job":"import into KV namespace ns","items":"x","offset":"0","lines":"0"})");
  CHECK(said().find("has no number \"items\"") != std::string::npos);
  support::write_file(files.state,
                      R"({"job":"import into KV namespace ns","offset":"0","lines":"0","items":"0","upto":"0",)"
                      R"("unsettled":"","file_bytes":"7"})");
  CHECK(said().find("is not the one that its state file is about") != std::string::npos);
  CHECK(server.requests == 0);
}

TEST_CASE("what a progress callback throws reaches the caller; the piece is sent again by the next run") {
  const Files files(100);
  Server server;
  CHECK_THROWS_AS(import_from(server.kv(), files.path,
                              {.on_progress = [](const cf::BulkProgress&) { throw std::runtime_error("mine"); }}),
                  std::runtime_error);
  std::uint64_t done = 0;
  CHECK(import_from(server.kv(), files.path, {.on_progress = [&](const cf::BulkProgress& p) { done = p.items_done; }})
            .complete());
  CHECK(done == 100);
}

TEST_CASE("vectors are imported the same way, with a mutation to wait for") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("v.ndjson");
  std::string text;
  for (int i = 0; i < 12'000; ++i)
    text += "{\"id\":\"v" + std::to_string(i) + "\",\"values\":[1," + std::to_string(i) + "]}\n";
  support::write_file(path, text);
  const cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  (void)client.vectorize_indexes().create("docs", {.dimensions = 2});
  const auto index = client.vectorize("docs", 2);
  std::stop_source stop;
  const auto first = cf::vectorize::import_from(
      index, path,
      {.stop = stop.get_token(), .in_flight = 1, .on_progress = [&](const auto&) { stop.request_stop(); }});
  CHECK((!first.finished && first.loaded >= 5'000 && first.loaded < 12'000));
  const auto second = cf::vectorize::import_from(index, path);
  CHECK((second.complete() && second.already == first.loaded && second.loaded == 12'000 - first.loaded));
  (void)index.wait_for(second.mutation, 10s);
  CHECK(index.info().vector_count == 12'000);
}

TEST_CASE("a set of numbers is written and read as ranges") {
  cf::detail::NumberSet set;
  for (const std::uint64_t number : {0U, 1U, 2U, 5U, 7U, 8U}) set.append(number);
  CHECK(set.text() == "0-2,5,7-8");
  CHECK(set.count() == 6);
  CHECK((set.contains(0) && set.contains(8) && !set.contains(3) && !set.contains(9)));
  CHECK((set.below(8).text() == "0-2,5,7" && set.from(2).text() == "2,5,7-8" && set.below(0).empty()));
  cf::detail::NumberSet read;
  CHECK((read.parse("0-2,5,7-8") && read.text() == set.text()));
  for (const char* wrong : {"x", "1,", "2-1", "3,1", "1-", "1 2"}) CHECK_FALSE((read.parse(wrong) && !read.empty()));
}
