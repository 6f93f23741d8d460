#pragma once

// Records for the client's log hook.

#include <string_view>

#include <cloudflare/detail/flow.hpp>

namespace cloudflare::detail {

/// Makes a log record only if there is a log hook; `fill` sets the fields specific to the event.
template <class Fill>
void log(const ClientOptions& options, LogLevel level, std::string_view event, const Request& request, int attempt,
         Fill fill) {
  if (!options.log || level > options.log_level) return;
  LogRecord record{.level = level,
                   .event = event,
                   .operation = request.endpoint->name,
                   .method = request.http.method,
                   .attempt = attempt,
                   .request_bytes = request.http.body.size().value_or(0)};
  fill(record);
  options.log(record);
}

}  // namespace cloudflare::detail
