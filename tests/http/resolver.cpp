#include "http/resolver.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>

namespace support {

namespace {

struct State {
  std::mutex mutex{};
  std::condition_variable changed{};
  bool hangs = false;
  std::size_t waiting = 0;
};

// Never destroyed: threads of the resolver may outlive main().
State& state() {
  static State& one = *new State;
  return one;
}

// Longer than any test allows, so that code that waits for the resolver fails its test instead of hanging.
constexpr std::chrono::seconds longest{12};

int hang() {
  State& s = state();
  std::unique_lock lock(s.mutex);
  ++s.waiting;
  s.changed.notify_all();
  s.changed.wait_for(lock, longest, [&s] { return !s.hangs; });
  --s.waiting;
  s.changed.notify_all();
  return EAI_AGAIN;
}

}  // namespace

Hang::Hang() {
  const std::lock_guard lock(state().mutex);
  state().hangs = true;
}

Hang::~Hang() {
  std::unique_lock lock(state().mutex);
  state().hangs = false;
  state().changed.notify_all();
  state().changed.wait(lock, [] { return state().waiting == 0; });
}

void Hang::wait_for(std::size_t n) const {
  std::unique_lock lock(state().mutex);
  state().changed.wait(lock, [n] { return state().waiting >= n; });
}

}  // namespace support

// libcurl's reference to the name is bound to this definition, which comes before the C library's.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name != nullptr && name == std::string_view(support::hanging_host)) return support::hang();
  if (name != nullptr && name == std::string_view(support::known_host)) name = "127.0.0.1";
  return real(name, service, hints, result);
}
