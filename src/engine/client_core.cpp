#include "engine/client_core.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include <cloudflare/http/transport.hpp>
#include <cloudflare/limits.hpp>
#include <cloudflare/version.hpp>

#include "base/encode.hpp"
#include "base/wipe.hpp"
#include "engine/budget.hpp"
#include "engine/io_thread.hpp"
#include "engine/loop.hpp"
#include "http/url.hpp"

namespace cloudflare::detail {

struct CredentialAccess {
  static const std::string& text(const ApiToken& token) { return token.token_; }
  static const std::string& email(const EmailKey& pair) { return pair.email_; }
  static const std::string& key(const EmailKey& pair) { return pair.key_; }
  static const std::string& text(const edgebase::ServiceKey& key) { return key.key_; }
  static std::string text(const TokenProvider& provider) { return provider.provide_(); }
  static bool given(const TokenProvider& provider) { return static_cast<bool>(provider.provide_); }
  static void wipe(AnyCredential& credential) {
    if (auto* const token = std::get_if<ApiToken>(&credential)) detail::wipe(token->token_);
    if (auto* const pair = std::get_if<EmailKey>(&credential)) detail::wipe(pair->key_);
    if (auto* const key = std::get_if<edgebase::ServiceKey>(&credential)) detail::wipe(key->key_);
  }
};

CommonHeaders::~CommonHeaders() {
  wipe(headers);
  for (std::string& secret : secrets) wipe(secret);
}

KeptCredential::~KeptCredential() { CredentialAccess::wipe(value); }

namespace {

// Catches the usual mistakes: a pasted newline, quotes around the token, a typographic quote or dash.
void require_sendable(std::string_view what, std::string_view text) {
  if (text.empty()) throw invalid_argument(std::string(what) + " is empty");
  const auto bad = std::find_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f || c == '"' || c == '\'' || c == '`';
  });
  if (bad == text.end()) return;
  throw invalid_argument(std::string(what) +
                         " holds a space, control character, quote or non-ASCII letter at position " +
                         std::to_string(bad - text.begin()) + "; was it pasted with something around it?");
}

void require_sendable(const AnyCredential& credential) {
  if (const auto* token = std::get_if<ApiToken>(&credential)) {
    require_sendable("the API token", CredentialAccess::text(*token));
  } else if (const auto* pair = std::get_if<EmailKey>(&credential)) {
    require_sendable("the e-mail address", CredentialAccess::email(*pair));
    require_sendable("the API key", CredentialAccess::key(*pair));
  } else if (const auto* key = std::get_if<edgebase::ServiceKey>(&credential)) {
    require_sendable("the service key", CredentialAccess::text(*key));
  } else if (!CredentialAccess::given(std::get<TokenProvider>(credential))) {
    throw invalid_argument("the token provider is empty");
  }
}

// The headers of a credential. Nothing is built in a list of initialisers, whose copies stay in memory.
CommonHeaders common_headers_of(Header agent, std::string name, std::string value) {
  CommonHeaders common;
  common.headers.reserve(3);
  common.headers.push_back(std::move(agent));
  common.headers.push_back({std::move(name), std::move(value)});
  return common;
}

CommonHeaders with_bearer(Header agent, std::string token) {
  CommonHeaders common = common_headers_of(std::move(agent), "Authorization", "Bearer " + token);
  common.secrets.push_back(std::move(token));
  return common;
}

// Null for a provider, which is called for each attempt.
std::shared_ptr<const CommonHeaders> with_credential(Header agent, const AnyCredential& credential) {
  auto common = std::make_shared<CommonHeaders>();
  if (const auto* token = std::get_if<ApiToken>(&credential)) {
    *common = with_bearer(std::move(agent), CredentialAccess::text(*token));
  } else if (const auto* service = std::get_if<edgebase::ServiceKey>(&credential)) {
    const std::string& key = CredentialAccess::text(*service);
    *common = common_headers_of(std::move(agent), "X-EdgeBase-Service-Key", key);
    common->secrets.push_back(key);
  } else if (const auto* pair = std::get_if<EmailKey>(&credential)) {
    const std::string& email = CredentialAccess::email(*pair);
    const std::string& key = CredentialAccess::key(*pair);
    *common = common_headers_of(std::move(agent), "X-Auth-Email", email);
    common->headers.push_back({"X-Auth-Key", key});
    common->secrets.push_back(key);
    common->secrets.push_back(email);
  } else {
    return nullptr;
  }
  return common;
}

// Clients of one credential share one rate budget.
std::size_t hash_of(const CommonHeaders& common) {
  std::size_t hash = 0;
  for (const std::string& secret : common.secrets) hash = hash * 31 + std::hash<std::string>()(secret);
  return hash;
}

void require_account(std::string_view id) {
  if (!is_id(id) || id.size() > limits::account_id_chars)
    throw invalid_argument("the account id must be 1 to 32 characters of [A-Za-z0-9_-]");
}

std::string default_user_agent() {
  return "cloudflare-cpp/" + std::to_string(CLOUDFLARE_VERSION_MAJOR) + '.' + std::to_string(CLOUDFLARE_VERSION_MINOR) +
         '.' + std::to_string(CLOUDFLARE_VERSION_PATCH);
}

void require_share(double reserve) {
  if (!(reserve >= 0 && reserve <= 1)) throw invalid_argument("budget_reserve must be from 0 to 1");
}

