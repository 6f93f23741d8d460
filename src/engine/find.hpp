#pragma once

// Search for one item in a list.

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <cloudflare/pages.hpp>

namespace cloudflare::detail {

/// Reads page after page until an item matches.
template <class Page, class Item>
class Find final : public FlowOf<std::optional<Item>> {
 public:
  Find(std::shared_ptr<PageWalk<Page>> walk, std::function<bool(const Item&)> is_it)
      : walk_(std::move(walk)), is_it_(std::move(is_it)) {}
  /// Refused before any request.
  explicit Find(Error refused) { this->finish(std::move(refused)); }

  void begin(Outbox& out) override { step(out); }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    page_->on_reply(tag, std::move(reply), out);
    auto page = page_->take();
    if (!page) return this->finish(page.error());
    for (const Item& item : (*page)->items())
      if (is_it_(item)) return this->finish(std::optional(item));
    step(out);
  }

 private:
  void step(Outbox& out) {
    page_ = std::make_unique<PageStep<Page>>(walk_);
    if (!page_->finished()) return page_->begin(out);
    auto page = page_->take();
    if (!page) return this->finish(page.error());
    this->finish(std::optional<Item>());  // that was the last page
  }

  std::shared_ptr<PageWalk<Page>> walk_{};
  std::function<bool(const Item&)> is_it_{};
  std::unique_ptr<PageStep<Page>> page_{};
};

}  // namespace cloudflare::detail
