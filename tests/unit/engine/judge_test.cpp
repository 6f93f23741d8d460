// How the library judges refusals and replies that it cannot read.

#include <cmath>
#include <thread>

#include "core_support.hpp"
#include "d1/endpoints.hpp"
#include "engine/judge.hpp"
#include "engine/retry.hpp"
#include "kv/endpoints.hpp"

using namespace core_tests;
using namespace std::chrono_literals;

namespace {

using cf::ErrorKind;

constexpr const cf::detail::Endpoint& kv_put = cf::ops::kv_endpoint("kv.put");
constexpr cf::detail::Endpoint d1_query{
    "d1.query", "POST", "/x", cf::detail::Repeat::once, cf::detail::Form::envelope, &cf::ops::sql_rules};

cf::Result<cf::detail::Reply> judged(cf::HttpResponse response, const cf::detail::Endpoint& endpoint = kv_put) {
  std::vector<cf::Message> messages;
  return cf::detail::judge(endpoint, std::move(response), cf::testing::FakeClock(), messages);
}

std::string refusal(int code, const std::string& message = "no") {
  return R"({"success":false,"errors":[{"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("}]})";
}

}  // namespace

TEST_CASE("each documented code has its kind, but 5xx and 429 come before all codes except those of throttling") {
  const std::vector<std::pair<int, ErrorKind>> throttles{{971, ErrorKind::rate_limited},
                                                         {6100, ErrorKind::rate_limited},
                                                         {40041, ErrorKind::rate_limited},
                                                         {10048, ErrorKind::quota_exceeded},
                                                         {7429, ErrorKind::overloaded}};
  const std::vector<std::pair<int, ErrorKind>> kinds{
      {1000, ErrorKind::unauthorized}, {9103, ErrorKind::unauthorized},  {9106, ErrorKind::unauthorized},
      {9109, ErrorKind::unauthorized}, {10000, ErrorKind::unauthorized}, {10009, ErrorKind::not_found},
      {10013, ErrorKind::not_found},   {7003, ErrorKind::not_found},     {7404, ErrorKind::not_found},
      {10014, ErrorKind::conflict},    {7502, ErrorKind::conflict},      {3002, ErrorKind::conflict}};
  const auto check = [](int status, int code, ErrorKind kind) {
    INFO(code << " under " << status);
    const auto reply = judged({.status = status, .body = refusal(code)});
    REQUIRE_FALSE(reply);
    CHECK(reply.error().kind() == kind);
    CHECK(static_cast<int>(reply.error().code()) == code);
    CHECK(reply.error().http_status() == status);
  };
  for (const auto& [code, kind] : throttles)
    for (const int status : {200, 400, 403, 429, 500, 503}) check(status, code, kind);
  for (const auto& [code, kind] : kinds) {
    for (const int status : {200, 400, 403, 404}) check(status, code, kind);
    for (const int status : {500, 502, 503, 504, 524}) check(status, code, ErrorKind::server);
    check(429, code, ErrorKind::rate_limited);
  }
  // The status decides where the code says nothing.
  for (const auto& [status, kind] : {std::pair{400, ErrorKind::rejected},
                                     {401, ErrorKind::unauthorized},
                                     {403, ErrorKind::unauthorized},
                                     {404, ErrorKind::not_found},
                                     {405, ErrorKind::rejected},
                                     {409, ErrorKind::conflict},
                                     {429, ErrorKind::rate_limited},
                                     {500, ErrorKind::server},
                                     {524, ErrorKind::server}})
    CHECK(judged({.status = status, .body = refusal(10011)}).error().kind() == kind);
}

TEST_CASE("D1 overload is its own error kind, told by code or by text, and by text for D1 only") {
  for (const char* text : {"D1 DB is overloaded. Too many requests queued.", "Requests queued for too long."}) {
    CHECK(judged({.status = 500, .body = refusal(7500, text)}, d1_query).error().kind() == ErrorKind::overloaded);
    CHECK(judged({.status = 500, .body = refusal(10001, text)}).error().kind() == ErrorKind::server);
  }
}

TEST_CASE("every deviation of the envelope that the API shows is tolerated") {
  // Validation errors may leave out result and messages; a failure may carry [] as its result.
  for (const char* body : {R"({"success":false,"errors":[{"code":7400,"message":"no"}]})",
                           R"({"errors":[{"code":"7400","message":"no"}],"success":false,"result":[],"messages":null})",
                           R"({"code":7400,"error":"no"})", R"({"code":7400,"message":"no","success":false})",
                           R"({"errors":[{"message":"no","code":7400,"x":[{}]}],"result":{"a":1},"success":false})"}) {
    INFO(body);
    const auto reply = judged({.status = 400, .body = body});
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == cf::ErrorCode::d1_bad_request);
    CHECK(reply.error().messages()[0].message == "no");
  }
  const auto bare = judged({.status = 400, .body = R"({"success":false,"errors":["just text"],"messages":["x"]})"});
  CHECK(bare.error().messages()[0].message == "just text");
  CHECK(bare.error().code() == cf::ErrorCode::none);
  CHECK(judged({.status = 400, .body = R"({"success":false,"errors":null})"}).error().messages().empty());
  CHECK(judged({.status = 205}));
  CHECK(judged({.status = 201, .body = R"( { "success" : true } )"}));
}

