#pragma once

// The long jobs of D1, defined in src/ops/d1_*.cpp: each is written once and run by every view.

#include <memory>
#include <string>
#include <string_view>

#include <cloudflare/body.hpp>
#include <cloudflare/d1_jobs.hpp>
#include <cloudflare/detail/flow.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::Context;

struct JobStatus;

/// MD5, init, upload, ingest, poll.
class CLOUDFLARE_API D1Import final : public detail::FlowOf<d1::ImportResult> {
 public:
  D1Import(const Context& context, std::string_view id, Body sql, const d1::ImportOptions& options);
  /// Refused before any request.
  explicit D1Import(Error refused);
  D1Import(D1Import&&) noexcept;
  ~D1Import() override;
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void read_on(detail::Outbox& out);
  void upload(const std::string& url, detail::Outbox& out);
  void post(const detail::Operation& operation, std::string body, detail::Outbox& out);
  void take_status(JobStatus& status, const detail::Operation& operation, const detail::Reply& reply,
                   detail::Outbox& out);
  std::unique_ptr<State> state_;
};
CLOUDFLARE_API D1Import d1_import_file(const Context& context, std::string_view id, const std::string& path,
                                       const d1::ImportOptions& options);

/// Export, poll, download.
class CLOUDFLARE_API D1Export final : public detail::FlowOf<d1::ExportResult> {
 public:
  D1Export(const Context& context, std::string_view id, std::shared_ptr<Sink> sink, const d1::ExportOptions& options);
  /// Refused before any request.
  explicit D1Export(Error refused);
  D1Export(D1Export&&) noexcept;
  ~D1Export() override;
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  friend D1Export d1_export_to_file(const Context& context, std::string_view id, const std::string& path,
                                    const d1::ExportOptions& options);
  struct State;
  void ask(detail::Outbox& out);
  void download(const std::string& url, detail::Outbox& out);
  void take_status(JobStatus& status, const detail::Reply& reply, detail::Outbox& out);
  std::unique_ptr<State> state_;
};
CLOUDFLARE_API D1Export d1_export_to_file(const Context& context, std::string_view id, const std::string& path,
                                          const d1::ExportOptions& options);

CLOUDFLARE_API Call<std::string> d1_bookmark(const Context& context, std::string_view id,
                                             std::optional<std::chrono::sys_seconds> at);
CLOUDFLARE_API Call<d1::RestoreResult> d1_restore(const Context& context, std::string_view id,
                                                  std::string_view bookmark);
CLOUDFLARE_API Call<d1::RestoreResult> d1_restore(const Context& context, std::string_view id,
                                                  std::chrono::sys_seconds time);

/// What was applied, then one request for each file that was not.
class CLOUDFLARE_API D1Migrate final : public detail::FlowOf<d1::MigrateResult> {
 public:
  D1Migrate(const Context& context, std::string_view id, const std::string& folder, const d1::MigrateOptions& options);
  D1Migrate(D1Migrate&&) noexcept;
  ~D1Migrate() override;
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply> reply, detail::Outbox& out) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void apply_next(detail::Outbox& out);
  void fail(const Error& error);
  std::unique_ptr<State> state_;
};

}  // namespace cloudflare::ops
