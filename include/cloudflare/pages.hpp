#pragma once

// The walk over the pages of a list, and the range on top of it. It loses no page and does not loop forever.

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <cloudflare/detail/view.hpp>

namespace cloudflare {

/// The envelope's `result_info`; the API leaves fields out here and there.
struct ResultInfo {
  std::optional<std::int64_t> count{};
  std::optional<std::int64_t> page{};
  std::optional<std::int64_t> per_page{};
  std::optional<std::int64_t> total_count{};
  std::optional<std::int64_t> total_pages{};
};

/// What ensure() found or created.
template <class Item>
struct Ensured {
  Item item{};
  /// It was created by this call; or its outcome was unknown, and the item is there now and was not before.
  bool created = false;
};

namespace detail {

/// Where a walk stands. `fetch` makes the call for the page at a cursor ("" is the first page); a page tells the next
/// cursor in `page.cursor`, empty at the end, and shows its items through `page.items()`.
template <class Page>
struct PageWalk {
  std::function<Call<Page>(const std::string& cursor)> fetch{};
  std::string cursor{};
  bool done = false;
  std::set<std::size_t> seen{};
  std::size_t last_page = 0;

  /// Steps past `page`, or says why the list cannot be trusted.
  std::optional<Error> advance(const Page& page) {
    std::size_t fingerprint = 0;
    for (const auto& item : page.items())
      fingerprint = fingerprint * 31 + std::hash<std::string>()(page_item_name(item));
    if (!page.items().empty() && fingerprint == last_page)
      return Error(ErrorKind::decode, "the list does not move on: the same page came twice in a row");
    last_page = fingerprint;
    if (!page.cursor.empty() && !seen.insert(std::hash<std::string>()(page.cursor)).second)
      return Error(ErrorKind::decode, "the list does not end: a cursor came a second time");
    cursor = page.cursor;
    done = cursor.empty();
    return std::nullopt;
  }
};

/// One step of a walk; nullopt when the walk is over.
template <class Page>
class PageStep final : public FlowOf<std::optional<Page>> {
 public:
  explicit PageStep(std::shared_ptr<PageWalk<Page>> walk)
      : walk_(std::move(walk)),
        call_(walk_->done ? Call<Page>(Error(ErrorKind::cancelled, "")) : walk_->fetch(walk_->cursor)) {
    if (walk_->done) {
      this->finish(std::optional<Page>());
    } else {
      settle();
    }
  }
  void begin(Outbox& out) override { call_.begin(out); }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    call_.on_reply(tag, std::move(reply), out);
    settle();
  }

 private:
  void settle() {
    if (!call_.finished()) return;
    auto page = call_.take();
    if (!page) return this->finish(page.error());
    if (auto error = walk_->advance(*page)) return this->finish(std::move(*error));
    this->finish(std::optional<Page>(std::move(page).value()));
  }

  std::shared_ptr<PageWalk<Page>> walk_;
  Call<Page> call_;
};

}  // namespace detail

/// A walk over pages, one request each. One walk belongs to one thread at a time.
template <class View, class Page>
class Pages {
 public:
  Pages(typename View::Context context, std::shared_ptr<detail::PageWalk<Page>> walk)
      : context_(std::move(context)), walk_(std::move(walk)) {}

  /// The next page; nullopt after the last. After an error the same page is asked for again.
  [[nodiscard]] typename View::template Returns<std::optional<Page>> next() {
    return View::run(context_, detail::PageStep<Page>(walk_));
  }
  /// Where the next page begins: give it to a later list call to resume. Empty at the first page and at the end.
  [[nodiscard]] const std::string& cursor() const noexcept { return walk_->cursor; }

 private:
  typename View::Context context_;
  std::shared_ptr<detail::PageWalk<Page>> walk_;
};

/// The items of all pages, for range-for. Requests are made while iterating; an error on page seven is thrown there,
/// and the iterator's next ++ asks for that page again.
template <class Page>
class PageRange {
 public:
  using Item = std::remove_cvref_t<decltype(*std::declval<Page&>().items().begin())>;

  explicit PageRange(Pages<Throwing, Page> pages) : pages_(std::move(pages)) {}

  class iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    const Item& operator*() const { return range_->page_->items()[range_->at_]; }
    const Item* operator->() const { return &**this; }
    iterator& operator++() {
      ++range_->at_;
      range_->settle();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.at_end(); }

   private:
    friend PageRange;
    explicit iterator(PageRange* range) : range_(range) {}
    [[nodiscard]] bool at_end() const { return !range_->page_; }
    PageRange* range_ = nullptr;
  };

  /// Makes the first request.
  [[nodiscard]] iterator begin() {
    if (!started_) settle();
    started_ = true;  // if the request threw, the next begin() makes it again
    return iterator(this);
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Where the page after the one being read begins; empty on the last.
  [[nodiscard]] const std::string& cursor() const noexcept { return pages_.cursor(); }

 private:
  void settle() {
    while (!page_ || at_ >= page_->items().size()) {
      page_ = pages_.next();  // if it throws, ++ asks for this page again
      at_ = 0;
      if (!page_) return;
    }
  }

  Pages<Throwing, Page> pages_;
  std::optional<Page> page_{};
  std::size_t at_ = 0;
  bool started_ = false;
};

}  // namespace cloudflare
