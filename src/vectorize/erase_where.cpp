// Erases what meets a condition: lists the ids, reads the vectors if the ids alone do not tell, and erases by ids.

#include <algorithm>

#include "vectorize/common.hpp"
#include "vectorize/filter_match.hpp"

namespace cloudflare::ops {

namespace {

using detail::Outbox;
using detail::Reply;
using vectorize::EraseWhereOptions;
using vectorize::EraseWhereResult;
using vectorize::GetManyResult;
using vectorize::ManyResult;
using vectorize::Vector;
using vectorize::VectorPage;
using vectorize::Where;

// Candidates that are read, and then erased, at once.
constexpr std::size_t candidates_at_once = 1'000;

class EraseWhere final : public detail::FlowOf<EraseWhereResult> {
 public:
  EraseWhere(const RequestContext& context, VectorizeTarget index, Where where, EraseWhereOptions options)
      : context_(context),
        index_(std::move(index)),
        where_(std::move(where)),
        options_(std::move(options)),
        walk_(vectorize_list_walk(context_, index_, {})) {
    if (auto error = check())
      this->finish(*std::move(error));
    else if (!where_.filter.empty())
      filter_.emplace(where_.filter);
  }

  void begin(Outbox& out) override {
    list(out);
    advance(out);
  }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    if (page_) result_.requests += static_cast<std::uint64_t>(reply ? reply->attempts : reply.error().attempts());
    current_->on_reply(tag, std::move(reply), out);
    advance(out);
  }
  void on_wake(Outbox& out) override {
    current_->on_wake(out);
    advance(out);
  }
  void abort(Error error) override {
    if (error.cause()) return this->finish(std::move(error));  // what the caller's function threw
    if (erase_) {
      erase_->abort(error);
      if (auto done = erase_->take()) add(std::move(done).value());
    }
    end(std::move(error));
  }
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  [[nodiscard]] std::optional<Error> check() const {
    if (where_.prefix.empty() && by_id_alone())
      return invalid_argument(
          "there is neither a prefix nor a namespace, a filter or a condition; to erase everything, remove the index");
    if (auto error = check_filter({.filter = where_.filter}, true)) return error;
    const bool limits = detail::checks_limits(context_);
    if (limits && where_.prefix.size() > limits::vectorize_id_bytes)
      return invalid_argument("the prefix has " + std::to_string(where_.prefix.size()) + " bytes; ids have at most 64");
    return check_namespace(where_.ns, limits);
  }

  void start(detail::Flow& flow, Outbox& out) {
    current_ = &flow;
    if (!flow.finished()) flow.begin(out);
  }

  // Goes on while the step under way is finished.
  void advance(Outbox& out) {
    while (!this->finished() && current_->finished()) {
      if (page_)
        take_page(out);
      else if (read_)
        take_read(out);
      else
        take_erased(out);
    }
  }

  void list(Outbox& out) { start(page_.emplace(walk_), out); }

  void take_page(Outbox& out) {
    auto page = page_->take();
    if (!page) return this->finish(page.error());
    page_.reset();
    for (vectorize::ListedVector& vector : (*page)->vectors) {
      ++result_.listed;
      if (vector.id.starts_with(where_.prefix)) candidates_.push_back(std::move(vector.id));
    }
    if (walk_->done) return next_candidates(out);
    list(out);
  }

  void next_candidates(Outbox& out) {
    first_ = next_;
    next_ = std::min(first_ + candidates_at_once, candidates_.size());
    matches_.clear();
    if (first_ == next_) return this->finish(std::move(result_));
    if (by_id_alone()) {
      for (std::size_t at = first_; at < next_; ++at) matches_.push_back(at);
      return erase(out);
    }
    read_ = vectorize_get_many(
        context_, index_,
        detail::make_text_reader(std::span(std::as_const(candidates_)).subspan(first_, next_ - first_)),
        {.in_flight = options_.in_flight,
         .on_vector = [this](std::uint64_t at, std::string_view, std::optional<Vector>&& vector) {
           if (vector && meets(*vector)) matches_.push_back(first_ + static_cast<std::size_t>(at));
         }});
    start(*read_, out);
  }

