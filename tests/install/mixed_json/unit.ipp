// Included by both objects, each with its own JSON_DIAGNOSTICS. Everything that touches json is instantiated in both.
#include <cloudflare/cloudflare.hpp>

#include "unit.hpp"

namespace {
using nlohmann::json;

struct User {
  std::string name{};
  int age = 0;
};
void to_json(json& j, const User& user) { j = json{{"name", user.name}, {"age", user.age}}; }
void from_json(const json& j, User& user) {
  j.at("name").get_to(user.name);
  j.at("age").get_to(user.age);
}
}  // namespace

void UNIT::write(const cloudflare::KvNamespace& kv) {
  kv.put("braces", "v", {.metadata = {{"lang", "en"}, {"tags", {1, 2, 3}}}});
  json object;
  object["nested"]["list"] = {"a", nullptr, 2.5};
  kv.put("value", "v", {.metadata = object});
  kv.put_json("user", User{"Ada", 36});
  kv.put_json("json", object);
}

bool UNIT::read(const cloudflare::KvNamespace& kv) {
  const auto user = kv.get_as<User>("user");
  const auto text = kv.get_as<json>("json");
  const auto braces = kv.metadata("braces");
  const auto value = kv.metadata("value");
  const auto listed = kv.list_page({.prefix = "value"});
  return user && user->name == "Ada" && user->age == 36 && text && (*text)["nested"]["list"].size() == 3 && braces &&
         braces->as<json>().at("tags").at(2) == 3 && value && value->as<json>() == *text && listed.keys.size() == 1 &&
         listed.keys[0].metadata.as<json>() == *text;
}
