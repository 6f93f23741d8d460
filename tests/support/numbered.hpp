#pragma once

// A range whose items are made while they are read.

#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace cloudflare_tests {

/// `make(0)` to `make(count - 1)` in one pass. (clang 14 cannot use libstdc++'s views.)
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

}  // namespace cloudflare_tests
