// Waiting for what was accepted.

#include <stop_token>

#include "vectorize_support.hpp"

using namespace vectorize_tests;
using namespace std::chrono_literals;
namespace cv = cf::vectorize;

namespace {

/// The answers of info in order; the last one is repeated.
struct Progress {
  std::string mutation{};
  std::string datetime{};
};
void report(const Scripted& s, std::vector<Progress> steps) {
  s.fake->answer_with([steps = std::move(steps), n = std::size_t(0)](const auto&) mutable {
    const Progress& step = steps[std::min(n++, steps.size() - 1)];
    json info{{"dimensions", 2}, {"vectorCount", n}};
    if (!step.mutation.empty()) info["processedUpToMutation"] = step.mutation;
    if (!step.datetime.empty()) info["processedUpToDatetime"] = step.datetime;
    return ok(info.dump());
  });
}

}  // namespace

TEST_CASE("wait_for ends when info names the mutation") {
  const Scripted s;
  report(s, {{}, {"other", ""}, {"m1", ""}});
  CHECK(index_of(s).wait_for(cv::Mutation{.id = "m1"}, 1min).vector_count == 3);
  CHECK(s.count() == 3);
  for (const auto& sent : s.fake->requests()) CHECK(sent.url == vectorize_path + "/docs/info");
}

TEST_CASE("wait_for ends when a later mutation overtook ours: processed in a later second than the upload's Date") {
  const cv::Mutation ours{.id = "m1", .accepted_at = date_time(0)};
  const Scripted s;
  report(s, {{"m0", "1994-11-15T08:12:09Z"},
             {"m2", "1994-11-15T08:12:10Z"},      // the same second: who was first?
             {"m2", "1994-11-15T08:12:10.999Z"},  // still
             {"m3", "1994-11-15T08:12:11Z"}});
  (void)index_of(s).wait_for(ours, 1min);
  CHECK(s.count() == 4);
}

TEST_CASE("the local clock plays no part in waiting, ten minutes off either way") {
  for (const auto off : {-10min, 0min, 10min}) {
    const auto clock = std::make_shared<cf::testing::FakeClock>(date_time(0) + off);
    Scripted s;
    s.fake = std::make_shared<FakeTransport>(clock);
    s.fake->answer_with([](const SentRequest& request) {
      if (request.method == "POST") return accepted("m1", date(0));
      return ok(R"({"processedUpToMutation":"x","processedUpToDatetime":"1994-11-15T08:12:10Z"})");
    });
    const auto index = index_of(s);
    const cv::ManyResult done = index.upsert_many(numbered(1));
    CHECK(done.mutation.accepted_at == date_time(0));
    CHECK_FALSE(index.checked().wait_for(done, 2s));
    s.fake->answer_with([](const auto&) {
      return ok(R"({"processedUpToMutation":"x","processedUpToDatetime":"1994-11-15T08:12:11Z"})");
    });
    CHECK(index.checked().wait_for(done, 1min));
  }
}

TEST_CASE("wait_for asks in growing steps up to ten seconds and ends with a timeout of its own") {
  const Scripted s;
  report(s, {{}});
  const auto index = index_of(s).with({.timeout = 3s});  // the timeout of one call; the wait has its own
  const auto begin = s.fake->clock()->now();
  const auto error = error_of([&] { (void)index.wait_for(cv::Mutation{.id = "m1"}, 2min); });
  CHECK(error.kind() == cf::ErrorKind::timeout);
  CHECK(std::string_view(error.what()).find("mutation m1 was not processed within 120000 ms") !=
        std::string_view::npos);
  CHECK(s.fake->clock()->now() - begin == 2min);
  const auto sent = s.fake->requests();
  REQUIRE(sent.size() > 10);
  CHECK(sent.size() < 25);
  CHECK(sent[1].at - sent[0].at == 500ms);
  for (std::size_t i = 2; i < sent.size(); ++i) {
    CHECK(sent[i].at - sent[i - 1].at >= sent[i - 1].at - sent[i - 2].at);
    CHECK(sent[i].at - sent[i - 1].at <= 10s);
  }
}

TEST_CASE("wait_for times out while a question is unanswered, survives one bad reply, and reports a lasting error") {
  const Scripted slow;
  slow.fake->answer_with([](const auto&) {
    FakeReply reply = ok("{}");
    reply.after = 10min;
    return reply;
  });
  CHECK(error_of([&] { (void)index_of(slow).wait_for(cv::Mutation{.id = "m"}, 5s); }).kind() == cf::ErrorKind::timeout);
  const Scripted shaky({refused(503, 0, "busy"), ok(R"({"processedUpToMutation":"m"})")});
  (void)index_of(shaky).wait_for(cv::Mutation{.id = "m"}, std::chrono::milliseconds::max());
  const Scripted gone({refused(404, 3000, "not found")});
  CHECK(error_of([&] { (void)index_of(gone).wait_for(cv::Mutation{.id = "m"}, 5s); }).kind() ==
        cf::ErrorKind::not_found);
}

