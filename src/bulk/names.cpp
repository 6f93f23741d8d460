// Decides which of several items with the same name is sent, and when.
//
// The names of all items under way are different, so the order in which requests are answered, halved or sent again
// does not matter. A request that shares names with them waits as a whole, and nothing more is read meanwhile.

#include <algorithm>

#include "bulk/bulk_flow.hpp"

namespace cloudflare::detail {

// Decides where the item just read goes. `first_index` is the position of the batch's first item.
BulkFlow::Place BulkFlow::place(Batch& batch, BulkItem& item, std::uint64_t first_index) {
  if (format_.twice == Twice::both) return Place::here;
  const std::string_view name = batch.name(item);
  item.name_hash = std::hash<std::string_view>()(name);
  const auto held = names_.insert(item.name_hash, item.index);
  if (!held) return Place::here;
  if (*held < first_index) {
    ++shared_names_;
    names_.replace(item.name_hash, item.index);
    return Place::here;
  }
  const auto other = std::lower_bound(batch.items.begin(), batch.items.end(), *held,
                                      [](const BulkItem& at, std::uint64_t index) { return at.index < index; });
  if (batch.name(*other) != name) return Place::next_request;  // two names with one hash
  const std::string_view text = batch.text;
  if (format_.twice == Twice::first || text.substr(other->begin, other->size) == text.substr(item.begin, item.size)) {
    if (const auto namesake = namesakes_.find(other->index); namesake != namesakes_.end())
      namesakes_.emplace(item.index, namesake->second);
    namesakes_[other->index] = item.index;
    return Place::with_another;
  }
  namesakes_.emplace(item.index, other->index);
  names_.replace(item.name_hash, item.index);
  other->size = 0;
  return Place::here;
}

void BulkFlow::drop_replaced(Batch& batch) const {
  const auto is_replaced = [](const BulkItem& item) { return item.size == 0; };
  if (std::none_of(batch.items.begin(), batch.items.end(), is_replaced)) return;
  std::vector<std::size_t> kept;
  for (std::size_t at = 0; at < batch.items.size(); ++at)
    if (!is_replaced(batch.items[at])) kept.push_back(at);
  batch = subset(batch, kept);
}

// The item is no longer under way.
void BulkFlow::release(const BulkItem& item) {
  if (format_.twice != Twice::both && !names_.erase(item.name_hash, item.index)) --shared_names_;
}

}  // namespace cloudflare::detail
