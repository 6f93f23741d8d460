#pragma once

// What the fuzz targets share. A target is a function of an input; it ends the process when a promise is broken.
//
//   FUZZ_TARGET(base64) { require(decoded(encoded(in.rest())) == in.rest(), "base64 changes bytes"); }

#include <cloudflare/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace fuzz {

/// The bytes of one run, from which a target takes its choices and then its text.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  /// The next byte; 0 at the end.
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  /// A number below `bound`, which is not 0.
  std::size_t below(std::size_t bound) { return bound <= 256 ? byte() % bound : (byte() * 256U + byte()) % bound; }
  /// The text up to the next byte 0xFF or the end.
  std::string text() {
    const std::size_t end = std::min(bytes_.find('\xFF'), bytes_.size());
    std::string found(bytes_.substr(0, end));
    bytes_.remove_prefix(std::min(end + 1, bytes_.size()));
    return found;
  }
  [[nodiscard]] std::string rest() const { return std::string(bytes_); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

using Target = void (*)(Input);

/// All targets by name.
inline std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

struct Registered {
  Registered(const char* name, Target target) { targets().emplace(name, target); }
};

#define FUZZ_TARGET(NAME)                                              \
  static void fuzz_##NAME(fuzz::Input in);                             \
  static const fuzz::Registered registered_##NAME(#NAME, fuzz_##NAME); \
  static void fuzz_##NAME([[maybe_unused]] fuzz::Input in)

/// Ends the process if a promise does not hold; libFuzzer keeps the input then.
inline void require(bool holds, std::string_view promise, std::string_view shown = {}) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %.*s\n%.*s\n", static_cast<int>(promise.size()), promise.data(),
               static_cast<int>(shown.size()), shown.empty() ? "" : shown.data());
  std::abort();
}

/// Whether `call` returns; a cloudflare::Error is the other way it may end.
template <class Call>
bool succeeds(Call&& call) {
  try {
    call();
    return true;
  } catch (const cloudflare::Error&) {
    return false;
  }
}

}  // namespace fuzz
