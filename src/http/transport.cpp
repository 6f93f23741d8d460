#include <cloudflare/clock.hpp>
#include <cloudflare/http/transport.hpp>

#include <algorithm>
#include <list>

namespace cloudflare {

namespace {

// Runs transfers one after the other, each on the thread that waits.
class InlineChannel final : public Channel {
 public:
  InlineChannel(Transport& transport, Clock& clock) : transport_(transport), clock_(clock) {}

  void start(unsigned ticket, std::shared_ptr<const HttpRequest> request, const TransferLimits& limits) override {
    waiting_.push_back({ticket, std::move(request), limits});
  }
  void abandon(unsigned ticket) override {
    std::erase_if(waiting_, [ticket](const Waiting& w) { return w.ticket == ticket; });
  }
  [[nodiscard]] bool may_have_sent(unsigned) const override { return false; }  // it completes within wait()
  std::optional<Completion> wait(TimePoint until) override {
    if (waiting_.empty()) {
      sleep(until);
      return std::nullopt;
    }
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    return Completion{next.ticket, perform(next)};
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    signal_.notify_one();
  }

 private:
  struct Waiting {
    unsigned ticket;
    std::shared_ptr<const HttpRequest> request;
    TransferLimits limits;
  };

  void sleep(TimePoint until) {
    std::unique_lock lock(mutex_);
    clock_.wait(lock, signal_, until, [this] { return woken_; });
    woken_ = false;
  }

  // The deadline on the system's clock: the same time from now on, whichever clock the client has.
  [[nodiscard]] TimePoint by_machine(TimePoint deadline) const {
    if (&clock_ == Clock::system().get()) return deadline;
    return std::chrono::steady_clock::now() + (deadline - clock_.now());
  }

  Result<HttpResponse> perform(const Waiting& transfer) {
    try {
      TransferLimits limits = transfer.limits;
      if (limits.deadline != TimePoint::max()) limits.deadline = by_machine(limits.deadline);
      return transport_.send(*transfer.request, limits);
    } catch (const Error& error) {
      return error;
    } catch (...) {
      return Error(ErrorDetails{.kind = ErrorKind::callback,
                                .text = "the transport threw",
                                .delivery = Delivery::unknown,
                                .cause = std::current_exception()});
    }
  }

  Transport& transport_;
  Clock& clock_;
  std::list<Waiting> waiting_{};
  std::mutex mutex_{};
  std::condition_variable signal_{};
  bool woken_ = false;
};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

}  // namespace

std::unique_ptr<Channel> Transport::open(Clock& clock) { return std::make_unique<InlineChannel>(*this, clock); }

const std::string* find_header(const std::vector<Header>& headers, std::string_view name) noexcept {
  const auto it =
      std::find_if(headers.begin(), headers.end(), [name](const Header& h) { return same_name(h.name, name); });
  return it == headers.end() ? nullptr : &it->value;
}

}  // namespace cloudflare
