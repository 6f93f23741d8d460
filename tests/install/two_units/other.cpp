#include "all_headers.hpp"

bool other_unit(cloudflare::ApiClient& client) { return !client.kv_namespaces().create("made elsewhere").id.empty(); }
