// Values of the caller on their way to JSON and back: what nlohmann/json or the caller's own conversion throws.

#include <cloudflare/async.hpp>
#include <stdexcept>

#include "../engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using nlohmann::json;

namespace {

const std::string not_utf8 = "caf\xE9";  // NOLINT(cert-err58-cpp)

struct OwnError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A type whose conversions fail.
struct Broken {
  int how = 0;
};
void to_json(json& to, const Broken& from) {
  if (from.how == 1) throw OwnError("own");
  if (from.how == 2) throw cf::Error(ErrorKind::not_found, "an Error of the caller");
  to = not_utf8;
}
void from_json(const json& from, Broken& to) {
  to.how = from.get<int>();
  if (to.how == 1) throw OwnError("own");
  if (to.how == 2) throw cf::Error(ErrorKind::not_found, "an Error of the caller");
}

void is_refused(const cf::Error& error) {
  INFO(error.what());
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("not UTF-8"));
  CHECK_THAT(error.what(), !Catch::Matchers::ContainsSubstring("caf"));
}

const std::vector<float> one_float{1};

}  // namespace

TEST_CASE(
    "text that is not UTF-8 in a value to be sent as JSON is invalid_argument, and the checked view throws nothing") {
  const Scripted s;
  const json bad{{"k", not_utf8}};
  is_refused(error_of([&] { s.kv().put_json("k", not_utf8); }));
  is_refused(error_of([&] { s.kv().put_json("k", bad); }));
  is_refused(error_of([&] { s.kv().put_json("k", Broken()); }));
  is_refused(s.kv().checked().put_json("k", bad).error());
  is_refused(error_of([&] { (void)s.client().request("POST", "/x", bad); }));
  is_refused(s.client().checked().request("POST", "/x", bad).error());
  is_refused(s.client().checked().request<nlohmann::ordered_json>("POST", "/x", {{"k", not_utf8}}).error());
  is_refused(error_of([&] { (void)s.client().vectorize("docs").query(one_float, {.filter = bad}); }));
  is_refused(s.client().vectorize("docs").checked().query(one_float, {.filter = bad}).error());
  is_refused(s.kv().checked().put("k", "v", {.metadata = {{"name", not_utf8}}}).error());
  is_refused(s.kv().checked().put("k", "v", {.metadata = not_utf8}).error());
  is_refused(s.kv().checked().put("k", "v", {.metadata = bad}).error());
  CHECK(s.count() == 0);
}

TEST_CASE(
    "text that is not UTF-8 in a value to be sent as JSON is the error of the operation in the asynchronous view") {
  const Scripted s;
  const json bad{{"k", not_utf8}};
  const auto client = s.client();
  is_refused(error_of([&] { client.kv("ns").async().put_json("k", bad).as_future().get(); }));
  is_refused(error_of([&] { (void)client.async().request("POST", "/x", bad).as_future().get(); }));
  CHECK(s.count() == 0);
}

TEST_CASE(
    "what a conversion of the caller throws is a callback error with its cause, and the throwing view rethrows it") {
  const Scripted s({{.body = "1"}, {.body = "2"}, {.body = "1"}, {.body = "2"}});
  const auto written = s.kv().checked().put_json("k", Broken{1});
  CHECK(written.error().kind() == ErrorKind::callback);
  CHECK_THROWS_AS(std::rethrow_exception(written.error().cause()), OwnError);
  CHECK_THROWS_AS(s.kv().put_json("k", Broken{1}), OwnError);
  CHECK(s.kv().checked().put_json("k", Broken{2}).error().kind() == ErrorKind::not_found);
  CHECK(s.count() == 0);

  const auto read = s.kv().checked().get_as<Broken>("k");
  CHECK(read.error().kind() == ErrorKind::callback);
  REQUIRE(read.error().cause());
  CHECK_THROWS_AS(std::rethrow_exception(read.error().cause()), OwnError);
  CHECK(s.kv().checked().get_as<Broken>("k").error().kind() == ErrorKind::not_found);
  CHECK_THROWS_AS((void)s.kv().get_as<Broken>("k"), OwnError);
  CHECK_THROWS_AS((void)s.kv().get_as<Broken>("k"), cf::Error);
}

TEST_CASE("a number that does not fit the arithmetic type asked for is a decode error, not another number") {
  const auto as = [](const char* text) { return cf::JsonText::raw(text); };
  const auto refused = [](auto convert) { return error_of(convert).kind() == ErrorKind::decode; };
  for (const char* text :
       {"2.7", "1e99", "-1e99", "2147483648", "-2147483649", "9223372036854775808", "true", "\"1\""}) {
    INFO(text);
    CHECK(refused([&] { (void)as(text).as<int>(); }));
    const Scripted s({{.body = text}});
    CHECK(refused([&] { (void)s.kv().get_as<int>("k"); }));
  }
  CHECK(refused([&] { (void)as("-1").as<unsigned>(); }));
  CHECK(refused([&] { (void)as("256").as<std::uint8_t>(); }));
  CHECK(refused([&] { (void)as("18446744073709551616").as<std::uint64_t>(); }));
  CHECK(refused([&] { (void)as("9223372036854775808").as<std::int64_t>(); }));
  CHECK(refused([&] { (void)as("1").as<bool>(); }));
  CHECK(refused([&] { (void)as("1e39").as<float>(); }));
  CHECK(refused([&] { (void)as("true").as<double>(); }));

  CHECK(as("2.0").as<int>() == 2);
  CHECK(as("-1e3").as<int>() == -1000);
  CHECK(as("-2147483648").as<int>() == std::numeric_limits<int>::min());
  CHECK(as("9223372036854775807").as<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
  CHECK(as("18446744073709551615").as<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  CHECK(as("255").as<std::uint8_t>() == 255);
  CHECK(as("0.1").as<float>() == 0.1F);
  CHECK(as("3").as<double>() == 3.0);
  CHECK(as("true").as<bool>());
}
