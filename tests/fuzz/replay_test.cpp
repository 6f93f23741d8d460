// Runs each fuzz target on its seeds, and on large inputs made from them. A broken promise ends the program.

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz.hpp"
#include "support/catch.hpp"

namespace {

std::vector<std::string> seeds(const std::string& target) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(CLOUDFLARE_FUZZ_SEEDS "/" + target)) {
    std::ifstream in(entry.path(), std::ios::binary);
    found.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return found;
}

// `text` again and again, up to `size` bytes.
std::string repeated(std::string_view text, std::size_t size) {
  std::string out;
  out.reserve(size + text.size());
  while (out.size() < size) out.append(text);
  return out;
}

}  // namespace

TEST_CASE("each fuzz target keeps its promises on its seeds, cut at some places too") {
  CHECK(fuzz::targets().size() >= 10);
  for (const auto& [name, target] : fuzz::targets()) {
    const auto found = seeds(name);
    CHECK_FALSE(found.empty());
    for (const std::string& seed : found) {
      target(fuzz::Input(seed));
      for (std::size_t part = 1; part < 4; ++part)
        target(fuzz::Input(std::string_view(seed).substr(0, seed.size() * part / 4)));
    }
  }
}

TEST_CASE("each fuzz target keeps its promises on a megabyte of a seed, and on one that is nested deeply") {
  constexpr std::size_t large = 1 << 20;
  constexpr std::array<std::string_view, 6> nests{"[", "{\"a\":", "(", "\"", "/*", "' "};
  for (const auto& [name, target] : fuzz::targets()) {
    const auto found = seeds(name);
    target(fuzz::Input(repeated(found.front(), large)));
    // The first bytes choose what a target does.
    for (std::size_t at = 0; at < nests.size(); ++at)
      target(fuzz::Input(found[at % found.size()].substr(0, 2) + repeated(nests[at], at == 0 ? large : 20'000)));
  }
}
