#include "d1/job_status.hpp"

#include "http/url.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;

std::string text_of(json::value value) { return value.is_null() ? std::string() : detail::text_of(value); }

void read_result(json::value value, JobStatus& status) {
  detail::each_member(value, [&](std::string_view name, json::value member) {
    if (name == "final_bookmark")
      status.final_bookmark = text_of(member);
    else if (name == "num_queries")
      status.num_queries = member.is_null() ? 0 : detail::integer(member);
    else if (name == "meta")
      status.meta = read_meta(member);
    else if (name == "filename")
      status.filename = text_of(member);
    else if (name == "signed_url")
      status.signed_url = text_of(member);
  });
}

}  // namespace

Result<JobStatus> read_job_status(detail::Reply& reply) {
  auto status = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the status",
                                  [](json::document& document) {
                                    JobStatus read;
                                    std::string errors;
                                    for (auto field : document.get_object()) {
                                      const std::string_view name = field.unescaped_key();
                                      json::value value = field.value();
                                      if (name == "success") {
                                        read.success = value.is_null() || value.get_bool();
                                      } else if (name == "status") {
                                        read.status = text_of(value);
                                      } else if (name == "error") {
                                        read.error = text_of(value);
                                      } else if (name == "errors" && !value.is_null()) {
                                        for (auto item : value.get_array())
                                          errors += (errors.empty() ? "" : "; ") + text_of(item.value());
                                      } else if (name == "at_bookmark") {
                                        read.bookmark = text_of(value);
                                      } else if (name == "filename") {
                                        read.filename = text_of(value);
                                      } else if (name == "upload_url") {
                                        read.upload_url = text_of(value);
                                      } else if (name == "messages" && !value.is_null()) {
                                        for (auto item : value.get_array())
                                          read.messages.push_back(text_of(item.value()));
                                      } else if (name == "result") {
                                        read_result(value, read);
                                      }
                                    }
                                    if (read.error.empty()) read.error = std::move(errors);
                                    return read;
                                  });
  if (!status) return about_reply(status.error(), reply);
  return status;
}

Error job_error(const JobStatus& status, std::string text, const detail::Reply& reply) {
  ErrorDetails d = inner_failure(status.error, 0).details();
  d.text = std::move(text);
  return about_reply(Error(std::move(d)), reply);
}

Result<detail::Request> signed_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                       const std::string& url) {
  const auto target = detail::url_parts(url);
  if (!target) return Error(ErrorKind::decode, "the server gave a signed URL that is neither https nor http");
  const ClientOptions& options = *context.options;
  const auto base = detail::url_parts(options.base_url);
  const bool local = target->loopback && base && !base->https;
  if (!target->https && !options.allow_plain_http && !local)
    return Error(ErrorKind::decode,
                 "the server gave a signed URL over plain http; what it carries would travel in the open");
  detail::Request request = detail::request_for(endpoint, context, {});
  request.http.url = url;
  request.authenticated = false;
  return request;
}

}  // namespace cloudflare::ops
