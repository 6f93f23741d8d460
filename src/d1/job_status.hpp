#pragma once

// Reads the replies of the import and export endpoints, which have the same form.

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

/// Reads the status in a reply. A failed job is a value, not an error.
[[nodiscard]] Result<JobStatus> read_job_status(detail::Reply& reply);

/// The error of a job that ended with "error"; `text` says what that means.
[[nodiscard]] Error job_error(const JobStatus& status, std::string text, const detail::Reply& reply);

/// A request to a signed URL, without credential. An error unless the URL is https. Plain http is allowed with
/// `allow_plain_http`, or to loopback if the base URL is plain http too.
[[nodiscard]] Result<detail::Request> signed_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                                     const std::string& url);

}  // namespace cloudflare::ops
