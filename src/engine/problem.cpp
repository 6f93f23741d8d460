#include "engine/problem.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json_in.hpp"

namespace cloudflare::detail {

namespace {

// What a program or a person may want to know besides the code and the text.
constexpr std::array told_in_meta{"error_name", "error_category", "owner_action_required", "zone", "timestamp"};

std::optional<std::chrono::seconds> seconds_of(json::value value) {
  if (value.type() != json::json_type::number) return std::nullopt;
  const double seconds = value.get_double();
  return std::chrono::seconds(std::llround(std::ceil(std::clamp(seconds, 0.0, 1e9))));
}

std::string string_or_empty(json::value value) {
  return value.type() == json::json_type::string ? string(value) : std::string();
}

}  // namespace

std::optional<Problem> read_problem(std::string& body) {
  auto read = read_json(body, 0, body.size(), "the problem", [](json::document& document) {
    Problem problem;
    Message& message = problem.message;
    std::string title;
    for (auto field : document.get_object()) {
      const std::string_view name = field.unescaped_key();
      json::value value = field.value();
      if (name == "title")
        title = string_or_empty(value);
      else if (name == "detail")
        message.message = string_or_empty(value);
      else if (name == "type")
        message.documentation_url = string_or_empty(value);
      else if (name == "error_code" && value.type() == json::json_type::number)
        message.code = static_cast<int>(integer(value));
      else if (name == "ray_id" || (name == "instance" && problem.ray_id.empty()))
        problem.ray_id = string_or_empty(value);
      else if (name == "retryable" && value.type() == json::json_type::boolean)
        problem.retryable = value.get_bool();
      else if (name == "retry_after")
        problem.retry_after = seconds_of(value);
      else if (std::find(told_in_meta.begin(), told_in_meta.end(), name) != told_in_meta.end())
        message.meta.append(message.meta.empty() ? "{\"" : ",\"").append(name).append("\":").append(raw_text(value));
    }
    if (!message.meta.empty()) message.meta.push_back('}');
    if (message.message.empty()) message.message = std::move(title);
    return problem;
  });
  if (!read || (read->message.code == 0 && read->message.message.empty())) return std::nullopt;
  return *std::move(read);
}

}  // namespace cloudflare::detail
