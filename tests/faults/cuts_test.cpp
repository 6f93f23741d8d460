// A connection that is cut at each byte of a request and of its reply, for operations of every product over a real
// store: the call gives all that it gives without the cut, or an Error that says what the store may have done.
//
// CLOUDFLARE_EACH_CUT=1 tries every byte; otherwise a sample of them.

#include <cloudflare/local.hpp>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "faults/cut_operations.hpp"
#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace {

namespace cf = cloudflare;
using namespace fault_tests;
using http_test::FaultServer;
using http_test::Recorded;

/// Where a connection ends.
struct Cut {
  std::size_t request = 0;  ///< From 0, in the order of the wire.
  bool in_reply = false;
  std::size_t at = 0;    ///< So many bytes pass.
  bool goes_on = false;  ///< All later requests are cut as well.
};

/// How long the exchanges of an operation are.
struct Sizes {
  std::size_t request = 0, reply = 0;
};

std::size_t size_of(const Recorded& request) {
  std::size_t size = request.method.size() + request.target.size() + std::string_view("  HTTP/1.1\r\n\r\n").size();
  for (const auto& [name, value] : request.headers) size += name.size() + value.size() + 4;
  return size + static_cast<std::size_t>(request.body_size);
}

/// The store behind a server that cuts connections.
class CutStore {
 public:
  CutStore() {
    cloud_.serve_edgebase(
        {.service_key = "key", .kv = {"cache"}, .d1 = {"analytics"}, .vectorize = {{.name = "docs", .dimensions = 2}}});
    cf::ClientOptions options;
    options.transport = cloud_.transport();
    direct_.emplace(Handles{.client = cloud_.client(),
                            .edge = {"https://edge.example", cf::edgebase::ServiceKey("key"), options},
                            .folder = folder_.file("")});
    direct_->ns = direct_->client.kv_namespaces().create("n").id;
    direct_->database = direct_->client.d1_databases().create("d").uuid;
    prepare(*direct_);
    server_.on_begin([this] {
      const std::lock_guard lock(mutex_);
      const bool now = begun_++ == cut_.request || (cut_.goes_on && begun_ > cut_.request);
      cut_reply_ = now && cut_.in_reply;
      if (!now || cut_.in_reply) return support::never;
      ++cuts_;
      return cut_.at;
    });
    server_.on_request([this](const Recorded& request) { return answer(request); });
  }

  /// The same store without HTTP.
  [[nodiscard]] const Handles& direct() const { return *direct_; }
  /// Clients without connections of earlier calls.
  [[nodiscard]] Handles over_http() const {
    cf::ClientOptions options = http_test::fast(server_.url());
    options.account_id = cloud_.account_id();
    options.max_attempts = 2;
    options.rate_budget = false;
    Handles handles{.client = cf::ApiClient(cf::ApiToken("any"), options),
                    .edge = {server_.origin(), cf::edgebase::ServiceKey("key"), options},
                    .ns = direct_->ns,
                    .database = direct_->database,
                    .folder = direct_->folder};
    return handles;
  }
  void plan(const Cut& cut) {
    const std::lock_guard lock(mutex_);
    cut_ = cut;
    begun_ = cuts_ = 0;
    sizes_.clear();
  }
  [[nodiscard]] std::size_t cuts() const {
    const std::lock_guard lock(mutex_);
    return cuts_;
  }
  [[nodiscard]] std::vector<Sizes> sizes() const {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }

 private:
  support::Answer answer(const Recorded& recorded) {
    cf::HttpRequest request{
        .method = recorded.method, .url = server_.origin() + recorded.target, .body = recorded.body};
    for (const auto& [name, value] : recorded.headers) request.headers.push_back({name, value});
    cf::HttpResponse response = cloud_.transport()->send(request, {});
    support::Answer answer{.status = response.status, .body = std::move(response.body)};
    for (const cf::Header& header : response.headers) answer.headers.emplace_back(header.name, header.value);
    const std::lock_guard lock(mutex_);
    const std::size_t size = support::render(answer, recorded.method).size();
    sizes_.push_back({size_of(recorded), size});
    if (cut_reply_) {
      // D1's times have more digits in one reply than in another.
      answer.stop_at = std::min(cut_.at, size - 1);
      ++cuts_;
    }
    return answer;
  }