TEST_CASE("messages keep every field of the envelope") {
  const auto reply = judged({.status = 400, .body = R"({"success":false,"errors":[{"code":6003,"message":"bad headers",
    "documentation_url":"https://developers.cloudflare.com/x","source":{"pointer":"/a"},"meta":{"n": 1},
    "error_chain":[{"code":6111,"message":"bad format"}]},{"code":9109}]})"});
  REQUIRE_FALSE(reply);
  const cf::Error& error = reply.error();
  REQUIRE(error.messages().size() == 2);
  const cf::Message& first = error.messages()[0];
  CHECK(first.documentation_url == "https://developers.cloudflare.com/x");
  CHECK(first.source_pointer == "/a");
  CHECK(first.meta == R"({"n": 1})");
  REQUIRE(first.error_chain.size() == 1);
  CHECK(first.error_chain[0].code == 6111);
  CHECK(error.has(cf::ErrorCode::unauthorized_token));
  CHECK_FALSE(error.has(cf::ErrorCode::kv_validation));
}

TEST_CASE("has() finds a code in the error_chain of a message, however deep; code() is that of the first message") {
  const auto reply = judged({.status = 400, .body = R"({"success":false,"errors":[{"code":6003,"message":"a",
    "error_chain":[{"code":6111,"message":"b"},{"code":1,"message":"c","error_chain":[{"code":9106,"message":"d"}]}]}]})"});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().has(cf::ErrorCode::authentication_failed));
  CHECK(reply.error().has(static_cast<cf::ErrorCode>(6111)));
  CHECK_FALSE(reply.error().has(cf::ErrorCode::none));
  CHECK(reply.error().code() == cf::ErrorCode::invalid_request_headers);
}

TEST_CASE("5xx and 429 are repeated whatever the code, by the class of the operation") {
  for (const int code : {10000, 10013, 10014, 7003, 3002}) {
    INFO(code);
    const Scripted s({refused(500, code, "a"), refused(503, code, "b"), refused(429, code, "c"), {.body = "v"}});
    CHECK(s.kv().get("k") == "v");
    const Scripted once({refused(429, code, "a"), refused(503, code, "b")});
    const auto error = error_of([&] { (void)once.client().kv_namespaces().create("t"); });
    CHECK(error.kind() == ErrorKind::server);
    CHECK(error.outcome_unknown());
    CHECK(once.count() == 2);
  }
}

