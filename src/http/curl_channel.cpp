// The libcurl transport: a channel is one curl_multi handle with its connections, and the queue of the transfers that
// they cannot carry yet. libcurl would queue too, but some of its versions take quadratic time for that, and others let
// the wait count as connecting.

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include <cloudflare/clock.hpp>
#include <cloudflare/http/transport.hpp>

#include "http/curl_transfer.hpp"

namespace cloudflare {

namespace {

using detail::CurlHandle;
using detail::CurlHost;
using detail::CurlTransfer;

struct CloseMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

Error broken(std::string text) {
  return Error(ErrorDetails{.kind = ErrorKind::transport, .text = std::move(text), .delivery = Delivery::not_sent});
}

class CurlChannel final : public Channel {
 public:
  explicit CurlChannel(CurlOptions options) : options_(std::move(options)), multi_(curl_multi_init()) {
    if (!multi_) throw broken("libcurl has no memory");
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.max_connections);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, options_.max_connections);
#if LIBCURL_VERSION_NUM >= 0x081400
    curl_multi_setopt(multi_.get(), CURLMOPT_QUICK_EXIT, 1L);  // do not wait for the resolver threads at the end
#endif
  }
  ~CurlChannel() override {
    for (auto& [ticket, slot] : busy_) curl_multi_remove_handle(multi_.get(), slot->handle.easy.get());
  }
  CurlChannel(const CurlChannel&) = delete;
  CurlChannel& operator=(const CurlChannel&) = delete;

  void start(unsigned ticket, std::shared_ptr<const HttpRequest> request, const TransferLimits& limits) override {
    CurlHost& host = host_of(detail::origin_of(request->url));
    Waiting next{std::move(request), limits, host};
    if (waiting_.empty() && room(host)) return begin(ticket, std::move(next));
    next.since = std::chrono::steady_clock::now();
    waiting_.emplace_hint(waiting_.end(), ticket, std::move(next));
  }

  void abandon(unsigned ticket) override {
    if (waiting_.erase(ticket) != 0) return;
    std::erase_if(failed_, [ticket](const Completion& c) { return c.ticket == ticket; });
    if (const auto it = busy_.find(ticket); it != busy_.end()) retire(it);
  }

  [[nodiscard]] bool may_have_sent(unsigned ticket) const override {
    if (waiting_.contains(ticket)) return false;
    if (const auto it = busy_.find(ticket); it != busy_.end()) return it->second->transfer->began();
    const auto it =
        std::find_if(failed_.begin(), failed_.end(), [ticket](const auto& c) { return c.ticket == ticket; });
    return it == failed_.end() || it->reply.error().details().delivery != Delivery::not_sent;
  }

