// The libcurl transport: a channel is one curl_multi handle with its connections.

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <vector>

#include <cloudflare/clock.hpp>
#include <cloudflare/transport.hpp>

#include "curl_transfer.hpp"

namespace cloudflare {

namespace {

using detail::CurlHandle;
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
  }
  ~CurlChannel() override {
    for (auto& [ticket, transfer] : transfers_) curl_multi_remove_handle(multi_.get(), transfer->easy());
  }
  CurlChannel(const CurlChannel&) = delete;
  CurlChannel& operator=(const CurlChannel&) = delete;

  void start(unsigned ticket, std::shared_ptr<const HttpRequest> request, const TransferLimits& limits) override {
    CurlHandle handle = take_handle();
    if (!handle.easy) {
      done_.push_back({ticket, broken("libcurl has no memory")});
      return;
    }
    auto transfer = std::make_unique<CurlTransfer>(std::move(handle), ticket, std::move(request), limits);
    curl_multi_add_handle(multi_.get(), transfer->easy());
    next_look_ = std::min(next_look_, std::chrono::steady_clock::now() + pause_between_looks(*transfer));
    transfers_.emplace(ticket, std::move(transfer));
  }

  void abandon(unsigned ticket) override {
    std::erase_if(done_, [ticket](const Completion& c) { return c.ticket == ticket; });
    if (const auto it = transfers_.find(ticket); it != transfers_.end()) retire(it);
  }

  std::optional<Completion> wait(TimePoint until) override {
    for (;;) {
      if (!done_.empty()) {
        Completion next = std::move(done_.front());
        done_.pop_front();
        return next;
      }
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      collect();
      if (!done_.empty()) continue;
      const auto now = std::chrono::steady_clock::now();
      if (now >= next_look_) look_for_stalls(now);
      if (!done_.empty()) continue;
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
  using Transfers = std::map<unsigned, std::unique_ptr<CurlTransfer>>;

  CurlHandle take_handle() {
    CurlHandle handle;
    if (idle_.empty()) {
      handle.easy.reset(curl_easy_init());
      if (handle.easy) detail::prepare(handle, options_);
    } else {
      handle = std::move(idle_.back());
      idle_.pop_back();
    }
    return handle;
  }

  static std::chrono::milliseconds pause_between_looks(const CurlTransfer& transfer) {
    return std::max(transfer.stall_limit() / 4, std::chrono::milliseconds(1));
  }

  // libcurl's own low-speed limit works in seconds and takes five more.
  void look_for_stalls(TimePoint now) {
    next_look_ = TimePoint::max();
    for (auto it = transfers_.begin(); it != transfers_.end();) {
      const auto transfer = it++;
      if (transfer->second->stalled(now)) {
        done_.push_back({transfer->first, transfer->second->finish(CURLE_OPERATION_TIMEDOUT)});
        retire(transfer);
      } else {
        next_look_ = std::min(next_look_, now + pause_between_looks(*transfer->second));
      }
    }
  }

  void retire(Transfers::iterator it) {
    constexpr std::size_t kept = 64;
    curl_multi_remove_handle(multi_.get(), it->second->easy());
    CurlHandle handle = std::move(*it->second).release(options_);
    if (idle_.size() < kept) idle_.push_back(std::move(handle));
    transfers_.erase(it);
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      char* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      auto& transfer = *reinterpret_cast<CurlTransfer*>(self);
      done_.push_back({transfer.ticket(), transfer.finish(message->data.result)});
      retire(transfers_.find(transfer.ticket()));
    }
  }

  CurlOptions options_;
  std::unique_ptr<CURLM, CloseMulti> multi_;
  Transfers transfers_{};
  std::vector<CurlHandle> idle_{};
  std::deque<Completion> done_{};
  TimePoint next_look_ = TimePoint::max();
  std::atomic<bool> woken_{false};
};

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(CurlOptions options) : options_(std::move(options)) {
    // Once, and never undone: other users of libcurl in the process may live on.
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
