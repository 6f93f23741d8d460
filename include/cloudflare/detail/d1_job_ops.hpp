#pragma once

// The long jobs of D1, defined in src/d1/: each is written once and run by every view.

#include <memory>
#include <string>
#include <string_view>

#include <cloudflare/d1/jobs.hpp>
#include <cloudflare/detail/flow.hpp>
#include <cloudflare/http/body.hpp>

namespace cloudflare::ops {

using detail::Call;
using detail::FlowPtr;
using detail::RequestContext;

/// MD5, init, upload, ingest, poll.
CLOUDFLARE_API FlowPtr<d1::ImportResult> d1_import(const RequestContext& context, std::string_view id, Body sql,
                                                   const d1::ImportOptions& options);
CLOUDFLARE_API FlowPtr<d1::ImportResult> d1_import_file(const RequestContext& context, std::string_view id,
                                                        const std::string& path, const d1::ImportOptions& options);
/// Export, poll, download.
CLOUDFLARE_API FlowPtr<d1::ExportResult> d1_export(const RequestContext& context, std::string_view id,
                                                   std::shared_ptr<Sink> sink, const d1::ExportOptions& options);
CLOUDFLARE_API FlowPtr<d1::ExportResult> d1_export_to_file(const RequestContext& context, std::string_view id,
                                                           const std::string& path, const d1::ExportOptions& options);
/// One request asks what was applied; then one request for each file that was not.
CLOUDFLARE_API FlowPtr<d1::MigrateResult> d1_migrate(const RequestContext& context, std::string_view id,
                                                     const std::string& folder, const d1::MigrateOptions& options);

CLOUDFLARE_API Call<std::string> d1_bookmark(const RequestContext& context, std::string_view id,
                                             std::optional<std::chrono::sys_seconds> at);
CLOUDFLARE_API Call<d1::RestoreResult> d1_restore(const RequestContext& context, std::string_view id,
                                                  std::string_view bookmark);
CLOUDFLARE_API Call<d1::RestoreResult> d1_restore(const RequestContext& context, std::string_view id,
                                                  std::chrono::sys_seconds time);

}  // namespace cloudflare::ops
