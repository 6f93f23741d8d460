#pragma once

// Metrics: counters and histograms of what clients do, as text for Prometheus.

#include <memory>
#include <string>

#include <cloudflare/tracer.hpp>

namespace cloudflare {

/// A tracer that counts. Give one to any number of clients (ClientOptions::tracers) and serve prometheus() at /metrics.
/// Thread-safe; a request costs it some hundred nanoseconds under one lock.
///
/// | metric | labels | |
/// |---|---|---|
/// | http_client_request_duration_seconds | operation, http_request_method, http_response_status_code, error_type |
/// histogram of attempts; its `_count` counts them by operation and status | | http_client_active_requests | | gauge:
/// attempts under way | | http_client_request_body_bytes_total, http_client_response_body_bytes_total | operation |
/// counters | | cloudflare_client_operation_duration_seconds | operation, error_type | histogram of operations, with
/// repetitions and pauses | | cloudflare_client_resends_total | operation | attempts that repeat another | |
/// cloudflare_client_queue_seconds_total | operation | wait for the rate budget or a connection | |
/// cloudflare_client_connections_total | reused | attempts by whether their connection was reused, if that is known |
///
/// The names are OpenTelemetry's for HTTP clients as its Prometheus exporter spells them, and the buckets are those
/// that its semantic conventions advise: 5 ms to 10 s. Labels hold no account, key or id.
class CLOUDFLARE_API Metrics final : public Tracer {
 public:
  Metrics();
  ~Metrics() override;

  /// All metrics in Prometheus' text format, version 0.0.4 (`text/plain; version=0.0.4`).
  [[nodiscard]] std::string prometheus() const;

  void attempt_begins(const AttemptTrace& attempt, std::vector<Header>& headers) override;
  void attempt_ends(const AttemptTrace& attempt) override;
  void operation_ends(const OperationTrace& operation) override;

 private:
  struct Counts;
  std::unique_ptr<Counts> counts_;
};

}  // namespace cloudflare