TEST_CASE("what() is one line with operation, kind, status, first code and message, and ray id") {
  const Scripted s(
      {{.status = 404, .body = refusal(10013, R"(namespace\nnot found)"), .headers = {{"cf-ray", "8f-X"}}}});
  const auto error = error_of([&] { s.client().kv(std::string(32, 'a')).put("k", "v"); });
  CHECK(std::string(error.what()) == "kv.put: not_found (HTTP 404): 10013 namespace not found [ray 8f-X]");
  CHECK(error.operation() == "kv.put");
  CHECK(error.attempts() == 1);
}

TEST_CASE("a reply whose result is not what was asked for is an error with operation, status and ray") {
  FakeReply odd = ok(R"({"id":5,"title":"t"})");
  odd.headers = {{"CF-Ray", "8f-AMS"}};
  FakeReply strange_list = ok(R"({"not":"a list"})");
  strange_list.headers = odd.headers;
  const Scripted s({odd, strange_list, odd});
  const auto error = error_of([&] { (void)s.client().kv_namespaces().create("t"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK(error.operation() == "kv.namespaces.create");
  CHECK(error.http_status() == 200);
  CHECK(error.ray_id() == "8f-AMS");
  CHECK(error.outcome_unknown());  // the server may well have created it
  const auto listing = error_of([&] { (void)s.kv().list_page(); });
  CHECK(listing.operation() == "kv.list");
  CHECK(listing.ray_id() == "8f-AMS");
  CHECK_FALSE(listing.outcome_unknown());
  CHECK(error_of([&] { (void)s.client().kv_namespaces().find("t"); }).ray_id() == "8f-AMS");
}

TEST_CASE("JSON that is cut at any byte is an error and never a crash or a success") {
  const std::string whole = ok(R"({"id":"n1","title":"t","list":[1,{"a":null}]})", R"({"count":1})").body;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::string half = whole.substr(0, length);
    INFO(half);
    CHECK_FALSE(cf::detail::read_envelope(half));
  }
  for (const char* tail : {"x", "{}", ",", "]", "\x01"}) {
    std::string more = whole + tail;
    CHECK_FALSE(cf::detail::read_envelope(more));
  }
  std::string padded = " \r\n" + whole + "\n ";
  CHECK(cf::detail::read_envelope(padded));
}

TEST_CASE("a 200 with an empty body is an error for an enveloped operation, a KV value may be empty") {
  const Scripted s({FakeReply{}, FakeReply{}});
  CHECK(error_of([&] { (void)s.kv().list_page(); }).kind() == ErrorKind::decode);
  CHECK(s.kv().get("k") == "");
}

TEST_CASE("a redirect is an error that says so, never followed") {
  const Scripted s({{.status = 302, .headers = {{"Location", "https://example.com/"}}}, {.status = 301}});
  CHECK(std::string(error_of([&] { s.kv().put("k", "v"); }).what()).find("not followed") != std::string::npos);
  CHECK_THROWS_AS((void)s.kv().get("k"), cf::Error);
  CHECK(s.count() == 2);
}

TEST_CASE("secrets never show, wherever in a reply a server echoes them") {
  const std::string secret = "s3cr3t-token-0123456789-abcdefghij";
  const std::string escaped = R"({"success":false,"errors":[{"code":6003,"message":"got )" + secret +
                              R"(","documentation_url":"https://x/)" + secret + R"(","source":{"pointer":"/)" + secret +
                              R"("},"meta":{"h":")" + secret + R"("},"error_chain":[{"code":6111,"message":")" +
                              secret + R"("}]}]})";
  const auto shows = [](const cf::Error& error, std::string_view part) {
    std::string all = error.what() + error.details().text + error.ray_id() + error.cf_d1();
    const std::function<void(const std::vector<cf::Message>&)> add = [&](const std::vector<cf::Message>& messages) {
      for (const auto& m : messages) {
        all += m.message + m.documentation_url + m.source_pointer + m.meta;
        add(m.error_chain);
      }
    };
    add(error.messages());
    return all.find(part) != std::string::npos;
  };
  const auto error_with = [&](FakeReply reply) {
    const Scripted s({std::move(reply)});
    const cf::ApiClient client(cf::ApiToken(secret),
                               {.account_id = "acc", .max_attempts = 1, .transport = s.fake, .clock = s.fake->clock()});
    return error_of([&] { client.kv("ns").put("k", "v"); });
  };
  CHECK_FALSE(shows(error_with({.status = 400, .body = escaped}), secret));
  CHECK_FALSE(
      shows(error_with({.status = 400, .body = escaped, .headers = {{"cf-ray", secret}, {"cf-d1", secret}}}), secret));
  // An excerpt may end in the middle of the secret: no part of it may stay.
  for (std::size_t before = 0; before < 90; ++before)
    for (const int status : {200, 502}) {
      const auto error =
          error_with({.status = status, .body = "<h1>" + std::string(before, 'x') + " " + secret + "</h1>"});
      INFO(error.what());
      CHECK_FALSE(shows(error, secret.substr(0, 6)));
    }
  CHECK_FALSE(shows(error_with({.status = 502, .body = "<" + std::string(4080, 'x') + ">" + secret}), "s3cr3t"));
}

