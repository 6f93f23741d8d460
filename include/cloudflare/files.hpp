#pragma once

// Files of items: readers of NDJSON and CSV, import, export and comparison of KV namespaces and Vectorize indexes, and
// a progress bar. Link cloudflare::files.

#include <cloudflare/files/import.hpp>
#include <cloudflare/files/kv.hpp>
#include <cloudflare/files/progress_bar.hpp>
#include <cloudflare/files/readers.hpp>
#include <cloudflare/files/vectorize.hpp>
