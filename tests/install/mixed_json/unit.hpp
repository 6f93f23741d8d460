#pragma once

namespace cloudflare {
class KvNamespace;  // users may declare it themselves
}

namespace plain {
void write(const cloudflare::KvNamespace& kv);
bool read(const cloudflare::KvNamespace& kv);
}  // namespace plain

namespace diagnostics {
void write(const cloudflare::KvNamespace& kv);
bool read(const cloudflare::KvNamespace& kv);
}  // namespace diagnostics
