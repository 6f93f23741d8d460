#include "d1/common.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using std::to_string;

// JSON numbers become doubles on the server; these are the largest integers that a double holds without loss.
constexpr std::int64_t largest_exact = 1LL << 53;

constexpr std::string_view beyond_double =
    "an integer beyond 2^53 would be rounded on the server; pass it as text and write CAST(? AS INTEGER)";

struct Append {
  std::string& out;

  std::optional<Error> operator()(std::nullptr_t) const {
    out.append("null");
    return std::nullopt;
  }
  std::optional<Error> operator()(std::int64_t value) const {
    if (value > largest_exact || value < -largest_exact) return invalid_argument(std::string(beyond_double));
    detail::append_number(out, value);
    return std::nullopt;
  }
  std::optional<Error> operator()(std::uint64_t value) const {
    if (value > static_cast<std::uint64_t>(largest_exact)) return invalid_argument(std::string(beyond_double));
    return (*this)(static_cast<std::int64_t>(value));
  }
  std::optional<Error> operator()(double value) const {
    if (!std::isfinite(value)) return invalid_argument("NaN and infinity cannot be sent; JSON has no such number");
    std::array<char, 32> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
    return std::nullopt;
  }
  std::optional<Error> operator()(const std::string& text) const {
    if (!detail::is_utf8(text)) return invalid_argument("the text is not UTF-8; pass bytes as d1::Blob");
    detail::append_json_string(out, text);
    return std::nullopt;
  }
  std::optional<Error> operator()(const d1::Blob& bytes) const {
    out.push_back('[');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i != 0) out.push_back(',');
      detail::append_number(out, std::to_integer<std::int64_t>(bytes[i]));
    }
    out.push_back(']');
    return std::nullopt;
  }
};

std::size_t bytes_of(const d1::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.stored())) return text->size();
  if (const auto* blob = std::get_if<d1::Blob>(&value.stored())) return blob->size();
  return 0;
}

std::optional<Error> check_sizes(const SqlShape& shape, const d1::Params& params) {
  if (shape.longest > limits::d1_statement_bytes)
    return invalid_argument("the statement has " + to_string(shape.longest) +
                            " bytes; at most 100000 are allowed (import takes SQL files of any length)");
  if (params.size() > limits::d1_parameters)
    return invalid_argument("there are " + to_string(params.size()) +
                            " parameters; at most 100 are allowed (insert_many splits rows, in_list binds many values "
                            "as one)");
  return std::nullopt;
}

}  // namespace

std::optional<Error> check_database_id(std::string_view id) {
  const auto good = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
  };
  if (id.size() == 36 && std::all_of(id.begin(), id.end(), good)) return std::nullopt;
  return invalid_argument("the database id must be a UUID; d1_databases().get(name) tells the id of a name");
}

Result<detail::Request> database_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                         std::string_view id) {
  if (auto error = check_database_id(id)) return std::move(*error);
  return detail::account_request(endpoint, context, {id});
}

std::optional<Error> append_parameter(std::string& json, const d1::Value& value) {
  return std::visit(Append{json}, value.stored());
}

std::optional<Error> append_statement(std::string& json, std::string_view sql, const SqlShape& shape,
                                      const d1::Params& params, const RequestContext& context,
                                      std::string_view member) {
  if (!detail::is_utf8(sql)) return invalid_argument("the SQL is not UTF-8");
  if (shape.statements == 0) return invalid_argument("the SQL holds no statement");
  const bool limits = detail::checks_limits(context);
  if (auto error = limits ? check_sizes(shape, params) : std::nullopt) return error;
  json.append(R"({")").append(member).append(R"(":)");
  detail::append_json_string(json, with_plain_lines(sql));
  if (!params.empty()) json.append(R"(,"params":[)");
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (i != 0) json.push_back(',');
    const std::size_t bytes = bytes_of(params[i]);
    auto error = limits && bytes > limits::d1_value_bytes
                     ? invalid_argument("it has " + to_string(bytes) + " bytes; at most 2000000 are allowed")
                     : append_parameter(json, params[i]);
    if (error) return invalid_argument("parameter " + to_string(i + 1) + ": " + error->details().text);
  }
  if (!params.empty()) json.push_back(']');
  json.push_back('}');
  return std::nullopt;
}

d1::Meta read_meta(json::value value) {
  d1::Meta meta;
  const auto number = [](json::value v) {
    return v.type() == json::json_type::number ? std::optional(v.get_double().value()) : std::nullopt;
  };
  const auto whole = [](json::value v) {
    return v.type() == json::json_type::number ? std::optional(detail::integer(v)) : std::nullopt;
  };
  const auto text = [](json::value v) {
    return v.type() == json::json_type::string ? std::optional(detail::string(v)) : std::nullopt;
  };
  const auto flag = [](json::value v) {
    return v.type() == json::json_type::boolean ? std::optional(v.get_bool().value()) : std::nullopt;
  };
  detail::each_member(value, [&](std::string_view name, json::value member) {
    if (name == "duration")
      meta.duration_ms = number(member);
    else if (name == "changes")
      meta.changes = whole(member);
    else if (name == "last_row_id")
      meta.last_row_id = whole(member);
    else if (name == "changed_db")
      meta.changed_db = flag(member);
    else if (name == "rows_read")
      meta.rows_read = whole(member);
    else if (name == "rows_written")
      meta.rows_written = whole(member);
    else if (name == "size_after")
      meta.size_after = whole(member);
    else if (name == "served_by")
      meta.served_by = text(member);
    else if (name == "served_by_colo")
      meta.served_by_colo = text(member);
    else if (name == "served_by_region")
      meta.served_by_region = text(member);
    else if (name == "served_by_primary")
      meta.served_by_primary = flag(member);
    else if (name == "total_attempts")
      meta.total_attempts = whole(member);
    else if (name == "timings")
      detail::each_member(member, [&](std::string_view part, json::value timing) {
        if (part == "sql_duration_ms") meta.sql_duration_ms = number(timing);
      });
  });
  return meta;
}

Error about_reply(const Error& error, const detail::Endpoint& endpoint, const HttpResponse& reply) {
  ErrorDetails d = error.details();
  d.operation = endpoint.name;
  d.attempts = std::max(d.attempts, 1);
  d.http_status = reply.status;
  if (const std::string* ray = find_header(reply.headers, "cf-ray")) d.ray_id = *ray;
  if (const std::string* node = find_header(reply.headers, "cf-d1")) d.cf_d1 = *node;
  return Error(std::move(d));
}

Error inner_failure(std::string text, int code) {
  const auto meaning = meaning_of(text);
  const bool overloaded = code == static_cast<int>(ErrorCode::d1_overloaded);
  ErrorDetails d{.kind = meaning      ? meaning->kind
                         : overloaded ? ErrorKind::overloaded
                                      : ErrorKind::rejected,
                 .text = "the reply is a success, but a result in it says success:false",
                 .delivery = meaning ? meaning->delivery.value_or(Delivery::answered) : Delivery::answered};
  d.messages.push_back({.code = code, .message = std::move(text)});
  return Error(std::move(d));
}

}  // namespace cloudflare::ops
