#include "local/service.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include <cloudflare/limits.hpp>

#include "base/encode.hpp"
#include "local/routes.hpp"
#include "local/storage/call_limits.hpp"
#include "local/storage/sqlite.hpp"
#include "local/tokens.hpp"

namespace cloudflare::local {

namespace {

bool is_account_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::account_id_chars && detail::is_id(text);
}

void check_account(const Account& account, const Request& request) {
  const auto& path = request.segments();
  if (path.size() < 4 || path[2] != "accounts") return;
  if (!is_account_id(path[3])) throw unroutable(request);
  if (path[3] != account.options.account_id)
    throw ApiError{.status = 403, .code = 10000, .message = "Authentication error"};
}

// IMF-fixdate of RFC 9110.
std::string format_http_date(std::chrono::sys_seconds time) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                                 days.at(std::chrono::weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
                                 months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                                 static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                                 static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// A signed URL carries its permission in the query. Any other request needs a credential before it learns anything.
bool is_signed(const Request& request) { return request.segments().front() == "signed"; }

HttpResponse to_response(Reply&& reply, const Clock& clock) {
  HttpResponse response{.status = reply.status, .headers = std::move(reply.headers), .body = std::move(reply.body)};
  response.headers.push_back({"date", format_http_date(clock.wall())});
  response.headers.push_back({"cf-ray", random_hex(8) + "-LCL"});
  return response;
}

class StringSink final : public Sink {
 public:
  explicit StringSink(std::string& out) : out_(out) {}
  void write(std::string_view bytes) override { out_.append(bytes); }

 private:
  std::string& out_;
};

}  // namespace

Reply Service::answer(const HttpRequest& http) {
  try {
    Request request(http);
    if (request.segments().front() == "api" && api_routes_) return api_routes_(account_, request);
    if (!is_signed(request)) {
      authenticate(account_, request);
      account_.rate_limits.count_request();
      check_account(account_, request);
    }
    return find_route(request).handler(account_, request);
  } catch (const ApiError& error) {
    return to_reply(error);
  } catch (const SqliteError& error) {
    CallLimits::current().check();
    return to_reply({.status = 500, .code = 10001, .message = std::string("internal error: ") + error.what()});
  } catch (const simdjson::simdjson_error& error) {  // its parser has no memory: handlers refuse what is not JSON
    return to_reply({.status = 500, .code = 10001, .message = std::string("internal error: ") + error.what()});
  }
}

Judgement Service::judge(const HttpRequest& head) {
  Request request(head);
  if (request.segments().front() == "api" && api_gate_) return api_gate_(account_, request);
  if (!is_signed(request)) {
    authenticate(account_, request);
    check_account(account_, request);
  }
  const Route& route = find_route(request);
  if (route.gate != nullptr)
    if (auto refusal = route.gate(account_, request)) return {.refusal = std::move(refusal)};
  return {.body_bytes = route.body_bytes};
}

Admission Service::admit(const HttpRequest& head) {
  Judgement judgement;
  try {
    judgement = judge(head);
  } catch (const ApiError& error) {
    judgement.refusal = to_reply(error);
  }
  if (!judgement.refusal) return {.body_bytes = judgement.body_bytes};
  return {.refusal = to_response(*std::move(judgement.refusal), *account_.clock)};
}

HttpResponse Service::send(const HttpRequest& request, const TransferLimits& given) {
  const CallLimits limits(given.deadline, given.stop);
  limits.check();
  Reply reply = answer(request);
  const auto stream = std::exchange(reply.stream, nullptr);
  HttpResponse response = to_response(std::move(reply), *account_.clock);
  const bool to_sink = request.sink && response.status >= 200 && response.status < 300;
  if (stream) {
    StringSink memory(response.body);
    try {
      stream(to_sink ? *request.sink : memory);
    } catch (const SqliteError& error) {  // its beginning may have been taken: as if the connection broke
      limits.check();
      throw Error(ErrorDetails{.kind = ErrorKind::transport,
                               .text = std::string("the store broke off its reply: ") + error.what(),
                               .delivery = Delivery::unknown});
    }
  } else if (to_sink) {
    if (!response.body.empty()) request.sink->write(response.body);
    response.body.clear();
  }
  if (response.body.size() > request.reply_limit)
    throw Error(ErrorKind::too_large,
                "the reply is larger than the limit of " + std::to_string(request.reply_limit) + " bytes");
  return response;
}

}  // namespace cloudflare::local
