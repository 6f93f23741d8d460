#include "bulk/bulk_flow.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/saturating.hpp"

namespace cloudflare::detail {

using std::chrono::milliseconds;

BulkFlow::BulkFlow(BulkFormat format, std::unique_ptr<BulkCodec> codec, BulkOptions options, int in_flight)
    : format_(std::move(format)), codec_(std::move(codec)), options_(std::move(options)), in_flight_(in_flight) {}

BulkFlow::BulkFlow(Error refused) { finish(std::move(refused)); }

void BulkFlow::begin(Outbox& out) {
  started_ = out.now();
  fill(out);
  conclude();
}

void BulkFlow::on_wake(Outbox& out) {
  const auto due = std::stable_partition(resting_.begin(), resting_.end(),
                                         [now = out.now()](const Batch& batch) { return batch.due > now; });
  std::move(due, resting_.end(), std::back_inserter(again_));
  resting_.erase(due, resting_.end());
  fill(out);
  conclude();
}

// Sends one batch per step, so that earlier batches travel while the next is encoded.
void BulkFlow::fill(Outbox& out) {
  if (finished() || out.now() < held_until_) return;
  const bool free = open_.size() < static_cast<std::size_t>(in_flight_);
  if (!free && (!prepares_ahead() || !again_.empty() || waiting_)) return;
  Batch batch;
  if (!again_.empty()) {
    batch = std::move(again_.front());
    again_.pop_front();
  } else if (waiting_) {
    if (shared_names_ != 0) return;
    batch = std::move(*waiting_);
    waiting_.reset();
  } else if (!read_batch(batch)) {
    return;
  } else if (shared_names_ != 0) {
    waiting_ = std::move(batch);
    return;
  }
  const bool waits = format_.last_alone && input_ended_ && !open_.empty();  // for the other replies
  if (!free || waits) return again_.push_front(std::move(batch));
  send(std::move(batch), out);
  out.yield();
}

// Encodes the next batch before there is room to send it: a large batch travels longer than it takes to encode.
bool BulkFlow::prepares_ahead() const {
  constexpr std::size_t small = 16U << 20U;
  return !format_.in_order && largest_ <= small;
}

void BulkFlow::conclude() {
  if (finished() || !input_ended_ || !open_.empty() || !again_.empty() || !resting_.empty() || waiting_) return;
  if (done_.stopped && done_.succeeded == 0 && !format_.in_order) return finish(*done_.stopped);
  finish(std::move(done_));
}

// The text between an item and the one before it.
void BulkFlow::separate(std::string& text, std::size_t items) const {
  if (items == 0) return;
  if (format_.group == 0 || items % format_.group != 0)
    text.append(format_.separator);
  else
    text.append(format_.group_ends.back()).append(format_.group_separator);
}

// Appends the end of a request of `items` items.
void BulkFlow::close(std::string& text, std::size_t items) const {
  if (format_.group != 0 && items != 0) text.append(format_.group_ends[(items - 1) % format_.group]);
  text.append(format_.suffix);
}

// Whether the batch has room for the item read ahead.
bool BulkFlow::has_room(const Batch& batch) const {
  std::string around;
  separate(around, batch.items.size());
  close(around, batch.items.size() + 1);
  return batch.items.empty() || batch.text.size() + around.size() + carry_text_.size() <= format_.max_bytes;
}

bool BulkFlow::read_batch(Batch& batch) {
  batch.text.reserve(std::min(format_.max_bytes, largest_ + largest_ / 8));  // the next may be a little larger
  batch.text = format_.prefix;
  const std::uint64_t first_index = next_index_;
  std::size_t with_another = 0;
  while (!input_ended_ && batch.items.size() + with_another < format_.max_items) {
    // An item that may not fit is read into a separate buffer: growing the batch beyond its limit would copy all of it.
    if (batch.text.size() + largest_item_ > format_.max_bytes) {
      look_ahead();
      if (input_ended_ || !has_room(batch)) break;
    }
    std::string item = std::move(carry_text_);
    const std::size_t before = batch.text.size();
    const std::size_t name_before = batch.names.size();
    carry_text_.clear();
    separate(batch.text, batch.items.size());
    const std::size_t begin = batch.text.size();
    if (!item.empty()) {
      batch.text.append(item);
      batch.names.append(carry_name_);
    } else {
      const BulkCodec::Read read = codec_->read(batch.text, batch.names);
      if (read == BulkCodec::Read::end) {
        input_ended_ = true;
      } else {
        ++done_.items;
      }
      if (read == BulkCodec::Read::refused) {
        read_refused(std::string_view(batch.names).substr(name_before));
      }
      if (read != BulkCodec::Read::item) {
        batch.text.resize(before);
        batch.names.resize(name_before);
        continue;
      }
    }
    const std::size_t end = batch.text.size();
    largest_item_ = std::max(largest_item_, end - begin);
    close(batch.text, batch.items.size() + 1);
    const bool fits = batch.items.empty() || batch.text.size() <= format_.max_bytes;
    batch.text.resize(end);
    BulkItem packed{.index = next_index_,
                    .begin = begin,
                    .size = end - begin,
                    .name_begin = name_before,
                    .name_size = batch.names.size() - name_before};
    const Place where = fits ? place(batch, packed, first_index) : Place::next_request;
    if (where == Place::next_request) {
      carry_text_ = batch.text.substr(begin);  // it opens the next batch
      carry_name_ = batch.names.substr(name_before);
      batch.text.resize(before);
      batch.names.resize(name_before);
      break;
    }
    ++next_index_;
    if (where == Place::with_another) {
      ++with_another;
      batch.text.resize(before);
      batch.names.resize(name_before);
      continue;
    }
    batch.items.push_back(packed);
    if (largest_ == 0 &&
        batch.items.size() == 1) {  // growing step by step would leave gaps in the heap as large as the body
      const std::size_t whole = batch.text.size() * format_.max_items;
      batch.text.reserve(std::min(format_.max_bytes, whole + whole / 8));
    }
  }
  close(batch.text, batch.items.size());
  if (format_.twice == Twice::last) drop_replaced(batch);
  if (format_.last_alone) look_ahead();
  return !batch.items.empty();
}

// Reads ahead to learn whether this batch is the last. An item that is found opens the next batch.
void BulkFlow::look_ahead() {
  while (!input_ended_ && carry_text_.empty()) {
    carry_name_.clear();
    const BulkCodec::Read read = codec_->read(carry_text_, carry_name_);
    if (read == BulkCodec::Read::end) {
      input_ended_ = true;
      return;
    }
    ++done_.items;
    if (read == BulkCodec::Read::refused) read_refused(carry_name_);
  }
}

void BulkFlow::read_refused(std::string_view name) {
  fail(next_index_++, name, codec_->refusal());
  input_ended_ = format_.in_order;
}

void BulkFlow::send(Batch batch, Outbox& out) {
  Request request;
  if (batch.items.size() == 1 && (batch.single || batch.text.size() > format_.max_bytes)) {
    auto alone = codec_->single(batch);
    batch.single = alone.has_value();
    if (alone) request = std::move(*alone);
  }
  if (!batch.single) {
    request = format_.request;
    request.divisible = format_.halve_on_break && batch.items.size() > 1;
    largest_ = std::max(largest_, batch.text.size());
    request.http.body = Body(std::move(batch.text));
  }
  request.paced = true;
  ++done_.requests;
  const unsigned tag = next_tag_++;
  open_.emplace(tag, std::move(batch));
  out.send(tag, std::move(request));
}

void BulkFlow::on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) {
  take_reply(tag, std::move(reply), out);  // frees the batch before the next is read
  fill(out);
  report(out);
  conclude();
}

