#include "bulk/faulty_transport.hpp"

#include <nlohmann/json.hpp>

namespace bulk_tests {

namespace cf = cloudflare;
using nlohmann::json;

namespace {

cf::HttpResponse refused(int status, int code) {
  const json body{{"success", false},
                  {"errors", {{{"code", code}, {"message", "injected"}}}},
                  {"messages", json::array()},
                  {"result", nullptr}};
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

[[noreturn]] void cut() {
  throw cf::Error(cf::ErrorDetails{
      .kind = cf::ErrorKind::transport, .text = "the connection was cut", .delivery = cf::Delivery::unknown});
}

}  // namespace

cf::HttpResponse FaultyTransport::send(const cf::HttpRequest& request, const cf::TransferLimits& limits) {
  ++requests_;
  if (!chance(share_)) return inner_->send(request, limits);
  const bool bulk_write = request.url.ends_with("/bulk") || request.url.ends_with("/bulk/delete");
  const int first = bulk_write ? 0 : 1;  // only bulk writes can leave items out
  const auto fault = static_cast<Fault>(std::uniform_int_distribution<int>(first, 6)(random_));
  ++shown_[fault];
  switch (fault) {
    case Fault::left_out: return with_items_left_out(request, limits);
    case Fault::too_large: return refused(413, 10011);
    case Fault::timeout_before: return {.status = 524, .body = "error code: 524"};
    case Fault::timeout_after: (void)inner_->send(request, limits); return {.status = 524, .body = "error code: 524"};
    case Fault::cut_before: cut();
    case Fault::cut_after: (void)inner_->send(request, limits); cut();
    case Fault::throttled: break;
  }
  cf::HttpResponse reply = refused(429, 971);
  reply.headers.push_back({"Retry-After", std::to_string(1 + random_() % 3)});
  return reply;
}

// A tenth of the items does not reach the server, and the reply names them.
cf::HttpResponse FaultyTransport::with_items_left_out(const cf::HttpRequest& request,
                                                      const cf::TransferLimits& limits) {
  json kept = json::array();
  json left_out = json::array();
  for (json& item : json::parse(request.body.text())) {
    if (chance(0.1))
      left_out.push_back(item.is_string() ? item : item["key"]);
    else
      kept.push_back(std::move(item));
  }
  cf::HttpRequest part = request;
  part.body = cf::Body(kept.dump());
  cf::HttpResponse reply = inner_->send(part, limits);
  if (reply.status != 200) return reply;
  json body = json::parse(reply.body);
  body["result"] = {{"successful_key_count", kept.size()}, {"unsuccessful_keys", left_out}};
  reply.body = body.dump();
  return reply;
}

}  // namespace bulk_tests