namespace {

/// An error page of Cloudflare as JSON.
cf::HttpResponse problem(int status, int code, const std::string& members, std::vector<cf::Header> headers = {}) {
  return {.status = status,
          .headers = std::move(headers),
          .body = R"({"type":"https://developers.cloudflare.com/e/","title":"Error )" + std::to_string(code) +
                  R"(","status":)" + std::to_string(status) + R"(,"detail":"what happened","instance":"ray-of-body",)" +
                  R"("error_code":)" + std::to_string(code) + R"(,"error_name":"a_name","error_category":"origin",)" +
                  members + R"("cloudflare_error":true})"};
}

}  // namespace

TEST_CASE("a problem in place of an envelope gives message, code, ray id and pause; headers come before members") {
  const auto judged_problem = judged(problem(429, 1015, R"("retryable":true,"retry_after":30,"x":[{}],)"));
  REQUIRE_FALSE(judged_problem);
  const cf::Error& error = judged_problem.error();
  CHECK(error.kind() == ErrorKind::rate_limited);
  CHECK(static_cast<int>(error.code()) == 1015);
  CHECK(error.messages().at(0).message == "what happened");
  CHECK(error.messages().at(0).documentation_url == "https://developers.cloudflare.com/e/");
  CHECK(error.messages().at(0).meta == R"({"error_name":"a_name","error_category":"origin"})");
  CHECK(error.ray_id() == "ray-of-body");
  CHECK(error.retry_after() == 30s);
  const auto headed = judged(
      problem(522, 522, R"("retryable":true,"retry_after":30,)", {{"CF-RAY", "ray-of-head"}, {"Retry-After", "7"}}));
  CHECK(headed.error().ray_id() == "ray-of-head");
  CHECK(headed.error().retry_after() == 7s);
  CHECK(headed.error().kind() == ErrorKind::server);
  // Any other problem is understood by its standard members.
  const auto plain = judged({.status = 500, .body = R"({"title":"Bad Gateway","retry_after":"x","retryable":1})"});
  CHECK(plain.error().messages().at(0).message == "Bad Gateway");
  CHECK_FALSE(plain.error().retry_after());
  CHECK_FALSE(plain.error().details().retryable);
}

TEST_CASE("the codes of error pages do not count as those of the API, and only refusals are problems") {
  CHECK(judged(problem(409, 1000, "")).error().kind() == ErrorKind::conflict);
  CHECK(judged(problem(403, 10009, "")).error().kind() == ErrorKind::unauthorized);
  CHECK(judged(problem(200, 500, "")).error().kind() == ErrorKind::decode);
  const auto envelope = judged({.status = 500, .body = R"({"success":false,"detail":"no","error_code":5})"});
  CHECK(envelope.error().messages().empty());
  const auto both = judged({.status = 500, .body = R"({"detail":"no","errors":[{"code":7,"message":"yes"}]})"});
  CHECK(both.error().messages().at(0).message == "yes");
}

