#pragma once

// A transport that only counts, and pairs made when they are looked at.

#include <algorithm>
#include <cloudflare/kv.hpp>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

namespace bench {

namespace cf = cloudflare;

/// Answers every request with the same text.
class CountingTransport final : public cf::Transport {
 public:
  std::function<std::string(const cf::HttpRequest&)> answer = [](const auto&) { return envelope("null"); };
  std::uint64_t requests = 0;
  std::size_t largest = 0;

  cf::HttpResponse send(const cf::HttpRequest& request, const cf::TransferLimits&) override {
    ++requests;
    largest = std::max(largest, request.body.text().size());
    return {.status = 200, .body = answer(request)};
  }
  static std::string envelope(std::string_view result) {
    return R"({"success":true,"errors":[],"messages":[],"result":)" + std::string(result) + "}";
  }
};

inline cf::ApiClient client_over(std::shared_ptr<cf::Transport> transport) {
  return cf::ApiClient(cf::ApiToken("token"), {.account_id = "acc", .transport = std::move(transport)});
}

/// `make(0)` to `make(count - 1)` in one pass.
template <class Make>
class Numbered {
 public:
  Numbered(std::uint64_t count, Make make) : count_(count), make_(std::move(make)) {}

  class iterator {
   public:
    using value_type = std::invoke_result_t<Make&, std::uint64_t>;
    using difference_type = std::ptrdiff_t;
    explicit iterator(Numbered& all) : all_(&all) {}
    value_type operator*() const { return all_->make_(all_->next_); }
    iterator& operator++() {
      ++all_->next_;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return all_->next_ == all_->count_; }

   private:
    Numbered* all_;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::uint64_t count_;
  std::uint64_t next_ = 0;
  Make make_;
};

inline auto keys(std::uint64_t count) {
  return Numbered(count, [](std::uint64_t i) { return "key-" + std::to_string(i); });
}
inline auto pairs(std::uint64_t count, std::size_t bytes = 100) {
  return Numbered(count, [value = std::string(bytes, 'v')](std::uint64_t i) {
    return std::pair("key-" + std::to_string(i), value);
  });
}

}  // namespace bench
