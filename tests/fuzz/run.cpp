// libFuzzer's entry. The environment variable FUZZ_TARGET names the target.

#include <cstdint>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Target target = [] {
    const char* name = std::getenv("FUZZ_TARGET");
    const auto found = fuzz::targets().find(name != nullptr ? name : "");
    if (found != fuzz::targets().end()) return found->second;
    std::fprintf(stderr, "FUZZ_TARGET names none of:");
    for (const auto& [known, function] : fuzz::targets()) std::fprintf(stderr, " %s", known.c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }();
  target(fuzz::Input(std::string_view(reinterpret_cast<const char*>(data), size)));
  return 0;
}
