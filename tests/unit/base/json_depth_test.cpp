// JSON nested deeper than limits::json_depth, wherever it comes in: an error that names the limit, and never a crash.

#include <cloudflare/edgebase.hpp>
#include <cloudflare/limits.hpp>
#include <cloudflare/vectorize.hpp>

#include "../engine/core_support.hpp"

using namespace core_tests;
using cf::ErrorKind;
using nlohmann::json;

namespace {

constexpr std::size_t deep = 100'000;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}
std::string lists(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }
std::string objects(std::size_t depth) { return repeated(R"({"a":)", depth) + "1" + std::string(depth, '}'); }

/// An envelope with one message in `list`, whose causes are nested `depth` deep.
std::string envelope(const std::string& list, bool success, std::size_t depth) {
  return std::string(R"({"success":)") + (success ? "true" : "false") + R"(,"result":[],")" + list + R"(":[)" +
         repeated(R"({"code":1,"message":"m","error_chain":[)", depth) + repeated("]}", depth) + "]}";
}

void names_the_limit(const cf::Error& error, ErrorKind kind) {
  INFO(error.what());
  CHECK(error.kind() == kind);
  CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("nested more than 100 deep"));
}

/// Nested by moves alone, as a program may come by it.
json nested(std::size_t depth) {
  json value = 1;
  for (std::size_t i = 0; i < depth; ++i) {
    json outer = json::array();
    outer.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

const std::vector<float> vector{1};

}  // namespace

TEST_CASE("a reply whose error_chain is nested 100 000 deep is an error of its status that names the limit") {
  const Scripted s({{.status = 400, .body = envelope("errors", false, deep)},
                    {.status = 200, .body = envelope("messages", true, deep)},
                    {.status = 400, .body = envelope("errors", false, 40)}});
  names_the_limit(error_of([&] { (void)s.kv().list_page(); }), ErrorKind::rejected);
  names_the_limit(error_of([&] { (void)s.kv().list_page(); }), ErrorKind::decode);
  const auto usual = error_of([&] { (void)s.kv().list_page(); });
  const cf::Message* message = &usual.messages().front();
  std::size_t depth = 1;
  for (; !message->error_chain.empty(); message = &message->error_chain.front()) ++depth;
  CHECK(depth == 40);
}

TEST_CASE("vector metadata nested more than 100 deep is refused, with and without checks of limits") {
  for (const bool check : {true, false})
    for (const std::string& text : {objects(101), objects(deep), R"({"a":)" + lists(deep) + "}"}) {
      const Scripted s;
      const auto index = s.client({.check_limits = check}).vectorize("docs");
      const cf::vectorize::Vector one{.id = "a", .values = {1}, .metadata = cf::JsonText::raw(text)};
      const auto error = error_of([&] { (void)index.insert({one}); });
      if (check && text.size() > cf::limits::vectorize_metadata_bytes)
        CHECK(error.kind() == ErrorKind::invalid_argument);  // its size is checked first
      else
        names_the_limit(error, ErrorKind::invalid_argument);
      CHECK(s.count() == 0);
    }
  const Scripted s({ok(R"({"mutationId":"m"})")});
  const cf::vectorize::Vector one{.id = "a", .values = {1}, .metadata = cf::JsonText::raw(objects(100))};
  CHECK(s.client().vectorize("docs").insert({one}).id == "m");
}

TEST_CASE("a filter nested more than 100 deep is refused, with and without checks of limits") {
  for (const bool check : {true, false})
    for (const std::string& text :
         {R"({"a":{"$in":)" + lists(101) + "}}", R"({"a":)" + lists(deep) + "}", objects(deep)}) {
      const Scripted s;
      const auto index = s.client({.check_limits = check}).vectorize("docs");
      const auto error = error_of([&] { (void)index.query(vector, {.top_k = 1, .filter = cf::JsonText::raw(text)}); });
      if (check && text.size() > cf::limits::vectorize_filter_bytes)
        CHECK(error.kind() == ErrorKind::invalid_argument);
      else
        names_the_limit(error, ErrorKind::invalid_argument);
      CHECK(s.count() == 0);
    }
}

TEST_CASE("without checks of limits a filter is one JSON object all the same, for it is spliced into the request") {
  for (const char* text : {R"({"a":{"b":1}},"topK":1000)", R"({"a":{"b":1})", R"({"a":{"b":}})", R"({"a":[1,tru]})"}) {
    INFO(text);
    const Scripted s;
    const auto index = s.client({.check_limits = false}).vectorize("docs");
    const auto error = error_of([&] { (void)index.query(vector, {.filter = cf::JsonText::raw(text)}); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK(s.count() == 0);
  }
}

TEST_CASE("JSON text nested more than 100 deep is not converted") {
  names_the_limit(error_of([] { (void)cf::JsonText::raw(lists(101)).as<json>(); }), ErrorKind::decode);
  names_the_limit(error_of([] { (void)cf::JsonText::raw(objects(deep)).as<std::map<std::string, json>>(); }),
                  ErrorKind::decode);
  CHECK(cf::JsonText::raw(lists(100)).as<json>().size() == 1);
  const std::string brackets = R"([")" + std::string(200, '[') + R"(\"[",[]])";  // brackets in text do not nest
  CHECK(cf::JsonText::raw(brackets).as<json>().size() == 2);
  const Scripted s({{.body = lists(deep)}, ok(lists(deep))});
  names_the_limit(error_of([&] { (void)s.kv().get_as<json>("k"); }), ErrorKind::decode);
  names_the_limit(error_of([&] { (void)s.client().request("GET", "/x"); }), ErrorKind::decode);
}

TEST_CASE("a JSON value of the caller nested more than 100 deep is refused before sending") {
  const json value = nested(deep);
  const Scripted s;
  names_the_limit(error_of([&] { s.kv().put_json("k", value); }), ErrorKind::invalid_argument);
  names_the_limit(s.kv().checked().put_json("k", value).error(), ErrorKind::invalid_argument);
  names_the_limit(s.client().checked().request("POST", "/x", value).error(), ErrorKind::invalid_argument);
  const auto index = s.client().vectorize("docs");
  names_the_limit(index.checked().query(vector, {.filter = value}).error(), ErrorKind::invalid_argument);
  names_the_limit(s.kv().checked().put("k", "v", {.metadata = value}).error(), ErrorKind::invalid_argument);
  CHECK(s.count() == 0);
}
