#pragma once

// What the import and export endpoints answer, read the same way for both.

#include <string>
#include <vector>

#include "d1/common.hpp"

namespace cloudflare::ops {

struct JobStatus {
  bool success = true;
  std::string status{};  ///< "active", "complete", "error"; empty beside an upload URL.
  std::string error{};
  std::string bookmark{};
  std::string filename{};
  std::string upload_url{};
  std::string signed_url{};
  std::string final_bookmark{};
  std::int64_t num_queries = 0;
  d1::Meta meta{};
  std::vector<std::string> messages{};

  [[nodiscard]] bool failed() const { return !success || status == "error"; }
};

/// Reads the status in a reply; a job that failed is a value here.
[[nodiscard]] Result<JobStatus> read_job_status(detail::Reply& reply);

/// The error of a job that ended with "error"; `text` says what that means.
[[nodiscard]] Error job_error(const JobStatus& status, std::string text, const detail::Reply& reply);

/// A request to a signed URL: it carries no credential. An error if the URL is not https, nor plain http
/// where the API may be that: with `allow_plain_http`, or to loopback while the base URL is plain http too.
[[nodiscard]] Result<detail::Request> signed_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                                     const std::string& url);

}  // namespace cloudflare::ops