TEST_CASE("a problem decides whether its request is repeated; 525 and 526 are final and were not executed") {
  using cf::detail::may_repeat;
  using cf::detail::Repeat;
  const auto repeated = [](const cf::HttpResponse& response, Repeat repeat) {
    return may_repeat(repeat, judged(response).error());
  };
  for (const Repeat repeat : {Repeat::read, Repeat::idempotent, Repeat::once}) {
    const bool safe = repeat != Repeat::once;
    CHECK(repeated(problem(522, 522, R"("retryable":true,)"), repeat) == safe);
    CHECK(repeated(problem(409, 1004, R"("retryable":true,)"), repeat) == safe);
    CHECK_FALSE(repeated(problem(409, 1004, ""), repeat));
    CHECK_FALSE(repeated(problem(500, 1101, R"("retryable":false,)"), repeat));
    CHECK_FALSE(repeated(problem(429, 1027, R"("retryable":false,)"), repeat));
    for (const int status : {525, 526}) CHECK_FALSE(repeated({.status = status, .body = "<html>"}, repeat));
  }
  CHECK(judged(problem(500, 1101, R"("retryable":false,)")).error().details().delivery == cf::Delivery::unknown);
  CHECK(judged({.status = 525}).error().details().delivery == cf::Delivery::answered);
}

TEST_CASE("a Retry-After that is neither a number nor a date is ignored") {
  const std::chrono::sys_seconds wall(1'800'000'000s);
  const auto read = [&](const char* text) { return cf::detail::parse_retry_after({{"Retry-After", text}}, wall); };
  for (const char* text : {"", "nan", "-nan", "soon", "7 apples", "0x10"}) {
    INFO(text);
    CHECK_FALSE(read(text));
  }
  CHECK(read("0") == 0s);
  CHECK(read("120") == 120s);
  CHECK(read("1.01") == 2s);
  CHECK(read("99999999999999999999") == 1'000'000'000s);
  CHECK(read("inf") == 1'000'000'000s);
  // A date without the reply's own Date counts from the wall clock: Fri, 15 Jan 2027 08:00:00 GMT.
  CHECK(read("Fri, 15 Jan 2027 08:01:00 GMT") == 60s);
  CHECK(read("Friday, 15-Jan-27 08:00:30 GMT") == 30s);
  CHECK(read("Fri Jan 15 08:00:10 2027") == 10s);
}

TEST_CASE("any pause lies between zero and its doubling cap, for every random number and attempt") {
  const cf::detail::RetryLimits limits{.max_attempts = 4, .backoff_base = 100ms, .backoff_cap = 1000ms};
  const cf::Error lost(cf::ErrorDetails{.kind = ErrorKind::transport, .delivery = cf::Delivery::unknown});
  const cf::Error busy(cf::ErrorDetails{.kind = ErrorKind::overloaded});
  for (int attempt = 1; attempt < 70; ++attempt) {
    const auto cap = std::min(1000ms, 100ms * (1 << std::min(attempt - 1, 10)));
    for (const double random : {0.0, 0.25, 0.5, 0.999}) {
      const auto pause = cf::detail::pause_before_repeat(limits, attempt, lost, random);
      CHECK(pause >= 0ms);
      CHECK(pause <= cap);
      CHECK(std::abs(static_cast<double>(pause.count()) - random * static_cast<double>(cap.count())) <= 1);
      CHECK(cf::detail::pause_before_repeat(limits, attempt, busy, random) >= pause);
      CHECK(cf::detail::pause_before_repeat(limits, attempt, busy, random) >= cap);
    }
  }
}
