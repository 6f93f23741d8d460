#include "local/vectorize/index.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "local/vectorize/filter.hpp"
#include "local/vectorize/handlers.hpp"

namespace cloudflare::local {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::string cells_text(const VectorTable& table, const std::vector<PropertyValue>& cells) {
  ObjectWriter out;
  bool any = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].kind == PropertyValue::Kind::absent) continue;
    out.raw(std::to_string(table.columns()[i].index.number), to_text(cells[i]));
    any = true;
  }
  return any ? std::move(out).take() : std::string();
}

std::vector<PropertyValue> read_cells(const VectorTable& table, std::string_view text) {
  std::vector<PropertyValue> cells(table.columns().size());
  const auto json = text.empty() ? std::nullopt : parse_json(text);
  if (!json) return cells;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const PropertyIndex& index = table.columns()[i].index;
    const std::string name = std::to_string(index.number);
    cells[i] = cell_of({index.number, name, index.type}, *json);
  }
  return cells;
}

// Applies a mutation to a list of metadata indexes. Adding one for a property that has one changes nothing.
void follow(std::vector<PropertyIndex>& indexes, const StoredMutation& mutation) {
  const auto same = [&](const PropertyIndex& i) { return i.property == mutation.metadata_index.property; };
  if (mutation.kind == StoredMutation::Kind::add_metadata_index && std::none_of(indexes.begin(), indexes.end(), same))
    indexes.push_back(mutation.metadata_index);
  if (mutation.kind == StoredMutation::Kind::remove_metadata_index) std::erase_if(indexes, same);
}

}  // namespace

StoredIndex::StoredIndex(VectorizeDatabase& database, VectorizeRecord record, const Clock& clock,
                         std::chrono::seconds delay)
    : database_(database),
      record_(std::move(record)),
      clock_(clock),
      delay_(delay.count()),
      table_(record_.dimensions),
      next_due_(never) {
  load();
}

void StoredIndex::load() {
  for (const PropertyIndex& index : database_.metadata_indexes(record_.number)) {
    table_.add_column(index);
    coming_.push_back(index);
  }
  std::vector<float> values(record_.dimensions);
  database_.read_vectors(record_.number, [&](const VectorRow& row) {
    std::memcpy(values.data(), row.values.data(), std::min(row.values.size(), values.size() * sizeof(float)));
    table_.put(std::string(row.id), values, std::string(row.ns), read_cells(table_, row.cells));
  });
  progress_ = database_.progress(record_.number);
  for (PendingMutation& pending : database_.pending(record_.number)) {
    follow(coming_, database_.read_pending(pending));
    pending_.push_back(std::move(pending));
  }
  await_next();
}

void StoredIndex::check_there() const {
  if (removed_) throw vectorize_removed(record_.name);
}

// A mutation that was accepted in the future: the clock was set back since.
bool StoredIndex::is_due(std::int64_t accepted, std::int64_t due) const {
  const std::int64_t time = now();
  return due <= time || time < accepted;
}

void StoredIndex::await_next() {
  const bool none = removed_ || pending_.empty();
  next_accepted_ = none ? 0 : pending_.front().accepted;
  next_due_ = none ? never : pending_.front().due;
}

void StoredIndex::settle_if_due() {
  if (!is_due(next_accepted_, next_due_)) return;
  const std::lock_guard lock(mutex_);
  settle();
}

void StoredIndex::settle() {
  while (!removed_ && !pending_.empty() && is_due(pending_.front().accepted, pending_.front().due)) {
    const PendingMutation& next = pending_.front();
    apply(database_.read_pending(next), next.accepted, &next);
    pending_.pop_front();
  }
  await_next();
}

void StoredIndex::submit(const StoredMutation& mutation, const Check& check) {
  const std::lock_guard lock(mutex_);
  check_there();
  settle();
  if (check) check(table_, coming_);
  // Never before an earlier mutation, whatever the clock says: processedUpToDatetime does not go back.
  const std::int64_t time = std::max(now(), pending_.empty() ? progress_.accepted : pending_.back().accepted);
  if (delay_ == 0 && pending_.empty()) {
    apply(mutation, time, nullptr);
  } else {
    PendingMutation pending{.accepted = time, .due = now() + delay_, .id = mutation.id, .kind = mutation.kind};
    if (!pending_.empty()) pending.due = std::max(pending.due, pending_.back().due);
    VectorizeDatabase::Write write(database_);
    pending.number = write.keep(record_.number, mutation, pending);
    write.commit();
    pending_.push_back(std::move(pending));
    await_next();
  }
  follow(coming_, mutation);
}