  cf::local::Cloudflare cloud_{};
  support::TemporaryFolder folder_{};
  std::optional<Handles> direct_{};
  mutable std::mutex mutex_{};  // of what follows
  Cut cut_{.request = support::never};
  bool cut_reply_ = false;
  std::size_t begun_ = 0, cuts_ = 0;
  std::vector<Sizes> sizes_{};
  FaultServer server_{};  // ends first
};

/// An operation without any cut.
struct Healthy {
  std::string value, before, after;
  std::vector<Sizes> sizes;
};

class Judge {
 public:
  Judge(CutStore& store, const CutOperation& operation) : store_(store), operation_(operation) {
    healthy_.before = prepared();
    store_.plan({.request = support::never});
    healthy_.value = operation_.run(store_.over_http());
    healthy_.sizes = store_.sizes();
    healthy_.after = stored();
    REQUIRE_FALSE(healthy_.sizes.empty());
    REQUIRE(writes() == (healthy_.before != healthy_.after));
  }
  [[nodiscard]] const std::vector<Sizes>& sizes() const { return healthy_.sizes; }

  void check(const Cut& cut) {
    INFO(operation_.name << ", request " << cut.request << ", " << (cut.in_reply ? "reply" : "request")
                         << " cut after byte " << cut.at << (cut.goes_on ? ", and each later one" : ""));
    REQUIRE(prepared() == healthy_.before);
    store_.plan(cut);
    try {
      const std::string value = operation_.run(store_.over_http());
      CHECK(value == healthy_.value);
      CHECK(stored() == healthy_.after);
      if (alone()) CHECK((!cut.goes_on && repeats()));
    } catch (const cf::Error& error) {
      INFO(error.what());
      CHECK(store_.cuts() > 0);
      CHECK(error.kind() == cf::ErrorKind::transport);
      CHECK(error.details().delivery == cf::Delivery::unknown);
      if (!writes()) CHECK_FALSE(error.outcome_unknown());
      const std::string after = stored();
      // A part of a job's items may be stored.
      if (operation_.effect != Effect::job) CHECK((after == healthy_.before || after == healthy_.after));
      if (!error.outcome_unknown()) CHECK(after == healthy_.before);
      if (alone()) check_alone(cut, error, after);
    }
  }

 private:
  [[nodiscard]] bool alone() const { return healthy_.sizes.size() == 1 && operation_.effect != Effect::job; }
  [[nodiscard]] bool writes() const { return operation_.stored != nullptr; }
  [[nodiscard]] bool repeats() const { return operation_.effect != Effect::once; }
  [[nodiscard]] std::string stored() const { return writes() ? operation_.stored(store_.direct()) : ""; }
  [[nodiscard]] std::string prepared() const {
    if (operation_.reset != nullptr) operation_.reset(store_.direct());
    return stored();
  }
  // The only request of the call was cut.
  void check_alone(const Cut& cut, const cf::Error& error, const std::string& after) const {
    CHECK(error.outcome_unknown() == writes());
    CHECK((after == healthy_.after) == (cut.in_reply || !writes()));
    CHECK((cut.goes_on || operation_.effect == Effect::once || operation_.effect == Effect::streams));
    if (operation_.effect == Effect::streams) return;
    CHECK(error.attempts() == (repeats() ? 2 : 1));
    CHECK(store_.cuts() == static_cast<std::size_t>(error.attempts()));
  }

  CutStore& store_;
  const CutOperation& operation_;
  Healthy healthy_{};
};

/// Where an exchange of `size` bytes is cut: at its ends and at some places between, or everywhere.
std::vector<std::size_t> places(std::size_t size) {
  static const bool each = std::getenv("CLOUDFLARE_EACH_CUT") != nullptr;
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < size; at += each ? 1 : size / 5) found.push_back(at);
  if (found.back() != size - 1) found.push_back(size - 1);
  return found;
}

}  // namespace

TEST_CASE("a connection cut at any byte of a request or reply of any product loses nothing and doubles nothing") {
  CutStore store;
  std::size_t tried = 0;
  for (const CutOperation& operation : cut_operations()) {
    INFO(operation.name);
    Judge judge(store, operation);
    for (std::size_t request = 0; request < judge.sizes().size(); ++request)
      for (const bool in_reply : {false, true})
        for (const std::size_t at : places(in_reply ? judge.sizes()[request].reply : judge.sizes()[request].request))
          for (const bool goes_on : {false, true}) {
            judge.check({.request = request, .in_reply = in_reply, .at = at, .goes_on = goes_on});
            ++tried;
          }
  }
  std::printf("%zu cuts of %zu operations\n", tried, cut_operations().size());
}
