// What the errors of the API say, over the real transport.

#include "http/operations.hpp"
#include "support/catch.hpp"

using namespace http_test;

TEST_CASE("a 200 with success:false is an error with its code") {
  FaultServer server;
  server.on_request([](const Recorded&) { return failure(200, 10013, "namespace not found"); });
  const auto error = error_of([&] { (void)client_of(server).kv("ns").list_page(); });
  CHECK(error.kind() == cf::ErrorKind::not_found);
  CHECK(error.code() == cf::ErrorCode::kv_namespace_not_found);
  CHECK(error.http_status() == 200);
  CHECK(error.ray_id() == ray);
  CHECK(error.messages().at(0).message == "namespace not found");
}

TEST_CASE("an error status is an error though the envelope says success:true") {
  FaultServer server;
  Answer lie = success("[]");
  lie.status = 400;
  server.on_request([=](const Recorded&) { return lie; });
  CHECK(error_of([&] { (void)client_of(server).kv("ns").list_page(); }).http_status() == 400);
}

TEST_CASE("a 502 or 504 with HTML is an error with status, ray and a short excerpt") {
  for (const int status : {502, 504}) {
    for (const OperationClass& operation : operation_classes()) {
      FaultServer server;
      server.on_request([=](const Recorded&) { return reply(status, html, "text/html; charset=UTF-8"); });
      const auto error = error_of([&] { operation.run(client_of(server)); });
      const std::string what = error.what();
      INFO(operation.name << ": " << what);
      CHECK(error.kind() == cf::ErrorKind::server);
      CHECK(error.http_status() == status);
      CHECK(error.ray_id() == ray);
      CHECK(what.find("Bad gateway") != std::string::npos);
      CHECK(what.find(std::to_string(status)) != std::string::npos);
      CHECK(what.find(ray) != std::string::npos);
      CHECK(what.find('\n') == std::string::npos);
      CHECK(what.size() < 400);
    }
  }
}

TEST_CASE("JSON is asked for where JSON is wanted: not for the bytes of a value") {
  FaultServer server;
  server.on_request([](const Recorded& r) { return r.target.ends_with("values/k") ? reply(200, "v") : success("[]"); });
  const cf::ApiClient client = client_of(server);
  (void)client.kv("ns").get("k");
  (void)client.kv("ns").list_page();
  client.kv("ns").put("other", "v");
  (void)client.request("GET", "/zones");
  const auto seen = server.requests();
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].header("Accept") == "*/*");
  for (std::size_t i = 1; i < seen.size(); ++i) {
    CHECK(seen[i].header("Accept") == "application/json");
    CHECK(seen[i].count("Accept") == 1);
  }
}

TEST_CASE("a 525 or 526 is sent once, whatever the operation, and nothing was executed") {
  for (const int status : {525, 526}) {
    for (const OperationClass& operation : operation_classes()) {
      FaultServer server;
      server.on_request([=](const Recorded&) {
        return reply(status, R"({"detail":"no TLS","error_code":)" + std::to_string(status) + R"(,"retryable":false})",
                     "application/problem+json; charset=utf-8");
      });
      const auto error = error_of([&] { operation.run(client_of(server)); });
      INFO(operation.name << ": " << error.what());
      CHECK(error.kind() == cf::ErrorKind::server);
      CHECK(static_cast<int>(error.code()) == status);
      CHECK(error.messages().at(0).message == "no TLS");
      CHECK_FALSE(error.outcome_unknown());
      CHECK(error.attempts() == 1);
    }
  }
}

TEST_CASE("every error that has a reply carries its cf-ray, whatever the status and the body") {
  const std::vector<Answer> refusals = {failure(400, 10001, "no"),
                                        failure(401, 10000, "no"),
                                        failure(403, 9109, "no"),
                                        failure(404, 10013, "no"),
                                        failure(409, 10014, "no"),
                                        failure(413, 10001, "no"),
                                        failure(429, 10048, "no"),
                                        failure(500, 10001, "no"),
                                        failure(200, 10001, "no"),
                                        reply(404, "", "text/html"),
                                        reply(302, "", "text/html"),
                                        reply(200, "{", "text/plain"),
                                        with_header(reply(403, html, "text/html"), "cf-mitigated", "challenge")};
  for (const Answer& refusal : refusals) {
    FaultServer server;
    server.on_request([=](const Recorded&) { return with_header(refusal, "cf-d1", "backend-7"); });
    const auto error = error_of([&] { client_of(server).kv("ns").put("k", "v"); });
    INFO(error.what());
    CHECK(error.http_status() == refusal.status);
    CHECK(error.ray_id() == ray);
    CHECK(error.cf_d1() == "backend-7");
    CHECK(std::string(error.what()).find(ray) != std::string::npos);
  }
}

