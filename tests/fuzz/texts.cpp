// The small encoders and readers of text, each against its inverse.

#include <cloudflare/json_text.hpp>
#include <cloudflare/limits.hpp>
#include <cloudflare/testing/fake_clock.hpp>
#include <nlohmann/json.hpp>

#include <zlib.h>

#include <array>
#include <cstring>

#include "base/encode.hpp"
#include "base/json_check.hpp"
#include "engine/retry.hpp"
#include "fuzz.hpp"
#include "http/gunzip.hpp"
#include "http/url.hpp"
#include "local/http/multipart.hpp"

namespace detail = cloudflare::detail;
using fuzz::require;

FUZZ_TARGET(encodings) {
  const std::string text = in.rest();
  std::string base64;
  detail::append_base64(base64, text);
  require(detail::is_base64(base64) && detail::base64_decoded(base64) == text, "base64 gives back the bytes", text);
  // What is decoded strictly is what the encoder writes.
  if (const auto bytes = detail::base64_decoded(text)) {
    std::string again;
    detail::append_base64(again, *bytes);
    require(again.size() == text.size(), "base64 has one length", text);
    require(detail::is_base64(text), "what decodes is base64", text);
  }
  std::string percent;
  detail::append_percent_encoded(percent, text);
  require(detail::percent_decoded(percent) == text, "percent-encoding gives back the bytes", text);
  (void)detail::percent_decoded(text);

  if (const auto time = detail::parse_rfc3339(text)) {
    const std::string written = detail::format_rfc3339(*time);
    // Times outside the years 0 to 9999, which an offset can reach, are written as the nearest one.
    if (const auto again = detail::parse_rfc3339(written); again != time)
      require(written.starts_with("0000-") || written.starts_with("9999-"), "a time is written as it was read", text);
  }
  std::vector<float> values(text.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), text.data(), values.size() * sizeof(float));
  std::string array;
  if (detail::append_floats(array, values))
    require(nlohmann::json::parse(array).get<std::vector<float>>() == values, "floats read back", array);
  (void)detail::is_id(text);

  std::int64_t number = 0;
  std::memcpy(&number, text.data(), std::min(sizeof number, text.size()));
  std::string digits;
  detail::append_number(digits, number);
  require(std::stoll(digits) == number, "a number reads back", digits);
  // Brackets that a text does not close go one level deeper each.
  const std::size_t levels = text.size() % 256;
  require(
      detail::nested_too_deep("[\"\\\"[\"" + std::string(levels, '{')) == (levels + 1 > cloudflare::limits::json_depth),
      "depth is counted outside of strings");
  (void)detail::nested_too_deep(text);

  const bool utf8 = detail::is_utf8(text);
  const auto parsed = [](const std::string& json) { return nlohmann::json::parse(json, nullptr, false); };
  if (utf8) {
    std::string json;
    require(detail::append_json_string(json, text), "a text has a JSON string");
    require(parsed(json) == nlohmann::json(text), "a JSON string gives back the text", json);
    std::string none;
    require(!detail::append_json_string(none, text, json.size() - 1) && none.empty(), "a bound is kept", text);
  }
  nlohmann::json probe = text;
  require(utf8 == (probe.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore) ==
                   probe.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
          "what is UTF-8 is no matter of opinion", text);
}

