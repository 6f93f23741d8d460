#include "local/edgebase/handlers.hpp"

#include <algorithm>
#include <array>

#include "local/service.hpp"
#include "local/tokens.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

constexpr std::size_t edgebase_body_limit = 110'000'000;
// EdgeBase checks the body before the key. Here only small bodies are read before the key is checked.
constexpr std::int64_t body_limit_without_key = 64L << 10;

struct Product {
  std::string_view segment;
  std::string_view noun;
  std::string_view actions;  // with blanks around each; empty if there are none
  bool (*declared)(const EdgeBaseResources&, const std::string& name);
  void (*check)(const EdgeBaseCall&);
  std::string (*run)(Account&, const EdgeBaseResources&, EdgeBaseCall);
};

constexpr std::array products{
    Product{"kv", "KV namespace", " get set delete list ",
            [](const EdgeBaseResources& known, const std::string& name) { return known.namespaces.contains(name); },
            edgebase_check_kv, edgebase_kv},
    Product{"d1", "D1 database", "",
            [](const EdgeBaseResources& known, const std::string& name) { return known.databases.contains(name); },
            edgebase_check_d1, edgebase_d1},
    Product{"vectorize", "Vectorize index", " upsert insert search queryById getByIds delete describe ",
            [](const EdgeBaseResources& known, const std::string& name) { return known.indexes.contains(name); },
            edgebase_check_vectorize, edgebase_vectorize},
};

std::string refused(int status, std::string_view message) {
  ObjectWriter body;
  body.number("code", status).text("message", message);
  return std::move(body).take();
}

const Product& product_of(const Request& request) {
  const auto& path = request.segments();
  const auto* found = std::find_if(products.begin(), products.end(),
                                   [&](const Product& p) { return path.size() == 3 && p.segment == path[1]; });
  if (found == products.end() || request.method() != "POST") throw EdgeBaseRefusal{404, "There is no such route."};
  return *found;
}

void check_media_type(const Request& request) {
  if (!has_media_type(request, "application/json"))
    throw EdgeBaseRefusal{415, "The content type must be application/json."};
}

EdgeBaseCall read_call(const Product& product, Request& request) {
  check_media_type(request);
  const auto text = request.body(edgebase_body_limit);
  if (!text) throw EdgeBaseRefusal{413, "The request is too large."};
  JsonProblem problem{};
  auto json = parse_json(*text, &problem);
  if (!json && problem == JsonProblem::malformed) throw EdgeBaseRefusal{400, "The body is not JSON."};
  if (!json) throw EdgeBaseRefusal{400, "The body cannot be read: " + to_text(problem) + "."};
  if (!json->is(Json::Kind::object)) throw EdgeBaseRefusal{400, "The body must be a JSON object."};
  EdgeBaseCall call{.name = request.segments()[2], .body = std::move(*json)};
  if (!product.actions.empty()) {
    edgebase_check_kind(call, "action", Json::Kind::string);
    if (const Json* action = call.find("action")) call.action = action->string;
    if (call.action.empty() || product.actions.find(" " + call.action + " ") == std::string_view::npos)
      throw EdgeBaseRefusal{400, "'action' must be one of:" + std::string(product.actions)};
  }
  product.check(call);
  return call;
}

void check_access(const EdgeBaseResources& known, const Product& product, const Request& request) {
  const std::string& name = request.segments()[2];
  if (!product.declared(known, name))
    throw EdgeBaseRefusal{404, std::string(product.noun) + " '" + name + "' is not in the configuration."};
  const std::string_view key = request.header("x-edgebase-service-key");
  if (key.empty()) throw EdgeBaseRefusal{403, "X-EdgeBase-Service-Key is required."};
  if (!same_secret(key, known.key())) throw EdgeBaseRefusal{401, "The X-EdgeBase-Service-Key is wrong."};
}

Reply json_reply(int status, std::string body) {
  return {.status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)};
}

Reply to_reply(const EdgeBaseRefusal& refusal) {
  return json_reply(refusal.status, refused(refusal.status, refusal.message));
}

// Judges any request under /api by its head: the documented checks in their order, except those of the body.
Judgement judge(const EdgeBaseResources& known, const Request& request) {
  try {
    const Product& product = product_of(request);
    const auto length = parse_integer(request.header("content-length"));
    if (length && *length >= 0 && *length <= body_limit_without_key) return {.body_bytes = body_limit_without_key};
    check_media_type(request);
    check_access(known, product, request);
    return {.body_bytes = edgebase_body_limit};
  } catch (const EdgeBaseRefusal& refusal) {
    return {.refusal = to_reply(refusal)};
  }
}

// Answers any request under /api.
Reply answer(Account& account, const EdgeBaseResources& known, Request& request) {
  try {
    const Product& product = product_of(request);
    EdgeBaseCall call = read_call(product, request);
    check_access(known, product, request);
    account.rate_limits.count_request();
    return json_reply(200, product.run(account, known, std::move(call)));
  } catch (const EdgeBaseRefusal& refusal) {
    return to_reply(refusal);
  } catch (const ApiError& error) {
    // The stores themselves refused the request.
    const int status = error.status == 429 || error.status >= 500 ? error.status : 400;
    Reply reply = json_reply(status, refused(status, error.message));
    if (error.retry_after) reply.headers.push_back({"retry-after", std::to_string(*error.retry_after)});
    return reply;
  }
}

}  // namespace

const std::string& EdgeBaseCall::text(std::string_view member) const {
  const Json* value = find(member);
  if (value == nullptr || !value->is(Json::Kind::string) || value->string.empty())
    throw EdgeBaseRefusal{400, "'" + std::string(member) + "' is required."};
  return value->string;
}

void edgebase_check_kind(const EdgeBaseCall& call, std::string_view member, Json::Kind kind) {
  const Json* value = call.find(member);
  if (value != nullptr && !value->is(kind))
    throw EdgeBaseRefusal{400, "'" + std::string(member) + "' has the wrong type."};
}

void Cloudflare::serve_edgebase(const EdgeBaseOptions& options) {
  Account& account = service_->account();
  auto known =
      std::make_shared<const EdgeBaseResources>(options, account.kv, account.d1, account.vectorize, *account.clock);
  service_->set_api_routes([known](Account& on, Request& request) { return answer(on, *known, request); },
                           [known](const Account&, const Request& request) { return judge(*known, request); });
}

}  // namespace cloudflare::local