  std::optional<Completion> wait(TimePoint until) override {
    if (auto done = next_done()) return done;
    for (;;) {
      hand_over();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      if (auto done = next_done()) return done;
      if (next_fits()) continue;  // the server has turned out to speak HTTP/2
      const auto now = std::chrono::steady_clock::now();
      if (next_pause_ != no_pause) next_look_ = std::min(next_look_, now + std::exchange(next_pause_, no_pause));
      if (now >= next_look_) look_for_stalls(now);
      if (!failed_.empty()) continue;
      if (woken_.exchange(false) || now >= until) return std::nullopt;
      constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
      const auto next = std::min(until, next_look_);
      const auto pause = next - now > longest ? longest : std::chrono::ceil<std::chrono::milliseconds>(next - now);
      curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(pause.count()), nullptr);
    }
  }

  void wake() noexcept override {
    woken_ = true;
    curl_multi_wakeup(multi_.get());
  }

 private:
  /// An easy handle with room for its transfer.
  struct Slot {
    CurlHandle handle{};
    std::optional<CurlTransfer> transfer{};
  };
  static constexpr auto no_pause = std::chrono::milliseconds::max();
  using Slots = std::map<unsigned, std::unique_ptr<Slot>>;  // by ticket

  struct Waiting {
    std::shared_ptr<const HttpRequest> request;
    TransferLimits limits;
    CurlHost& host;
    std::optional<TimePoint> since{};
  };

  CurlHost& host_of(std::string_view origin) {
    const auto it = hosts_.find(origin);
    return it != hosts_.end() ? it->second : hosts_[std::string(origin)];
  }

  // Whether the connections can carry another transfer to `host`. As in libcurl, no number means no limit.
  [[nodiscard]] bool room(const CurlHost& host) const {
    if (options_.max_connections <= 0) return true;
    std::size_t needed = 0;
    for (const auto& [origin, other] : hosts_) needed += other.connections(other.busy + (&other == &host ? 1 : 0));
    return needed <= static_cast<std::size_t>(options_.max_connections);
  }

  [[nodiscard]] bool next_fits() const { return !waiting_.empty() && room(waiting_.begin()->second.host); }

  void hand_over() {
    while (next_fits()) {
      auto next = waiting_.extract(waiting_.begin());
      begin(next.key(), std::move(next.mapped()));
    }
  }

  // Hands a transfer to libcurl.
  void begin(unsigned ticket, Waiting&& next) try {
    std::unique_ptr<Slot> slot = take_slot();
    if (!slot->handle.easy) {
      failed_.push_back({ticket, broken("libcurl has no memory")});
      return;
    }
    slot->handle.host = &next.host;
    CurlTransfer& transfer = slot->transfer.emplace(slot->handle, ticket, std::move(next.request), next.limits);
    if (next.since) transfer.waited(std::chrono::steady_clock::now() - *next.since);
    busy_.emplace_hint(busy_.end(), ticket, std::move(slot));
    curl_multi_add_handle(multi_.get(), transfer.easy());  // from here on nothing throws
    ++next.host.busy;
    next_pause_ = std::min(next_pause_, pause_between_looks(transfer));
  } catch (...) {  // a source of the caller threw
    failed_.push_back({ticket, detail::not_begun(std::current_exception())});
  }

  std::unique_ptr<Slot> take_slot() {
    if (!idle_.empty()) {
      auto slot = std::move(idle_.back());
      idle_.pop_back();
      return slot;
    }
    auto slot = std::make_unique<Slot>();
    slot->handle.easy.reset(curl_easy_init());
    if (slot->handle.easy) detail::prepare(slot->handle, options_);
    return slot;
  }

  static std::chrono::milliseconds pause_between_looks(const CurlTransfer& transfer) {
    return std::max(transfer.stall_limit() / 4, std::chrono::milliseconds(1));
  }

  // libcurl's own low-speed limit works in seconds and takes five more.
  void look_for_stalls(TimePoint now) {
    next_look_ = TimePoint::max();
    for (auto it = busy_.begin(); it != busy_.end();) {
      const auto at = it++;
      CurlTransfer& transfer = *at->second->transfer;
      if (transfer.stalled(now)) {
        failed_.push_back({at->first, transfer.finish(CURLE_OPERATION_TIMEDOUT), transfer.facts()});
        retire(at);
      } else {
        next_look_ = std::min(next_look_, now + pause_between_looks(transfer));
      }
    }
  }

  void retire(Slots::iterator it) {
    constexpr std::size_t kept = 64;
    std::unique_ptr<Slot> slot = std::move(it->second);
    busy_.erase(it);
    curl_multi_remove_handle(multi_.get(), slot->handle.easy.get());
    --slot->handle.host->busy;
    slot->transfer->release(options_);
    slot->transfer.reset();
    if (idle_.size() < kept) idle_.push_back(std::move(slot));
  }

  std::optional<Completion> next_done() {
    if (!failed_.empty()) {
      Completion next = std::move(failed_.front());
      failed_.pop_front();
      return next;
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      char* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      CurlTransfer& transfer = *reinterpret_cast<CurlHandle*>(self)->transfer;
      Completion done{transfer.ticket(), transfer.finish(message->data.result), transfer.facts()};
      retire(busy_.find(done.ticket));
      return done;
    }
    return std::nullopt;
  }

  CurlOptions options_;
  std::unique_ptr<CURLM, CloseMulti> multi_;
  std::map<std::string, CurlHost, std::less<>> hosts_{};  // by origin
  std::map<unsigned, Waiting> waiting_{};                 // tickets ascend, so this is the order of the calls
  Slots busy_{};                                          // in libcurl
  std::vector<std::unique_ptr<Slot>> idle_{};
  std::list<Completion> failed_{};  // failures of our own, not yet returned
  TimePoint next_look_ = TimePoint::max();
  std::chrono::milliseconds next_pause_ = no_pause;  // to the first look at what began since the last one was planned
  std::atomic<bool> woken_{false};
};

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(CurlOptions options) : options_(std::move(options)) {
    // Never undone: other users of libcurl in the process may outlive this.
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) throw broken("libcurl cannot be initialised");
  }

  HttpResponse send(const HttpRequest& request, const TransferLimits& limits) override {
    CurlChannel channel(options_);
    const std::stop_callback on_stop(limits.stop, [&channel] { channel.wake(); });
    channel.start(1, std::shared_ptr<const HttpRequest>(std::shared_ptr<void>(), &request), limits);
    while (!limits.stop.stop_requested()) {
      if (auto done = channel.wait(limits.deadline)) return std::move(done->reply).value();
      if (std::chrono::steady_clock::now() >= limits.deadline)
        throw Error(
            ErrorDetails{.kind = ErrorKind::timeout, .text = "the deadline passed", .delivery = Delivery::unknown});
    }
    throw Error(ErrorDetails{
        .kind = ErrorKind::cancelled, .text = "the stop token was triggered", .delivery = Delivery::unknown});
  }

  std::unique_ptr<Channel> open(Clock&) override { return std::make_unique<CurlChannel>(options_); }

 private:
  CurlOptions options_;
};

}  // namespace

std::shared_ptr<Transport> make_curl_transport(const CurlOptions& options) {
  return std::make_shared<CurlTransport>(options);
}

}  // namespace cloudflare
