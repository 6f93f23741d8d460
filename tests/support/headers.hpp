// Precompiled for tests (CLOUDFLARE_PRECOMPILE_TESTS).

#include <atomic>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/testing/fake_clock.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "support/catch.hpp"