std::vector<PropertyValue> StoredIndex::cells_of(const std::string& metadata) const {
  std::vector<PropertyValue> cells(table_.columns().size());
  if (cells.empty() || metadata.empty()) return cells;
  const Json json = parse_json(metadata).value_or(Json());
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = cell_of(table_.columns()[i].index, json);
  return cells;
}

// Writes to the database first, because that can fail, and then changes the memory.
void StoredIndex::apply(const StoredMutation& mutation, std::int64_t accepted, const PendingMutation* pending) {
  const std::int64_t number = record_.number;
  const bool insert = mutation.kind == StoredMutation::Kind::insert;
  std::vector<std::pair<const StoredVector*, std::vector<PropertyValue>>> puts;
  PropertyIndex added = mutation.metadata_index;
  const auto& columns = table_.columns();
  const bool is_new = std::none_of(columns.begin(), columns.end(), [&](const PropertyColumn& column) {
    return column.index.property == added.property;
  });
  const Progress progress{mutation.id, accepted};

  VectorizeDatabase::Write write(database_);
  switch (mutation.kind) {
    case StoredMutation::Kind::insert:
    case StoredMutation::Kind::upsert: {
      std::unordered_set<std::string_view> seen;
      for (const StoredVector& vector : mutation.vectors) {
        if (insert && (table_.find(vector.id) || !seen.insert(vector.id).second)) continue;
        const auto& [stored, cells] = puts.emplace_back(&vector, cells_of(vector.metadata));
        write.put(number, *stored, cells_text(table_, cells));
      }
      break;
    }
    case StoredMutation::Kind::erase:
      for (const StoredVector& vector : mutation.vectors) write.erase(number, vector.id);
      break;
    case StoredMutation::Kind::add_metadata_index:
      if (is_new) added.number = write.add(number, added);
      break;
    case StoredMutation::Kind::remove_metadata_index: write.remove(number, added.property); break;
  }
  write.set_progress(number, progress);
  if (pending != nullptr) write.forget(*pending);
  write.commit();

  for (auto& [vector, cells] : puts) table_.put(vector->id, vector->values, vector->ns, std::move(cells));
  if (mutation.kind == StoredMutation::Kind::erase)
    for (const StoredVector& vector : mutation.vectors) table_.erase(vector.id);
  if (mutation.kind == StoredMutation::Kind::add_metadata_index && is_new) table_.add_column(added);
  if (mutation.kind == StoredMutation::Kind::remove_metadata_index) table_.remove_column(added.property);
  progress_ = progress;
  ids_.reset();
}

StoredIndex::State StoredIndex::state() {
  return read([this](const VectorTable& table) {
    State state{table.size(), progress_};
    // Mutations of the same second may still arrive or be pending; only when neither is possible, that second is
    // complete.
    const bool second_is_over = now() > progress_.accepted;
    if (second_is_over && (pending_.empty() || pending_.front().accepted > progress_.accepted))
      ++state.progress.accepted;
    return state;
  });
}

std::shared_ptr<const std::vector<std::string>> StoredIndex::ids() {
  return read([this](const VectorTable& table) {
    const std::lock_guard lock(ids_mutex_);
    if (!ids_) {
      std::vector<std::string> ids;
      ids.reserve(table.size());
      for (std::size_t row = 0; row < table.size(); ++row) ids.push_back(table.id(row));
      std::sort(ids.begin(), ids.end());
      ids_ = std::make_shared<const std::vector<std::string>>(std::move(ids));
    }
    return ids_;
  });
}

void StoredIndex::remove() {
  const std::lock_guard lock(mutex_);
  check_there();
  database_.remove(record_);
  removed_ = true;
}

}  // namespace cloudflare::local
