#pragma once

// Search for one item in a list, and its creation if it is not there.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// Finds an item or creates it. The creation is sent once. If the name was taken meanwhile, or the outcome is unknown,
/// the item is looked for once more.
template <class Item>
class Ensure final : public FlowOf<Ensured<Item>> {
 public:
  using Search = FlowPtr<std::optional<Item>>;
  /// Why an item that was found is not what the caller asks for; nullopt: it is.
  using Check = std::function<std::optional<Error>(const Item&)>;

  Ensure(std::function<Search()> search, Call<Item> create, Check check)
      : search_(std::move(search)), create_(std::move(create)), check_(std::move(check)) {
    if (create_.finished()) this->finish(create_.take().error());  // refused before any request
  }

  void begin(Outbox& out) override { look(out); }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    if (looking_) {
      looking_->on_reply(tag, std::move(reply), out);
      if (looking_->finished()) looked(out);
    } else {
      create_.on_reply(tag, std::move(reply), out);
      if (create_.finished()) created(out);
    }
  }

 private:
  void look(Outbox& out) {
    looking_ = search_();
    if (!looking_->finished()) looking_->begin(out);
    if (looking_->finished()) looked(out);
  }

  void looked(Outbox& out) {
    auto found = looking_->take();
    looking_.reset();
    if (!found) return this->finish(found.error());
    if (*found) {
      if (auto error = check_(**found)) return this->finish(std::move(*error));
      const bool ours = failure_ && (failure_->outcome_unknown() || failure_->details().repeated_unknown);
      return this->finish(Ensured<Item>{.item = std::move(**found), .created = ours});
    }
    if (failure_) return this->finish(std::move(*failure_));
    create_.begin(out);
  }

  void created(Outbox& out) {
    auto made = create_.take();
    if (made) return this->finish(Ensured<Item>{.item = std::move(*made), .created = true});
    const Error& error = made.error();
    if (error.kind() != ErrorKind::conflict && !error.outcome_unknown()) return this->finish(error);
    failure_ = error;
    look(out);
  }

  std::function<Search()> search_;
  Call<Item> create_;
  Check check_;
  Search looking_{};
  std::optional<Error> failure_{};
};

/// The error of an item that exists otherwise than it is asked for.
[[nodiscard]] inline Error exists_otherwise(std::string_view operation, std::string text) {
  return Error(ErrorDetails{.kind = ErrorKind::conflict, .text = std::move(text), .operation = std::string(operation)});
}

/// Why an item in the jurisdiction `found` will not do where `asked` was; empty stands for none.
[[nodiscard]] inline std::optional<Error> other_jurisdiction(std::string_view operation, const std::string& found,
                                                             std::string_view asked) {
  if (asked.empty() || found == asked) return std::nullopt;
  return exists_otherwise(
      operation, "it exists with the jurisdiction " + (found.empty() ? "none" : found) + ", not " + std::string(asked));
}

}  // namespace cloudflare::detail
