#include <cloudflare/limits.hpp>
#include <cloudflare/local/hash_embedder.hpp>
#include <cloudflare/workers_ai.hpp>

#include "base/encode.hpp"
#include "local/workers_ai/handlers.hpp"

namespace cloudflare::local {

namespace {

// Code 5006 is known from public threads; 5007 and 3006 are documented (Cloudflare docs, "Workers AI", errors).
ApiError bad_input(std::string text) {
  return {.status = 400, .code = 5006, .message = "AiError: Bad input: " + std::move(text)};
}

// `text`: one text or at most 100, none of them empty.
std::vector<std::string> texts_of(const Json& body) {
  const Json* text = body.find("text");
  if (text == nullptr) throw bad_input("required properties at '/' are 'text'");
  std::vector<std::string> texts;
  if (text->is(Json::Kind::string)) {
    texts.push_back(text->string);
  } else if (text->is(Json::Kind::array)) {
    for (const Json& item : text->items) {
      if (!item.is(Json::Kind::string)) throw bad_input("type of '/text' is not string or array of strings");
      texts.push_back(item.string);
    }
  } else {
    throw bad_input("type of '/text' is not string or array of strings");
  }
  if (texts.empty() || texts.size() > limits::workers_ai_texts)
    throw bad_input("'/text' holds " + std::to_string(texts.size()) + " texts; 1 to 100 are allowed");
  for (const std::string& one : texts)
    if (one.empty()) throw bad_input("a text of '/text' is empty");
  return texts;
}

std::string pooling_of(const Json& body) {
  const Json* pooling = body.find("pooling");
  if (pooling == nullptr) return "mean";
  if (pooling->string != "mean" && pooling->string != "cls") throw bad_input("'/pooling' is not mean or cls");
  return pooling->string;
}

}  // namespace

Reply workers_ai_run(Account&, Request& request) {
  const std::string model = "@cf/" + request.captured.at(1) + '/' + request.captured.at(2);
  const int dimensions = workers_ai::dimensions_of(model);
  if (dimensions == 0) throw ApiError{.status = 400, .code = 5007, .message = "No such model " + model + " or task"};
  const auto body = request.body(limits::workers_ai_bytes);
  if (!body) throw ApiError{.status = 413, .code = 3006, .message = "Request is too large"};
  const auto json = parse_json(*body);
  if (!json || !json->is(Json::Kind::object)) throw bad_input("the body is not a JSON object");
  const std::vector<std::string> texts = texts_of(*json);
  const std::string pooling = pooling_of(*json);
  std::string data = "[";
  for (const std::vector<float>& vector : HashEmbedder(dimensions).embed(texts))
    cloudflare::detail::append_floats(data.append(data.size() > 1 ? "," : ""), vector);
  ObjectWriter result;
  result.raw("shape", "[" + std::to_string(texts.size()) + "," + std::to_string(dimensions) + "]");
  result.raw("data", data + "]").text("pooling", pooling);
  return ok(std::move(result).take());
}

}  // namespace cloudflare::local
