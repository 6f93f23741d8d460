// expects: JSON cannot become this type: give it a from_json(const nlohmann::json&, T&)
#include <cloudflare/cloudflare.hpp>

struct Settings {
  int volume = 0;
};

std::optional<Settings> settings_of(const cloudflare::KvNamespace& kv) { return kv.get_as<Settings>("settings"); }
