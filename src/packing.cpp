#include "packing.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cloudflare::detail {

namespace {

// How often items that the server left out are sent again, and how long they rest before.
constexpr int rounds = 3;
constexpr std::chrono::milliseconds rest{1'000};

// After these the rest of the input would fare no better.
bool is_hopeless(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::unauthorized:
    case ErrorKind::not_found:
    case ErrorKind::quota_exceeded:
    case ErrorKind::challenge:
    case ErrorKind::stub:
    case ErrorKind::tls:
    case ErrorKind::cancelled:
    case ErrorKind::callback: return true;
    default: return false;
  }
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

PackedJob::PackedJob(PackFormat format, std::unique_ptr<Packer> packer, BulkOptions options, int in_flight)
    : format_(std::move(format)), packer_(std::move(packer)), options_(std::move(options)), in_flight_(in_flight) {}

PackedJob::PackedJob(Error refused) { finish(std::move(refused)); }

void PackedJob::begin(Outbox& out) {
  started_ = out.now();
  fill(out);
  conclude();
}

void PackedJob::on_wake(Outbox& out) {
  std::move(resting_.begin(), resting_.end(), std::back_inserter(again_));
  resting_.clear();
  fill(out);
  conclude();
}

void PackedJob::limit(int in_flight, Outbox& out) {
  in_flight_ = in_flight;
  fill(out);
  conclude();
}

void PackedJob::fill(Outbox& out) {
  while (!finished() && open_.size() < static_cast<std::size_t>(in_flight_)) {
    Batch batch;
    if (!again_.empty()) {
      batch = std::move(again_.front());
      again_.pop_front();
    } else if (!read_batch(batch)) {
      break;
    }
    if (format_.last_alone && input_ended_ && !open_.empty()) {
      again_.push_front(std::move(batch));  // waits for the replies to the others
      break;
    }
    send(std::move(batch), out);
  }
}

void PackedJob::conclude() {
  if (finished() || !input_ended_ || !open_.empty() || !again_.empty() || !resting_.empty()) return;
  if (done_.stopped && done_.succeeded == 0 && !format_.in_order) return finish(*done_.stopped);
  finish(std::move(done_));
}

// What stands between an item and those before it.
void PackedJob::separate(std::string& text, std::size_t items) const {
  if (items == 0) return;
  if (format_.group == 0 || items % format_.group != 0)
    text.append(format_.separator);
  else
    text.append(format_.group_ends.back()).append(format_.group_separator);
}

// What ends a request of `items` items.
void PackedJob::close(std::string& text, std::size_t items) const {
  if (format_.group != 0 && items != 0) text.append(format_.group_ends[(items - 1) % format_.group]);
  text.append(format_.suffix);
}

bool PackedJob::read_batch(Batch& batch) {
  batch.text.reserve(largest_ + largest_ / 8);  // the next may be a little larger
  batch.text = format_.prefix;
  while (!input_ended_ && batch.items.size() < format_.max_items) {
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
      const Packer::Read read = packer_->read(batch.text, batch.names);
      if (read == Packer::Read::end) {
        input_ended_ = true;
      } else {
        ++done_.items;
      }
      if (read == Packer::Read::refused) {
        done_.failed.push_back(
            {.index = next_index_++, .name = batch.names.substr(name_before), .error = packer_->refusal()});
        input_ended_ = format_.in_order;
      }
      if (read != Packer::Read::item) {
        batch.text.resize(before);
        batch.names.resize(name_before);
        continue;
      }
    }
    const std::size_t end = batch.text.size();
    close(batch.text, batch.items.size() + 1);
    const bool fits = batch.items.empty() || batch.text.size() <= format_.max_bytes;
    batch.text.resize(end);
    if (!fits) {
      carry_text_ = batch.text.substr(begin);  // it opens the next batch
      carry_name_ = batch.names.substr(name_before);
      batch.text.resize(before);
      batch.names.resize(name_before);
      break;
    }
    batch.items.push_back({.index = next_index_++,
                           .begin = begin,
                           .size = batch.text.size() - begin,
                           .name_begin = name_before,
                           .name_size = batch.names.size() - name_before});
    if (largest_ == 0 && batch.items.size() == 1) {  // growing step by step would leave holes as large as the body
      const std::size_t whole = batch.text.size() * format_.max_items;
      batch.text.reserve(std::min(format_.max_bytes, whole + whole / 8));
    }
  }
  close(batch.text, batch.items.size());
  if (format_.last_alone) look_ahead();
  return !batch.items.empty();
}

// Learns whether this batch is the last; an item found opens the next one.
void PackedJob::look_ahead() {
  while (!input_ended_ && carry_text_.empty()) {
    carry_name_.clear();
    const Packer::Read read = packer_->read(carry_text_, carry_name_);
    if (read == Packer::Read::end) {
      input_ended_ = true;
      return;
    }
    ++done_.items;
    if (read == Packer::Read::refused)
      done_.failed.push_back({.index = next_index_++, .name = carry_name_, .error = packer_->refusal()});
  }
}

void PackedJob::send(Batch batch, Outbox& out) {
  Request request = format_.request;
  request.divisible = format_.halve_on_break && batch.items.size() > 1;
  largest_ = std::max(largest_, batch.text.size());
  request.http.body = Body(std::move(batch.text));
  ++done_.requests;
  const unsigned tag = next_tag_++;
  open_.emplace(tag, std::move(batch));
  out.send(tag, std::move(request));
}

void PackedJob::on_reply(unsigned tag, Result<Reply> reply, Outbox& out) {
  take_reply(tag, std::move(reply), out);  // the batch is gone before the next is read
  fill(out);
  report(out);
  conclude();
}

void PackedJob::take_reply(unsigned tag, Result<Reply> reply, Outbox& out) {
  auto node = open_.extract(tag);
  Batch batch = std::move(node.mapped());
  batch.text = std::move(out.sent().http.body).take_text();
  if (!reply) return take_failure(batch, reply.error());
  auto again = packer_->settle(batch, static_cast<Reply&&>(*reply));
  if (!again) return take_failure(batch, undecodable(again.error(), out.sent(), *reply));
  bytes_done_ += batch.text.size();
  done_.succeeded += batch.items.size() - again->size();
  if (again->empty()) return;
  Batch rest_of_it = subset(batch, *again);
  if (++rest_of_it.round < rounds) {
    resting_.push_back(std::move(rest_of_it));
    return out.wake_after(rest);
  }
  const Error error(ErrorKind::rejected, "the server did not store this item, though asked several times");
  for (const PackedItem& item : rest_of_it.items) fail(rest_of_it, item, error);
}

void PackedJob::take_failure(const Batch& batch, const Error& error) {
  const bool divide =
      error.http_status() == 413 ||
      (format_.locate_refusal && error.kind() == ErrorKind::rejected &&
       error.details().delivery == Delivery::answered) ||
      (format_.halve_on_break &&
       (error.http_status() == 524 || (error.http_status() == 0 && error.details().delivery == Delivery::unknown &&
                                       error.kind() != ErrorKind::decode)));
  if (divide && batch.items.size() > 1) {
    const std::size_t middle = batch.items.size() / 2;
    again_.push_front(slice(batch, middle, batch.items.size()));
    again_.push_front(slice(batch, 0, middle));
    return;
  }
  const Error named = format_.names_batch ? with_names(error, batch) : error;
  for (const PackedItem& item : batch.items) fail(batch, item, named);
  if (format_.in_order) again_.clear();
  if (!is_hopeless(error) && !format_.in_order) return;
  for (const Batch& waiting : again_)
    for (const PackedItem& item : waiting.items) fail(waiting, item, error);
  again_.clear();
  if (!done_.stopped) done_.stopped = error;
  input_ended_ = true;
  drop_carry(error);
}

// The item that was read and did not fit gets its outcome too.
void PackedJob::drop_carry(const Error& error) {
  if (carry_text_.empty()) return;
  done_.failed.push_back({.index = next_index_++, .name = carry_name_, .error = error});
  carry_text_.clear();
}

void PackedJob::abort(Error error) {
  if (finished()) return;
  if (error.cause()) return finish(std::move(error));
  for (const auto& [tag, batch] : open_)
    for (const PackedItem& item : batch.items) fail(batch, item, error);  // says itself whether a request was under way
  for (const auto* queue : {&again_, &resting_})
    for (const Batch& batch : *queue)
      for (const PackedItem& item : batch.items) fail(batch, item, error);
  drop_carry(error);
  done_.stopped = std::move(error);
  finish(std::move(done_));
}

void PackedJob::fail(const Batch& batch, const PackedItem& item, const Error& error) {
  done_.failed.push_back({.index = item.index, .name = std::string(batch.name(item)), .error = error});
}

Batch PackedJob::subset(const Batch& batch, const std::vector<std::size_t>& positions) const {
  Batch part{.text = format_.prefix, .round = batch.round};
  for (const std::size_t at : positions) {
    const PackedItem& item = batch.items[at];
    separate(part.text, part.items.size());
    part.items.push_back({.index = item.index,
                          .begin = part.text.size(),
                          .size = item.size,
                          .name_begin = part.names.size(),
                          .name_size = item.name_size});
    part.text.append(batch.text, item.begin, item.size);
    part.names.append(batch.name(item));
  }
  close(part.text, part.items.size());
  return part;
}

Batch PackedJob::slice(const Batch& batch, std::size_t from, std::size_t to) const {
  std::vector<std::size_t> positions;
  for (std::size_t at = from; at < to; ++at) positions.push_back(at);
  return subset(batch, positions);
}

void PackedJob::report(const Outbox& out) const {
  if (!options_.on_progress) return;
  BulkProgress progress{.items_done = done_.succeeded + done_.failed.size(),
                        .items_failed = done_.failed.size(),
                        .items_total = format_.expected,
                        .bytes_done = bytes_done_,
                        .requests_in_flight = static_cast<int>(open_.size()),
                        .requests = done_.requests,
                        .budget_left = out.budget_left(),
                        .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(out.now() - started_)};
  if (input_ended_) progress.items_total = done_.items;
  progress.remaining = estimate(progress);
  options_.on_progress(progress);
}

// The pace so far, or the pace of the rate budget where the rest needs more requests than are left.
std::optional<std::chrono::milliseconds> PackedJob::estimate(const BulkProgress& progress) const {
  if (progress.items_done == 0 || !progress.items_total) return std::nullopt;
  const auto done = static_cast<double>(progress.items_done);
  const double left = std::max(0.0, static_cast<double>(*progress.items_total) - done) / done;
  double ms = static_cast<double>(progress.elapsed.count()) * left;
  if (progress.budget_left) {
    const double waiting = static_cast<double>(progress.requests) * left - static_cast<double>(*progress.budget_left);
    constexpr std::chrono::milliseconds window = limits::request_window;
    ms = std::max(ms, waiting * static_cast<double>(window.count()) / limits::requests_per_window);
  }
  return std::chrono::milliseconds(std::llround(ms));
}

}  // namespace cloudflare::detail
