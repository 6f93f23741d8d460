// expects: this type cannot become JSON: give it a to_json(nlohmann::json&, const T&)
#include <cloudflare/cloudflare.hpp>

struct Settings {
  int volume = 0;
};

void keep(const cloudflare::KvNamespace& kv, const Settings& settings) { kv.put_json("settings", settings); }