TEST_CASE("a body that is cut after a good status still names status and ray in the error") {
  FaultServer server;
  Answer answer = reply(200, "the value");
  answer.stop_at = support::render(answer).size() - 2;
  server.on_request([=](const Recorded&) { return answer; });
  const auto error = error_of([&] { (void)client_of(server).kv("ns").get("k"); });
  CHECK(error.kind() == cf::ErrorKind::transport);
  CHECK(error.http_status() == 200);
  CHECK(error.ray_id() == ray);
}

TEST_CASE("a value that looks like an envelope of failure is a value") {
  FaultServer server;
  server.on_request([](const Recorded&) { return failure(200, 10001, "a stored text"); });
  CHECK(client_of(server).kv("ns").get("k") == failure(200, 10001, "a stored text").body);
}

TEST_CASE("an empty value is a value, and 404 with code 10009 is a missing key") {
  FaultServer server;
  server.script({reply(200, ""), failure(404, 10009, "get: 'key not found'"), failure(404, 10013, "no namespace"),
                 reply(404, html, "text/html")});
  const auto kv = client_of(server).kv("ns");
  CHECK(kv.get("k") == "");
  CHECK(kv.get("k") == std::nullopt);
  CHECK(error_of([&] { (void)kv.get("k"); }).kind() == cf::ErrorKind::not_found);
  CHECK(error_of([&] { (void)kv.get("k"); }).kind() == cf::ErrorKind::not_found);
}

TEST_CASE("the body of an error never reaches the sink or the file of a download") {
  const support::TemporaryFolder folder;
  FaultServer server;
  server.script({reply(404, html, "text/html"), failure(404, 10009, "key not found"), failure(400, 1, "no")});
  const auto kv = client_of(server).kv("ns");
  std::string written;
  const auto sink = cf::sink_to([&](std::string_view bytes) { written += bytes; });
  CHECK(error_of([&] { (void)kv.get_to("k", sink); }).kind() == cf::ErrorKind::not_found);
  CHECK_FALSE(kv.get_to("k", sink));
  CHECK(error_of([&] { (void)kv.get_to_file("k", folder.file("f")); }).kind() == cf::ErrorKind::rejected);
  CHECK(written.empty());
  CHECK_FALSE(std::filesystem::exists(folder.file("f")));
}

TEST_CASE("a callback that throws while sending or receiving ends the transfer and reaches the caller as it is") {
  FaultServer server;
  server.on_request([](const Recorded&) { return reply(200, "value"); });
  const auto kv = client_of(server).kv("ns");
  struct Mine : std::runtime_error {
    using runtime_error::runtime_error;
  };
  const auto sink = cf::sink_to([](std::string_view) { throw Mine("sink"); });
  const auto source = cf::Body::callback([](std::span<char>) -> std::size_t { throw Mine("source"); });
  CHECK_THROWS_AS(kv.get_to("k", sink), Mine);
  CHECK_THROWS_AS(kv.put("k", source), Mine);
  const auto read = kv.checked().get_to("k", sink);
  CHECK(read.error().kind() == cf::ErrorKind::callback);
  CHECK_THROWS_WITH(std::rethrow_exception(read.error().cause()), "sink");
  const auto written = kv.checked().put("k", source);
  CHECK(written.error().kind() == cf::ErrorKind::callback);
  CHECK(written.error().outcome_unknown());
  CHECK_THROWS_WITH(std::rethrow_exception(written.error().cause()), "source");
  CHECK(kv.get("k") == "value");
}

TEST_CASE("a reply above the cap is an error, counted after decompression") {
  FaultServer server;
  const std::string megabyte(1 << 20, 'x');
  Answer packed = with_header(reply(200, support::gzip(megabyte)), "Content-Encoding", "gzip");
  REQUIRE(packed.body.size() < 10'000);
  server.script({reply(200, megabyte), packed, reply(200, megabyte), packed});
  const auto small =
      client_of(server, [](cf::ClientOptions& o) { o.reply_limit = 100'000, o.max_attempts = 1; }).kv("ns");
  CHECK(error_of([&] { (void)small.get("k"); }).kind() == cf::ErrorKind::too_large);
  CHECK(error_of([&] { (void)small.get("k"); }).kind() == cf::ErrorKind::too_large);
  const auto large = client_of(server).kv("ns");
  CHECK(large.get("k") == megabyte);
  CHECK(large.get("k") == megabyte);
}