void require_positive(const ClientOptions& o) {
  using std::chrono::milliseconds;
  if (o.timeout <= milliseconds(0) || o.connect_timeout <= milliseconds(0) || o.stall_timeout <= milliseconds(0))
    throw invalid_argument("timeouts must be positive");
  if (o.backoff_base < milliseconds(0) || o.backoff_cap < milliseconds(0))
    throw invalid_argument("backoff times must not be negative");
  if (o.max_attempts < 1) throw invalid_argument("max_attempts must be at least 1");
  if (o.in_flight < 1) throw invalid_argument("in_flight must be at least 1");
  require_share(o.budget_reserve);
  for (const auto& tracer : o.tracers)
    if (!tracer) throw invalid_argument("a tracer is null");
  if (o.reply_limit == 0) throw invalid_argument("reply_limit must be positive");
}

}  // namespace

ClientCore::ClientCore(AnyCredential credential, ClientOptions options)
    : credential_{std::move(credential)}, options_(std::move(options)), io_(std::make_unique<IoThread>(*this)) {
  require_sendable(credential_.value);
  require_account(options_.account_id);
  require_positive(options_);
  const BaseUrl base = parse_base_url(options_.base_url);
  if (!base.https && !base.loopback && !options_.allow_plain_http)
    throw invalid_argument(
        "the base URL is plain http to a host that is not loopback; credentials would travel in the open");
  options_.base_url = base.text;
  server_ = static_cast<const UrlParts&>(base);

  if (options_.user_agent.empty()) options_.user_agent = default_user_agent();
  for (const char c : options_.user_agent)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw invalid_argument("the user agent holds a control character");
  common_headers_ = with_credential(user_agent(), credential_.value);

  const bool cloudflare_itself = base.host == "api.cloudflare.com" && !options_.transport;
  if (options_.rate_budget.value_or(cloudflare_itself)) {
    // A rotating token has no text to compare.
    budget_ = common_headers_ ? budget_of(hash_of(*common_headers_)) : std::make_shared<RateBudget>();
  }
  if (!options_.clock) options_.clock = Clock::system();
  if (!options_.transport) options_.transport = make_curl_transport({.ca_file = options_.ca_file});
}

ClientCore::~ClientCore() = default;

std::shared_ptr<const CommonHeaders> ClientCore::common_headers() const {
  if (common_headers_) return common_headers_;
  std::string token = CredentialAccess::text(std::get<TokenProvider>(credential_.value));
  require_sendable("the API token from the provider", token);
  return std::make_shared<const CommonHeaders>(with_bearer(user_agent(), std::move(token)));
}

bool ClientCore::renewed(const CommonHeaders& used) const {
  if (common_headers_) return false;
  try {
    return common_headers()->secrets != used.secrets;
  } catch (const Error&) {  // what the server said of the old token tells more
    return false;
  }
}

std::size_t ClientCore::paced_budget(const CallOptions& call) const {
  const double kept = limits::requests_per_window * call.budget_reserve.value_or(options_.budget_reserve);
  return std::max<std::size_t>(1, limits::requests_per_window - static_cast<std::size_t>(std::llround(kept)));
}

double ClientCore::random() {
  const std::lock_guard lock(mutex_);
  return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
}

void ClientCore::run(Flow& flow, const CallOptions& call) {
  auto loop = lease();
  loop->run(flow, call);
  give_back(std::move(loop));
}

std::unique_ptr<Loop> ClientCore::lease() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto loop = std::move(idle_.back());  // the last one used, as its connections are warmest
      idle_.pop_back();
      return loop;
    }
  }
  return std::make_unique<Loop>(*this);
}

void ClientCore::give_back(std::unique_ptr<Loop> loop) {
  constexpr std::size_t kept = 16;
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kept) idle_.push_back(std::move(loop));
}

OpenClient::~OpenClient() { core_->io().shut_down(); }

Context open_client(AnyCredential credential, ClientOptions options) {
  const bool edgebase = std::holds_alternative<edgebase::ServiceKey>(credential);
  auto core = std::make_shared<ClientCore>(std::move(credential), std::move(options));
  Context context;
  context.options = std::shared_ptr<const ClientOptions>(core, &core->options());
  context.edgebase = edgebase;
  context.client = std::make_shared<OpenClient>(std::move(core));
  return context;
}

void drive(const Context& context, Flow& flow) {
  const Context kept = context;  // a callback may destroy the handle that this call came through
  kept.client->core()->run(flow, kept.call);
}

Context with_options(Context context, const CallOptions& options) {
  if (options.timeout && *options.timeout <= std::chrono::milliseconds(0))
    throw invalid_argument("the timeout of a call must be positive");
  if (options.max_attempts && *options.max_attempts < 1) throw invalid_argument("max_attempts must be at least 1");
  if (options.in_flight && *options.in_flight < 1) throw invalid_argument("in_flight must be at least 1");
  if (options.budget_reserve) require_share(*options.budget_reserve);
  const auto add = [](auto& to, const auto& from) {
    if (from) to = from;
  };
  CallOptions& call = context.call;
  add(call.timeout, options.timeout);
  add(call.max_attempts, options.max_attempts);
  add(call.in_flight, options.in_flight);
  add(call.check_limits, options.check_limits);
  add(call.budget_reserve, options.budget_reserve);
  add(call.replay_safe, options.replay_safe);
  add(call.trace_parent, options.trace_parent);
  if (options.stop.stop_possible()) call.stop = options.stop;
  return context;
}

}  // namespace cloudflare::detail
