// Settings of a program as JSON in Workers KV: defaults, an upgrade of old ones, an update that keeps what it does not
// know.

#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <cstdio>

namespace cf = cloudflare;

struct Settings {
  std::string theme = "light";
  int font_size = 12;
};
// Fields that a stored text lacks keep their defaults.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Settings, theme, font_size)

Settings settings_of(const cf::KvNamespace& kv, const std::string& user) {
  return kv.get_as<Settings>("settings/" + user).value_or(Settings());
}

int main() {
  cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("settings").id);
  const auto show = [&](const char* user) {
    const Settings settings = settings_of(kv, user);
    std::printf("%s: %s, %d\n", user, settings.theme.c_str(), settings.font_size);
  };

  show("ada");  // nothing is stored yet
  kv.put_json("settings/ada", Settings{.theme = "dark", .font_size = 14});
  show("ada");

  kv.put("settings/bob", R"({"theme":"dark"})");  // from a version without font sizes
  show("bob");

  kv.put("settings/eve", R"({"theme":"dark","font_size":"large"})");
  try {
    show("eve");
  } catch (const cf::Error& error) {
    std::printf("eve: %s\n", std::string(cf::to_string(error.kind())).c_str());
  }
}
