// Bookmarks, and restoring them.

#include "d1/common.hpp"

#include <cloudflare/detail/d1_job_ops.hpp>

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

Result<d1::RestoreResult> read_bookmarks(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the bookmark",
                           [](json::document& document) {
                             d1::RestoreResult read;
                             for (auto field : document.get_object()) {
                               const std::string_view name = field.unescaped_key();
                               json::value value = field.value();
                               if (value.is_null()) continue;
                               if (name == "bookmark")
                                 read.bookmark = detail::string(value);
                               else if (name == "previous_bookmark")
                                 read.previous_bookmark = detail::string(value);
                               else if (name == "message")
                                 read.message = detail::string(value);
                             }
                             return read;
                           });
}

Call<d1::RestoreResult> restore(const RequestContext& context, std::string_view id, std::string_view name,
                                std::string_view value) {
  auto request = database_request(d1_endpoint("d1.restore"), context, id);
  if (request) detail::add_query(*request, name, value);
  return {std::move(request), read_bookmarks};
}

}  // namespace

Call<std::string> d1_bookmark(const RequestContext& context, std::string_view id,
                              std::optional<std::chrono::sys_seconds> at) {
  auto request = database_request(d1_endpoint("d1.bookmark"), context, id);
  if (request && at) detail::add_query(*request, "timestamp", detail::format_rfc3339(*at));
  return {std::move(request), [](Reply&& reply) -> Result<std::string> {
            auto read = read_bookmarks(std::move(reply));
            if (!read) return read.error();
            if (read->bookmark.empty()) return Error(ErrorKind::decode, "the reply holds no bookmark");
            return std::move(read->bookmark);
          }};
}

Call<d1::RestoreResult> d1_restore(const RequestContext& context, std::string_view id, std::string_view bookmark) {
  if (bookmark.empty()) return Call<d1::RestoreResult>(invalid_argument("the bookmark is empty"));
  return restore(context, id, "bookmark", bookmark);
}

Call<d1::RestoreResult> d1_restore(const RequestContext& context, std::string_view id, std::chrono::sys_seconds time) {
  return restore(context, id, "timestamp", detail::format_rfc3339(time));
}

}  // namespace cloudflare::ops
