#include <cloudflare/metrics.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <mutex>
#include <utility>

namespace cloudflare {

namespace prometheus {

using std::chrono::nanoseconds;

// OpenTelemetry's semantic conventions, "HTTP metrics": the advised bounds of http.client.request.duration, in seconds.
constexpr std::array<double, 14> bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};

// Pairs of name and value, which stand between the braces of a series. The values come from this library's tables,
// and methods are letters, so nothing needs escaping.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string text_of(Labels labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text.append(text.empty() ? "" : ",").append(name).append("=\"").append(value).append("\"");
  return text;
}

std::string text_of(double number) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

double seconds_of(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

struct Histogram {
  std::array<std::uint64_t, bounds.size() + 1>
      counts{};  // not cumulative; the last one counts what is above all bounds
  nanoseconds sum{0};

  void observe(nanoseconds time) {
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), seconds_of(time)) - bounds.begin();
    ++counts[static_cast<std::size_t>(at)];
    sum += time;
  }
};

template <class Value>
using Series = std::map<std::string, Value, std::less<>>;  // by the text of its labels

class Exposition {
 public:
  std::string take() { return std::move(text_); }

  void family(std::string_view name, std::string_view type, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::string_view name, std::string_view labels, const std::string& value) {
    text_.append(name);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(value).append("\n");
  }
  void histogram(const std::string& name, std::string_view help, const Series<Histogram>& series) {
    family(name, "histogram", help);
    for (const auto& [labels, histogram] : series) {
      std::uint64_t below = 0;
      for (std::size_t i = 0; i <= bounds.size(); ++i) {
        below += histogram.counts[i];
        const std::string bound = i < bounds.size() ? text_of(bounds[i]) : "+Inf";
        sample(name + "_bucket", std::string(labels).append(",le=\"").append(bound).append("\""),
               std::to_string(below));
      }
      sample(name + "_sum", labels, text_of(seconds_of(histogram.sum)));
      sample(name + "_count", labels, std::to_string(below));
    }
  }
  void counter(std::string_view name, std::string_view help, const Series<std::uint64_t>& series) {
    family(name, "counter", help);
    for (const auto& [labels, count] : series) sample(name, labels, std::to_string(count));
  }

 private:
  std::string text_{};
};

}  // namespace prometheus

using namespace prometheus;

struct Metrics::Counts {
  mutable std::mutex mutex{};
  Series<Histogram> requests{};
  Series<Histogram> operations{};
  Series<std::uint64_t> sent{};
  Series<std::uint64_t> received{};
  Series<std::uint64_t> resends{};
  Series<std::uint64_t> connections{};
  Series<nanoseconds> queued{};
  std::int64_t active = 0;
};

Metrics::Metrics() : counts_(std::make_unique<Counts>()) {}
Metrics::~Metrics() = default;

void Metrics::attempt_begins(const AttemptTrace&, std::vector<Header>&) {
  const std::lock_guard lock(counts_->mutex);
  ++counts_->active;
}

void Metrics::attempt_ends(const AttemptTrace& attempt) {
  const std::string status = attempt.status == 0 ? "" : std::to_string(attempt.status);
  const std::string request = text_of({{"operation", attempt.operation},
                                       {"http_request_method", attempt.method},
                                       {"http_response_status_code", status},
                                       {"error_type", attempt.error_type}});
  const std::string operation = text_of({{"operation", attempt.operation}});
  Counts& counts = *counts_;
  const std::lock_guard lock(counts.mutex);
  --counts.active;
  counts.requests[request].observe(attempt.duration);
  counts.sent[operation] += attempt.bytes_sent;
  counts.received[operation] += attempt.bytes_received;
  counts.resends[operation] += attempt.resend_count > 0 ? 1 : 0;
  counts.queued[operation] += attempt.queued;
  if (attempt.connection_reused)
    ++counts.connections[text_of({{"reused", *attempt.connection_reused ? "true" : "false"}})];
}

void Metrics::operation_ends(const OperationTrace& operation) {
  const std::string labels = text_of({{"operation", operation.operation}, {"error_type", operation.error_type}});
  const std::lock_guard lock(counts_->mutex);
  counts_->operations[labels].observe(operation.duration);
}

std::string Metrics::prometheus() const {
  Exposition text;
  const Counts& counts = *counts_;
  const std::lock_guard lock(counts.mutex);
  text.histogram("http_client_request_duration_seconds", "Duration of HTTP requests.", counts.requests);
  text.family("http_client_active_requests", "gauge", "HTTP requests under way.");
  text.sample("http_client_active_requests", "", std::to_string(counts.active));
  text.counter("http_client_request_body_bytes_total", "Bytes sent in bodies of requests.", counts.sent);
  text.counter("http_client_response_body_bytes_total", "Bytes received in bodies of replies.", counts.received);
  text.histogram("cloudflare_client_operation_duration_seconds",
                 "Duration of operations with their repetitions and pauses.", counts.operations);
  text.counter("cloudflare_client_resends_total", "HTTP requests that repeat another.", counts.resends);
  text.family("cloudflare_client_queue_seconds_total", "counter", "Wait for the rate budget or a connection.");
  for (const auto& [labels, time] : counts.queued)
    text.sample("cloudflare_client_queue_seconds_total", labels, text_of(seconds_of(time)));
  text.counter("cloudflare_client_connections_total", "HTTP requests by whether they reused a connection.",
               counts.connections);
  return text.take();
}

}  // namespace cloudflare
