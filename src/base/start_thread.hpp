#pragma once

#include <functional>
#include <thread>

#include <cloudflare/detail/export.hpp>

namespace cloudflare::detail {

/// A thread that runs `work`. One function for all threads of the library: std::thread adds classes to a program for
/// each type of work. @throws std::system_error  there are no more threads
[[nodiscard]] CLOUDFLARE_API std::thread start_thread(std::function<void()> work);

}  // namespace cloudflare::detail