TEST_CASE("wait_for can be stopped, refuses an empty mutation, and returns after an upload of no vectors") {
  std::stop_source source;
  const Scripted s;
  s.fake->answer_with([&, n = 0](const auto&) mutable {
    if (++n == 3) source.request_stop();
    return ok("{}");
  });
  const auto index = index_of(s).with({.stop = source.get_token()});
  CHECK(error_of([&] { (void)index.wait_for(cv::Mutation{.id = "m"}, 5min); }).kind() == cf::ErrorKind::cancelled);
  CHECK(s.count() == 3);
  const Scripted none;
  refuses(
      none, [&] { (void)index_of(none).wait_for(cv::Mutation(), 1s); }, "neither id nor time");
  const Scripted empty({ok("{}")});
  (void)index_of(empty).wait_for(index_of(empty).upsert_many(std::vector<Vector>()), 1s);
  CHECK(empty.count() == 1);
}

TEST_CASE("upsert_and_wait waits for the last of several uploads and gives the outcomes with the state of the index") {
  const Scripted s;
  s.fake->answer_with([sent = 0, asked = 0](const SentRequest& request) mutable {
    if (request.url.ends_with("/upsert")) return accepted("m" + std::to_string(sent++), date(0));
    CHECK(request.url == vectorize_path + "/docs/info");
    return ok(json{{"vectorCount", 25}, {"processedUpToMutation", ++asked < 3 ? "m1" : "m2"}}.dump());
  });
  const cv::WaitResult done = index_of(s).upsert_and_wait(numbered(25), 1min, {.in_flight = 2, .batch_vectors = 10});
  CHECK(done.complete());
  CHECK(done.outcome.succeeded == 25);
  CHECK(done.outcome.mutation.id == "m2");
  REQUIRE(done.info);
  CHECK(done.info->vector_count == 25);
  CHECK(s.count() == 3 + 3);
}

TEST_CASE("upsert_and_wait keeps the outcomes when the wait fails or is stopped, and does not wait for nothing") {
  const auto never = [](const SentRequest& request) {
    return request.method == "POST" ? accepted("m", date(0)) : ok("{}");
  };
  const Scripted slow;
  slow.fake->answer_with(never);
  const auto begin = slow.fake->clock()->now();
  auto vectors = numbered(3);
  vectors[1].id = std::string(65, 'x');
  const auto late = index_of(slow).with({.timeout = 3s}).insert_and_wait(vectors, 2min);
  CHECK(late.outcome.succeeded == 2);
  CHECK(late.outcome.failed.size() == 1);
  REQUIRE(late.not_processed);
  CHECK(late.not_processed->kind() == cf::ErrorKind::timeout);
  CHECK_FALSE(late.info);
  CHECK(slow.fake->clock()->now() - begin == 2min);
  CHECK(slow.fake->requests()[0].url == vectorize_path + "/docs/insert");

  std::stop_source source;
  const Scripted s;
  s.fake->answer_with([&, n = 0](const SentRequest& request) mutable {
    if (++n == 4) source.request_stop();
    return never(request);
  });
  const auto stopped = index_of(s).with({.stop = source.get_token()}).upsert_and_wait(numbered(3), 2min);
  CHECK(stopped.outcome.complete());
  REQUIRE(stopped.not_processed);
  CHECK(stopped.not_processed->kind() == cf::ErrorKind::cancelled);
  CHECK(s.count() == 4);

  const Scripted none;
  const auto nothing = index_of(none).upsert_and_wait(std::vector<Vector>(), 1min);
  CHECK(nothing.complete());
  CHECK_FALSE(nothing.info);
  CHECK(none.count() == 0);
}

TEST_CASE("a stop during the upload of upsert_and_wait says what was accepted, and that it was not waited for") {
  std::stop_source source;
  const Scripted s;
  s.fake->answer_with([&, n = 0](const auto&) mutable {
    if (++n == 2) source.request_stop();
    return accepted("m", date(1));
  });
  const auto done = index_of(s)
                        .with({.stop = source.get_token()})
                        .upsert_and_wait(numbered(30), 1min, {.in_flight = 1, .batch_vectors = 10});
  CHECK(done.outcome.succeeded == 10);
  REQUIRE(done.outcome.stopped);
  REQUIRE(done.not_processed);
  CHECK(done.not_processed->kind() == cf::ErrorKind::cancelled);
  const Scripted refused_all;
  refused_all.fake->answer_with([](const auto&) { return refused(403, 10000, "no"); });
  CHECK(error_of([&] { (void)index_of(refused_all).upsert_and_wait(numbered(1), 1min); }).kind() ==
        cf::ErrorKind::unauthorized);
}
