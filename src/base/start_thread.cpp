#include "base/start_thread.hpp"

#include <utility>

namespace cloudflare::detail {

std::thread start_thread(std::function<void()> work) { return std::thread(std::move(work)); }

}  // namespace cloudflare::detail
