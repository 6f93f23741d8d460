// Readers of NDJSON and CSV: begun again at any place that they gave, they read the same items.

#include <cloudflare/files/readers.hpp>

#include <sstream>
#include <vector>

#include "fuzz.hpp"

namespace {

namespace cf = cloudflare;

std::string shown(const cf::kv::Entry& e) {
  std::string out = e.key + '\1' + e.value + '\1' + e.metadata.text();
  if (e.ttl) out += "\1ttl" + std::to_string(e.ttl->count());
  if (e.expiration) out += "\1at" + std::to_string(e.expiration->time_since_epoch().count());
  return out;
}
std::string shown(const cf::vectorize::Vector& v) {
  std::string out = v.id + '\1' + v.ns + '\1' + v.metadata.text();
  for (const float value : v.values) out += '\1' + std::to_string(value);
  return out;
}

struct Seen {
  std::vector<std::string> items{};
  std::vector<cf::FilePosition> places{};
  std::string error{};
};

template <class Read>
Seen read_all(Read read, const std::string& text, const cf::ReadOptions& options) {
  Seen seen;
  try {
    std::istringstream in(text);
    auto file = read(in, options);
    seen.places.push_back(file.position());
    for (auto& item : file) {
      seen.items.push_back(shown(item));
      seen.places.push_back(file.position());
    }
  } catch (const cf::Error& error) {
    seen.error = error.what();
  }
  return seen;
}

template <class Read>
void resume_anywhere(Read read, fuzz::Input in) {
  cf::ReadOptions options;
  options.max_item_bytes = in.below(4) == 0 ? 40 : 1'000'000;
  const std::size_t chosen = in.byte();
  const std::string text = in.rest();
  const Seen whole = read_all(read, text, options);
  // Each place of a short file, and some of a long one.
  const std::size_t step = whole.places.size() / 64 + 1;
  for (std::size_t at = chosen % step; at < whole.places.size(); at += step) {
    options.from = whole.places[at];
    if (at > 0)
      fuzz::require(options.from.offset <= text.size() && options.from.items == at, "a place is in the file", text);
    const Seen rest = read_all(read, text, options);
    fuzz::require(std::equal(rest.items.begin(), rest.items.end(),
                             whole.items.begin() + static_cast<std::ptrdiff_t>(std::min(at, whole.items.size())),
                             whole.items.end()),
                  "a reader that begins at a place reads what follows it", text);
    fuzz::require(rest.error == whole.error, "it meets the same error on the same line",
                  rest.error + " / " + whole.error);
  }
}

}  // namespace

FUZZ_TARGET(readers) {
  using std::istream;
  switch (in.below(4)) {
    case 0: return resume_anywhere([](istream& s, const auto& options) { return cf::kv::read_ndjson(s, options); }, in);
    case 1: return resume_anywhere([](istream& s, const auto& options) { return cf::kv::read_csv(s, options); }, in);
    case 2: return resume_anywhere([](istream& s, const auto& o) { return cf::vectorize::read_ndjson(s, o); }, in);
    default: return resume_anywhere([](istream& s, const auto& o) { return cf::vectorize::read_csv(s, o); }, in);
  }
}
