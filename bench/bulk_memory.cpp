// bulk-memory: peak memory of writing 10 M pairs against that of 1 M, and against the bound of what is in flight, over
// a transport that only counts. Each measurement is a process of its own.

#include "counting.hpp"
#include "measure.hpp"
#include "support/memory.hpp"

namespace {

constexpr std::size_t in_flight = 4;

// Prints the peak and the largest body in bytes.
void measure(std::uint64_t count) {
  const auto transport = std::make_shared<bench::CountingTransport>();
  const auto done = bench::client_over(transport).kv("ns").put_many(bench::pairs(count), {.in_flight = in_flight});
  if (!done.complete() || done.requests != count / 10'000) throw std::logic_error("the job did not do its work");
  std::printf("%llu %zu\n", static_cast<unsigned long long>(support::peak_memory()), transport->largest);
}

double first_of(const std::string& text) { return std::stod(text) / 1e6; }

void compare(const std::string& self) {
  const std::string small = bench::output_of(self + " 1000000");
  const std::string large = bench::output_of(self + " 10000000");
  const double body = std::stod(large.substr(large.find(' '))) / 1e6;
  const double bound = in_flight * body + 32 * 1.048576;
  std::printf("1M %.1f %.1f MB <=1.1\n", first_of(large), first_of(small));
  std::printf("bound %.1f %.1f MB <=1\n", first_of(large), bound);
}

std::string program;

}  // namespace

int main(int argc, char** argv) {
  program = argv[0];
  static std::uint64_t count = argc > 1 ? std::stoull(argv[1]) : 0;
  return bench::reported([] { count != 0 ? measure(count) : compare(program); });
}
