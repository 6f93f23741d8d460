// Handles the replies of a bulk flow: outcomes, halving, pauses, the end.

#include "bulk/bulk_flow.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"

namespace cloudflare::detail {

using std::chrono::milliseconds;

namespace {

// How often items that the server left out are sent again, and the pause before that.
constexpr int rounds = 3;
constexpr milliseconds round_pause{1'000};

// Pauses in a row when the server does not say how long: one second, then doubling. Together they exceed a block of
// five minutes.
constexpr int most_pauses = 10;
constexpr milliseconds first_pause{1'000};
constexpr milliseconds longest_pause = std::chrono::hours(24);

// How many refused requests the search for refused items may cost. Finding one among 10 000 items takes about 14. If
// nearly everything is refused, the search must end.
constexpr std::uint64_t free_refusals = 32;
constexpr std::uint64_t items_per_refusal = 32;

bool is_refusal(const Error& error) {
  return error.kind() == ErrorKind::rejected && error.http_status() != 413 &&
         error.details().delivery == Delivery::answered;
}

// After such an error the rest of the input would fail too.
bool is_hopeless(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::unauthorized:
    case ErrorKind::not_found:
    case ErrorKind::quota_exceeded:
    case ErrorKind::challenge:
    case ErrorKind::stub:
    case ErrorKind::tls:
    case ErrorKind::cancelled:
    case ErrorKind::rate_limited:
    case ErrorKind::callback: return true;
    default: return false;
  }
}

// `error` with `outcome_unknown` set if an earlier request with the items may have been executed.
Error with_outcome(const Error& error, bool maybe_executed) {
  if (error.outcome_unknown() == maybe_executed) return error;
  ErrorDetails d = error.details();
  d.outcome_unknown = maybe_executed;
  return Error(std::move(d));
}

Error undivided(const Error& error, std::size_t items) {
  ErrorDetails d = error.details();
  if (!d.text.empty()) d.text.append("; ");
  d.text.append("the request of ")
      .append(std::to_string(items))
      .append(" items was not divided further to find those refused, since so many requests had been refused before");
  return Error(std::move(d));
}

Error with_names(const Error& error, const Batch& batch) {
  ErrorDetails d = error.details();
  if (!d.text.empty()) d.text.append("; ");
  d.text.append(std::to_string(batch.items.size()) + " items from \"")
      .append(batch.name(batch.items.front()))
      .append("\" to \"")
      .append(batch.name(batch.items.back()))
      .append("\"");
  return Error(std::move(d));
}

}  // namespace

void BulkFlow::take_reply(unsigned tag, Result<Reply> reply, Outbox& out) {
  auto node = open_.extract(tag);
  Batch batch = std::move(node.mapped());
  done_.requests += static_cast<std::uint64_t>(reply ? reply->attempts : reply.error().attempts()) - 1;
  const bool throttled = !reply && reply.error().kind() == ErrorKind::rate_limited;
  if (!throttled && out.now() >= held_until_) throttled_ = 0;  // a reply during a pause answers an earlier request
  if (batch.single) {
    const std::uint64_t bytes = out.sent().http.body.size().value_or(0);
    const auto done = codec_->settle_single(batch, std::move(reply));
    if (!done) return take_failure(std::move(batch), done.error(), out);
    if (!*done) return again_.push_front(std::move(batch));
    bytes_done_ += bytes;
    return succeed(batch, {});
  }
  batch.text = std::move(out.sent().http.body).take_text();
  if (!reply) {
    const Error& error = reply.error();
    const auto left = codec_->not_done(batch, error);
    if (!left) return take_failure(std::move(batch), error, out);
    succeed(batch, {.again = *left});
    Batch rest_of_it = subset(batch, *left);
    if (throttled) return take_failure(std::move(rest_of_it), error, out);
    rest_of_it.maybe_executed = rest_of_it.maybe_executed || error.outcome_unknown();
    return end_in_failure(rest_of_it, error);
  }
  auto open = codec_->settle(batch, static_cast<Reply&&>(*reply));
  if (!open) return take_failure(std::move(batch), undecodable(open.error(), out.sent(), *reply), out);
  bytes_done_ += batch.text.size();
  succeed(batch, *open);
  for (const std::size_t at : open->singly) {
    again_.push_back(slice(batch, at, at + 1));
    again_.back().single = true;
  }
  if (open->again.empty()) return;
  Batch rest_of_it = subset(batch, open->again);
  if (++rest_of_it.round < rounds) {
    rest_of_it.due = out.now() + round_pause;
    resting_.push_back(std::move(rest_of_it));
    return out.wake_after(round_pause);
  }
  fail(rest_of_it, Error(ErrorKind::rejected, "the server did not store this item, though asked several times"));
}

bool BulkFlow::divides(const Batch& batch, const Error& error) const {
  if (batch.single) return false;
  if (error.http_status() == 413 || (format_.locate_refusal && is_refusal(error))) return true;
  return format_.halve_on_break &&
         (error.http_status() == 524 || (error.http_status() == 0 && error.details().delivery == Delivery::unknown &&
                                         error.kind() != ErrorKind::decode));
}

// Pauses the whole job when throttled, since any other request would be throttled too. False if it paused too often.
bool BulkFlow::pause(const Error& error, Outbox& out) {
  if (out.now() >= held_until_ && throttled_++ >= most_pauses) return false;
  milliseconds pause = first_pause * (1 << (throttled_ - 1));
  if (error.retry_after()) pause = std::max(saturating_cast<milliseconds>(*error.retry_after()), first_pause);
  held_until_ = std::max(held_until_, out.now() + std::min<milliseconds>(pause, longest_pause));
  out.wake_after(std::chrono::ceil<milliseconds>(held_until_ - out.now()));
  return true;
}

void BulkFlow::take_failure(Batch batch, const Error& error, Outbox& out) {
  batch.maybe_executed = batch.maybe_executed || error.outcome_unknown();
  if (error.kind() == ErrorKind::rate_limited && pause(error, out)) return again_.push_front(std::move(batch));
  if (format_.locate_refusal && is_refusal(error) && ++refused_ > free_refusals + done_.succeeded / items_per_refusal &&
      batch.items.size() > 1)
    return end_in_failure(batch, undivided(error, batch.items.size()));
  if (divides(batch, error)) {
    if (batch.items.size() > 1) {
      const std::size_t middle = batch.items.size() / 2;
      again_.push_front(slice(batch, middle, batch.items.size()));
      again_.push_front(slice(batch, 0, middle));
      return;
    }
    if (error.http_status() == 413 && codec_->single(batch)) {
      batch.single = true;
      return again_.push_front(std::move(batch));
    }
  }
  end_in_failure(batch, error);
}

void BulkFlow::end_in_failure(const Batch& batch, const Error& error) {
  fail(batch, format_.names_batch ? with_names(error, batch) : error);
  if (format_.in_order) again_.clear();
  if (!is_hopeless(error) && !format_.in_order) return;
  if (!done_.stopped) done_.stopped = error;
  fail_waiting(error);
}

// Stops reading, and drops the batches that wait.
void BulkFlow::fail_waiting(const Error& error) {
  input_ended_ = true;
  for (auto* queue : {&again_, &resting_}) {
    for (const Batch& batch : *queue) fail(batch, with_outcome(error, false));
    queue->clear();
  }
  if (waiting_) fail(*waiting_, with_outcome(error, false));
  waiting_.reset();
  if (carry_text_.empty()) return;  // otherwise an item was read that did not fit
  fail(next_index_++, carry_name_, with_outcome(error, false));
  carry_text_.clear();
}

void BulkFlow::abort(Error error) {
  if (finished()) return;
  if (error.cause()) return finish(std::move(error));
  try {
    give_up(std::move(error));
  } catch (...) {  // on_outcome threw
    finish(Error(ErrorDetails{
        .kind = ErrorKind::callback, .text = "a callback of the caller threw", .cause = std::current_exception()}));
  }
}

void BulkFlow::give_up(Error error) {
  for (const auto& [tag, batch] : open_) fail(batch, error);  // `error` says whether a request was under way
  open_.clear();
  fail_waiting(error);
  done_.stopped = std::move(error);
  finish(std::move(done_));
}

void BulkFlow::succeed(const Batch& batch, const BulkCodec::Open& open) {
  if (!options_.on_outcome && format_.twice == Twice::both) {
    done_.succeeded += batch.items.size() - open.again.size() - open.singly.size();
    return;
  }
  std::vector<bool> done(batch.items.size(), true);
  for (const auto* positions : {&open.again, &open.singly})
    for (const std::size_t at : *positions) done[at] = false;
  for (std::size_t at = 0; at < batch.items.size(); ++at)
    if (done[at]) settle(batch.items[at], batch.name(batch.items[at]), nullptr);
}

// Sets the outcome of an item and of those that share it; the next item of that name may now be sent.
void BulkFlow::settle(const BulkItem& item, std::string_view name, const Error* error) {
  release(item);
  for (std::uint64_t index = item.index;;) {
    if (error != nullptr)
      fail(index, name, *error);
    else
      succeed(index, name);
    const auto namesake = namesakes_.empty() ? namesakes_.end() : namesakes_.find(index);
    if (namesake == namesakes_.end()) return;
    index = namesake->second;
    namesakes_.erase(namesake);
  }
}

void BulkFlow::succeed(std::uint64_t index, std::string_view name) {
  ++done_.succeeded;
  if (options_.on_outcome) options_.on_outcome({.index = index, .name = name});
}

void BulkFlow::fail(const Batch& batch, const Error& error) {
  const Error marked = batch.maybe_executed ? with_outcome(error, true) : error;
  for (const BulkItem& item : batch.items) settle(item, batch.name(item), &marked);
}

void BulkFlow::fail(std::uint64_t index, std::string_view name, const Error& error) {
  ++done_.not_done;
  if (error.outcome_unknown()) ++done_.unknown;
  if (!options_.on_outcome) {
    done_.failed.push_back({.index = index, .name = std::string(name), .error = error});
    return;
  }
  const Outcome outcome = error.outcome_unknown() ? Outcome::unknown : Outcome::failed;
  options_.on_outcome({.index = index, .name = name, .outcome = outcome, .error = &error});
}

}  // namespace cloudflare::detail