  [[nodiscard]] bool by_id_alone() const { return where_.ns.empty() && where_.filter.empty() && !where_.condition; }

  [[nodiscard]] bool meets(const Vector& vector) const {
    return (where_.ns.empty() || vector.ns == where_.ns) && (!filter_ || filter_->passes(vector.metadata)) &&
           (!where_.condition || where_.condition(vector));
  }

  void take_read(Outbox& out) {
    auto read = read_->take();
    read_.reset();
    if (!read) return end(read.error());
    result_.requests += read->outcome.requests;
    for (ItemFailure& failure : read->outcome.failed) {
      failure.index += first_;
      result_.failed.push_back(std::move(failure));
    }
    if (read->outcome.stopped) return end(*std::move(read->outcome.stopped));
    std::sort(matches_.begin(), matches_.end());  // replies arrive in any order
    erase(out);
  }

  void erase(Outbox& out) {
    result_.matched += matches_.size();
    ids_.clear();
    for (const std::size_t at : matches_) {
      ids_.emplace_back(candidates_[at]);
      if (options_.on_match) options_.on_match(candidates_[at]);
    }
    if (options_.dry_run || ids_.empty()) return report(out);
    erase_ = vectorize_erase_many(context_, index_, detail::make_text_reader(std::span(std::as_const(ids_))),
                                  {.in_flight = options_.in_flight});
    start(*erase_, out);
  }

  void take_erased(Outbox& out) {
    auto erased = erase_->take();
    erase_.reset();
    if (!erased) return end(erased.error());
    auto stopped = std::move(erased->stopped);
    add(std::move(erased).value());
    if (stopped) return end(*std::move(stopped));
    report(out);
  }

  // The last request of a group of candidates is sent when all others are answered, so the last group's mutation stands
  // for all.
  void add(ManyResult&& erased) {
    result_.requests += erased.requests;
    result_.erased += erased.succeeded;
    if (erased.succeeded > 0) result_.mutation = std::move(erased.mutation);
    for (ItemFailure& failure : erased.failed) {
      failure.index = matches_[static_cast<std::size_t>(failure.index)];
      result_.failed.push_back(std::move(failure));
    }
  }

  void report(Outbox& out) {
    if (options_.on_progress) options_.on_progress(result_);
    next_candidates(out);
  }

  void end(Error error) {
    if (result_.erased == 0 && result_.failed.empty()) return this->finish(std::move(error));
    result_.stopped = std::move(error);
    this->finish(std::move(result_));
  }

  RequestContext context_;
  VectorizeTarget index_;
  Where where_;
  std::optional<FilterMatcher> filter_{};
  EraseWhereOptions options_;
  std::shared_ptr<detail::PageWalk<VectorPage>> walk_;

  // The step under way: one of the three.
  std::optional<detail::PageStep<VectorPage>> page_{};
  FlowPtr<GetManyResult> read_{};
  FlowPtr<ManyResult> erase_{};
  detail::Flow* current_ = nullptr;

  std::vector<std::string> candidates_{};  ///< Ids with the prefix.
  std::size_t first_ = 0;                  ///< The candidates of this step: from here,
  std::size_t next_ = 0;                   ///< and to here.
  std::vector<std::size_t> matches_{};     ///< Positions of those to be erased.
  std::vector<std::string_view> ids_{};    ///< Their ids.
  EraseWhereResult result_{};
};

}  // namespace

FlowPtr<EraseWhereResult> vectorize_erase_where(const RequestContext& context, const VectorizeTarget& index,
                                                const Where& where, const EraseWhereOptions& options) {
  return std::make_unique<EraseWhere>(context, index, where, options);
}

}  // namespace cloudflare::ops
