// What a message tells a person: the field, the host, the path, the way out.

#include <cloudflare/d1.hpp>

#include "core_support.hpp"
#include "support/system.hpp"

using namespace core_tests;
using cf::ErrorKind;

namespace {

struct Sound {
  int volume = 0;
  std::string name{};
};
void from_json(const nlohmann::json& from, Sound& to) {
  from.at("volume").get_to(to.volume);
  from.at("name").get_to(to.name);
}

/// The message of reading a value that does not become Sound.
std::string message_of(const std::string& value) {
  const Scripted s({{.body = value}});
  const cf::Error error = error_of([&] { (void)s.kv().get_as<Sound>("secret-key"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK(error.operation() == "kv.get");
  const Scripted checked({{.body = value}});
  CHECK(std::string(checked.kv().checked().get_as<Sound>("secret-key").error().what()) == error.what());
  return error.what();
}

std::string message_of(const FakeReply& reply, const std::string& namespace_id) {
  const Scripted s({reply});
  return error_of([&] { (void)s.client().kv(namespace_id).get("k"); }).what();
}

bool tells(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE(
    "a value that is not the JSON asked for names the operation, the field and what is wrong, but not the value") {
  CHECK(message_of(R"({"volume":1})") ==
        "kv.get: decode: the value does not fit the type asked for: key 'name' not found");
  CHECK(message_of(R"({"volume":"sesame","name":"n"})")
            .starts_with(
                "kv.get: decode: the value does not fit the type asked for: type must be number, but is string"));
  CHECK(tells(message_of("[1]"), "cannot use at() with array"));
  CHECK(message_of(R"({"volume":sesame})") == "kv.get: decode: the value is not JSON from its byte 11 on");
  CHECK(message_of("") == "kv.get: decode: the value is not JSON from its byte 1 on");
  const auto text = cf::JsonText::raw(R"({"volume":1})");
  CHECK(std::string(error_of([&] { (void)text.as<Sound>(); }).what()) ==
        "decode: the JSON text does not fit the type asked for: key 'name' not found");
}

TEST_CASE("a failed connection names host and port") {
  const cf::ApiClient client(cf::ApiToken("token"),
                             {.account_id = "acc", .base_url = "http://127.0.0.1:1/client/v4", .max_attempts = 1});
  const cf::Error error = error_of([&] { (void)client.kv("ns").get("secret-key"); });
  CHECK(error.kind() == ErrorKind::transport);
  CHECK(tells(error.what(), "(127.0.0.1:1)"));
  CHECK_FALSE(tells(error.what(), "secret-key"));
}

TEST_CASE("an error about a file names its path") {
  const std::string missing = "/no/such/folder/file";
  CHECK(tells(error_of([&] { (void)cf::Body::file(missing); }).what(), missing + ", cannot be read: No such file"));
  CHECK(tells(error_of([&] { (void)cf::Body::file(support::null_device); }).what(), ", is not a regular file"));
  cf::FileSink sink(missing);
  CHECK(tells(error_of([&] { sink.write("x"); }).what(), "the file " + missing + " cannot be created: No such file"));
}

TEST_CASE("an id that looks like a title is met with the call that finds the id of a title") {
  const std::string advice = "if that is a title, kv_namespaces().find(title) tells its id";
  const std::string id(32, 'a');
  CHECK(tells(message_of(FakeReply{}, "my settings"), advice));
  CHECK(tells(message_of(refused(404, 10013, "namespace not found"), "settings"), advice));
  CHECK(tells(message_of(refused(404, 7003, "Could not route"), "settings"), advice));
  CHECK_FALSE(tells(message_of(refused(404, 10013, "namespace not found"), id), advice));
  CHECK_FALSE(tells(message_of(refused(400, 10011, "other"), "settings"), advice));
}

TEST_CASE("7403 names its frequent causes, and the page of an error is shown") {
  const Scripted s({refused(403, 7403, "not authorized"), refused(400, 7500, "no such table: t")});
  const auto db = s.client().d1("00000000-0000-4000-8000-000000000001");
  CHECK(std::string(error_of([&] { (void)db.query("SELECT 1"); }).what()) ==
        "d1.query: unauthorized (HTTP 403): 7403 not authorized - frequent causes are the id of another account and a "
        "login that has expired");
  CHECK_FALSE(tells(error_of([&] { (void)db.query("SELECT 1"); }).what(), "frequent"));

  const FakeReply with_page{.status = 400,
                            .body = R"({"success":false,"errors":[{"code":10001,"message":"no","documentation_url":)"
                                    R"("https://developers.cloudflare.com/kv/"}],"messages":[],"result":null})"};
  CHECK(message_of(with_page, "ns") ==
        "kv.get: rejected (HTTP 400): 10001 no (see https://developers.cloudflare.com/kv/)");
}