namespace {

// An error of any kind, as a server or a transport may have caused it.
cloudflare::Error any_error(fuzz::Input& in) {
  using cloudflare::ErrorKind;
  static constexpr std::array<int, 10> statuses{0, 200, 400, 408, 429, 500, 501, 503, 525, 526};
  cloudflare::ErrorDetails details;
  details.kind = static_cast<ErrorKind>(in.below(static_cast<std::size_t>(ErrorKind::callback) + 1));
  details.http_status = statuses[in.below(statuses.size())];
  details.delivery = static_cast<cloudflare::Delivery>(in.below(3));
  if (const std::size_t said = in.below(3); said != 0) details.retryable = said == 1;
  if (in.below(2) == 1) details.retry_after = std::chrono::seconds(in.byte() * 1'000'000'000LL);
  return cloudflare::Error(std::move(details));
}

// What is sent again for a careful class of requests is sent again for a less careful one; a pause keeps its bounds.
void check_repeats(fuzz::Input& in) {
  using std::chrono::milliseconds;
  const cloudflare::Error error = any_error(in);
  using detail::Repeat;
  require(!detail::may_repeat(Repeat::once, error) || detail::may_repeat(Repeat::idempotent, error),
          "what is repeated for a write is repeated for an idempotent one");
  require(!detail::may_repeat(Repeat::idempotent, error) || detail::may_repeat(Repeat::read, error),
          "what is repeated for an idempotent write is repeated for a read");
  if (error.details().delivery == cloudflare::Delivery::unknown &&
      error.details().kind != cloudflare::ErrorKind::rate_limited)
    require(!detail::may_repeat(Repeat::once, error), "what may have been executed is not repeated");
  const detail::RetryLimits limits{.backoff_base = milliseconds(in.byte() * 100),
                                   .backoff_cap = milliseconds(in.byte() * 1'000)};
  const int attempt = static_cast<int>(in.byte());
  const double random = in.byte() / 256.0;
  const milliseconds pause = detail::pause_before_repeat(limits, attempt, error, random);
  require(pause.count() >= 0, "a pause is not negative");
  if (error.retry_after()) require(pause >= *error.retry_after(), "a pause is as long as the server asks");
}

}  // namespace

FUZZ_TARGET(times) {
  const std::string text = in.text();
  check_repeats(in);
  (void)detail::parse_http_date(text);
  const cloudflare::testing::FakeClock clock;
  std::vector<cloudflare::Header> headers{{"Retry-After", text}};
  if (const auto pause = detail::parse_retry_after(headers, clock.wall()))
    require(pause->count() >= 0, "Retry-After is never negative", text);
  headers.push_back({"Date", "Sun, 06 Nov 1994 08:49:37 GMT"});
  if (const auto pause = detail::parse_retry_after(headers, clock.wall()))
    require(pause->count() >= 0, "Retry-After is never negative", text);
}

FUZZ_TARGET(urls) {
  const std::string text = in.rest();
  fuzz::succeeds([&] {
    const detail::BaseUrl url = detail::parse_base_url(text);
    require(url.bare && !url.host.empty() && url.port > 0 && url.port < 65'536, "a base URL has host and port", text);
    require(!url.text.ends_with('/'), "a base URL ends without a slash", url.text);
    const auto again = detail::parse_base_url(url.text);
    require(again.text == url.text && again.host == url.host && again.port == url.port, "a base URL is stable", text);
    const auto longer = detail::url_parts(url.text + "/accounts/a");
    require(longer && longer->host == url.host && longer->port == url.port, "a path does not change the host", text);
  });
  (void)detail::url_parts(text);
}

FUZZ_TARGET(gzip) {
  const std::size_t piece = 1 + in.below(9);
  const std::string text = in.rest();
  constexpr std::size_t most = 1 << 20;  // no bombs
  const auto unpacked = [&](std::string_view bytes, std::size_t step, bool& whole) {
    detail::Gunzip gunzip;
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      if (!gunzip.feed(bytes.substr(at, step), [&](std::string_view part) { return out.append(part).size() < most; }))
        break;
    whole = gunzip.whole();
    return out;
  };
  bool whole = false;
  bool whole_in_pieces = false;
  const std::string at_once = unpacked(text, text.size() + 1, whole);
  const std::string in_pieces = unpacked(text, piece, whole_in_pieces);
  if (whole && at_once.size() < most) require(whole_in_pieces && at_once == in_pieces, "the pieces do not matter");
}

FUZZ_TARGET(multipart) {
  const std::string type = in.text();
  const std::string body = in.rest();
  (void)cloudflare::local::is_multipart(type);
  for (const auto& [name, content] : cloudflare::local::parse_multipart(type, body)) {
    require(!name.empty(), "a part has a name");
    require(content.data() >= body.data() && content.data() + content.size() <= body.data() + body.size(),
            "a part lies in the body");
  }
}
