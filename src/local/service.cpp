#include "local/service.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <string_view>
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

void append_two_digits(std::string& out, int number) {
  out += static_cast<char>('0' + number / 10);
  out += static_cast<char>('0' + number % 10);
}

// IMF-fixdate of RFC 9110. Written by hand: snprintf was seen in the profile of a read.
std::string format_http_date(std::chrono::sys_seconds time) {
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out(days.substr(std::size_t{3} * std::chrono::weekday(day).c_encoding(), 3));
  out += ", ";
  append_two_digits(out, static_cast<int>(static_cast<unsigned>(date.day())));
  out += ' ';
  out += months.substr(std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3);
  out += ' ';
  append_two_digits(out, static_cast<int>(date.year()) / 100);
  append_two_digits(out, static_cast<int>(date.year()) % 100);
  char before = ' ';
  for (const auto part : {clock.hours().count(), clock.minutes().count(), clock.seconds().count()}) {
    out += std::exchange(before, ':');
    append_two_digits(out, static_cast<int>(part));
  }
  return out += " GMT";
}

// A signed URL carries its permission in the query. Any other request needs a credential before it learns anything.
bool is_signed(const Request& request) { return request.segments().front() == "signed"; }

// 16 hexadecimal digits that no other reply of this process has. It counts, since random bytes take half as long as a
// read.
std::string next_ray() {
  constexpr std::uint64_t top_bit = std::uint64_t{1} << 63U;  // so that there are always 16
  static std::atomic<std::uint64_t> count = std::stoull(random_hex(8), nullptr, 16);
  std::array<char, 16> digits{};
  std::to_chars(digits.data(), digits.data() + digits.size(), count++ | top_bit, 16);
  return std::string(digits.data(), digits.size()) + "-LCL";
}

HttpResponse to_response(Reply&& reply, const Clock& clock) {
  HttpResponse response{.status = reply.status, .headers = std::move(reply.headers), .body = std::move(reply.body)};
  response.headers.push_back({"date", format_http_date(clock.wall())});
  response.headers.push_back({"cf-ray", next_ray()});
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
