#pragma once

// Metrics: counters and histograms of what clients do, as text for Prometheus.

#include <memory>
#include <string>

#include <cloudflare/tracer.hpp>

namespace cloudflare {

/// A tracer that counts. Give one to any number of clients (ClientOptions::tracers) and serve prometheus() at /metrics.
/// Thread-safe, with one lock.
///
/// Attempts: `http_client_request_duration_seconds` (histogram by operation, method, status and error type; its
/// `_count` counts the requests), `http_client_active_requests`, `http_client_request_body_bytes_total`,
/// `http_client_response_body_bytes_total`, `cloudflare_client_resends_total`, `cloudflare_client_queue_seconds_total`,
/// `cloudflare_client_connections_total`. Operations: `cloudflare_client_operation_duration_seconds`.
///
/// The names are OpenTelemetry's for HTTP clients as its Prometheus exporter spells them, and the buckets are those
/// that its semantic conventions advise: 5 ms to 10 s. Labels hold no account, key or id. docs/observability.md has the
/// table.
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