Batch BulkFlow::subset(const Batch& batch, const std::vector<std::size_t>& positions) const {
  Batch part{.text = format_.prefix, .round = batch.round, .maybe_executed = batch.maybe_executed};
  for (const std::size_t at : positions) {
    const BulkItem& item = batch.items[at];
    separate(part.text, part.items.size());
    part.items.push_back({.index = item.index,
                          .begin = part.text.size(),
                          .size = item.size,
                          .name_begin = part.names.size(),
                          .name_size = item.name_size,
                          .name_hash = item.name_hash});
    part.text.append(batch.text, item.begin, item.size);
    part.names.append(batch.name(item));
  }
  close(part.text, part.items.size());
  return part;
}

Batch BulkFlow::slice(const Batch& batch, std::size_t from, std::size_t to) const {
  std::vector<std::size_t> positions;
  for (std::size_t at = from; at < to; ++at) positions.push_back(at);
  return subset(batch, positions);
}

void BulkFlow::report(const Outbox& out) const {
  if (!options_.on_progress) return;
  BulkProgress progress{.items_done = done_.succeeded + done_.not_done,
                        .items_failed = done_.not_done,
                        .items_total = format_.expected,
                        .bytes_done = bytes_done_,
                        .requests_in_flight = static_cast<int>(open_.size()),
                        .requests = done_.requests,
                        .budget_left = out.budget_left(),
                        .elapsed = std::chrono::duration_cast<milliseconds>(out.now() - started_)};
  if (input_ended_) progress.items_total = done_.items;
  progress.remaining = estimate(progress);
  options_.on_progress(progress);
}

// Estimates by the pace so far, or by the rate budget if the rest needs more requests than the budget has left.
std::optional<milliseconds> BulkFlow::estimate(const BulkProgress& progress) const {
  if (progress.items_done == 0 || !progress.items_total) return std::nullopt;
  const auto done = static_cast<double>(progress.items_done);
  const double rest = std::max(0.0, static_cast<double>(*progress.items_total) - done) / done;
  double ms = static_cast<double>(progress.elapsed.count()) * rest;
  if (progress.budget_left) {
    const double waiting = static_cast<double>(progress.requests) * rest - static_cast<double>(*progress.budget_left);
    constexpr milliseconds window = limits::request_window;
    ms = std::max(ms, waiting * static_cast<double>(window.count()) / limits::requests_per_window);
  }
  return saturating_milliseconds(ms);
}

}  // namespace cloudflare::detail
