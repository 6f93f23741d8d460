// The main of every test program. Besides running the cases it writes one line for each to the file named by
// CLOUDFLARE_TEST_COUNTS, as it goes: a program that crashes leaves what it did so far and no closing line.
#if __has_include(<catch2/catch_all.hpp>)
#include "support/catch.hpp"
using ListenerBase = Catch::EventListenerBase;
#else
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"
using ListenerBase = Catch::TestEventListenerBase;
#endif

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

namespace {

std::string running_case;  // NOLINT(cert-err58-cpp)
std::string skip_reason;   // empty: not skipped
unsigned cases_run = 0;

std::ofstream& counts() {
  static std::ofstream file = [] {
    const char* path = std::getenv("CLOUDFLARE_TEST_COUNTS");
    return path != nullptr ? std::ofstream(path, std::ios::trunc | std::ios::binary) : std::ofstream();
  }();
  return file;
}

class Counter : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    running_case = info.name;
    skip_reason.clear();
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    ++cases_run;
    const bool failed = stats.totals.testCases.failed != 0;
    if (!failed && !skip_reason.empty()) {
      counts() << "skipped " << running_case << ": " << skip_reason << std::endl;
    } else {
      counts() << (failed ? "failed " : "passed ") << running_case << std::endl;
    }
  }

  void testRunEnded(const Catch::TestRunStats&) override { counts() << "end" << std::endl; }
};

}  // namespace

CATCH_REGISTER_LISTENER(Counter)

namespace cloudflare_tests {

void note_skip(const char* reason) {
  skip_reason = reason;
  std::cerr << "SKIPPED: " << running_case << ": " << reason << std::endl;
}

}  // namespace cloudflare_tests

int main(int argc, char** argv) {
  Catch::Session session;
  if (const int error = session.applyCommandLine(argc, argv); error != 0) return error;
  const int result = session.run();
  const auto& config = session.configData();
  const bool listing = config.showHelp || config.listTests || config.listTags || config.listReporters;
  if (result == 0 && cases_run == 0 && !listing) {
    std::cerr << "no test case ran\n";
    return 1;
  }
  return result;
}
