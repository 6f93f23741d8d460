// A transport of one's own: it counts requests, keeps GET replies for a moment, and hands the rest to another
// transport. The client does the rest over it as over libcurl: credentials, retries, decoding.

#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

namespace cf = cloudflare;

/// Several threads may call send() at once, so its state has a mutex.
class Remembering final : public cf::Transport {
 public:
  explicit Remembering(std::shared_ptr<cf::Transport> inner) : inner_(std::move(inner)) {}

  cf::HttpResponse send(const cf::HttpRequest& request, const cf::TransferLimits& limits) override {
    // A reply that goes to a sink is not in memory, so it is not kept.
    if (request.method != "GET" || request.sink) {
      const std::lock_guard lock(mutex_);
      replies_.clear();
      ++sent_;
      return inner_->send(request, limits);
    }
    const std::lock_guard lock(mutex_);
    if (const auto known = replies_.find(request.url); known != replies_.end()) return known->second;
    ++sent_;
    return replies_[request.url] = inner_->send(request, limits);
  }
  [[nodiscard]] int sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

 private:
  std::shared_ptr<cf::Transport> inner_;
  mutable std::mutex mutex_;
  std::map<std::string, cf::HttpResponse> replies_;
  int sent_ = 0;
};

int main() {
  cf::local::Cloudflare cloud;
  const auto transport = std::make_shared<Remembering>(cloud.transport());  // or cf::make_curl_transport()
  const cf::ApiClient client{cf::ApiToken{"test"}, {.account_id = cloud.account_id(), .transport = transport}};
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("pages").id);

  kv.put("greeting", "hello");
  std::string greeting;
  for (int i = 0; i < 1000; ++i) greeting = kv.get("greeting").value();
  std::printf("%s after %d requests\n", greeting.c_str(), transport->sent());
  kv.put("greeting", "good day");
  greeting = kv.get("greeting").value();
  std::printf("%s after %d requests\n", greeting.c_str(), transport->sent());
}
