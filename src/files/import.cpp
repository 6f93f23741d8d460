// Imports: a file in pieces, each a bulk call, with a state file that says which items are left.

#include <cloudflare/files/import.hpp>

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/files.hpp"
#include "base/saturating.hpp"
#include "engine/client_core.hpp"
#include "files/file_identity.hpp"
#include "files/state_file.hpp"
#include "files/text_input.hpp"
#include "kv/handle.hpp"

namespace cloudflare {

namespace {

using detail::NumberSet;
using detail::StateFile;

/// The progress between two pieces: every item before `upto` is settled, except those in `unsettled`.
struct Standing {
  FilePosition from{};  ///< Everything before it is done.
  std::uint64_t upto = 0;
  std::uint64_t bytes_read = 0;  ///< The offset of item `upto`.
  NumberSet unsettled{};

  [[nodiscard]] std::uint64_t settled() const { return upto - unsettled.count(); }
};

/// What a bulk call read from its piece of the file.
struct PieceRead {
  std::vector<std::uint64_t> numbers{};  ///< Positions in the file of the items handed out.
  std::uint64_t expired = 0;
  bool file_ended = false;
  std::optional<Error> error{};
};

template <class Item>
class Piece final : public detail::ItemSource<Item> {
 public:
  Piece(detail::ItemSource<Item>& file, const std::function<bool(const Item&)>& is_expired, const Standing& standing,
        const ImportOptions& options, PieceRead& read)
      : file_(file), is_expired_(is_expired), standing_(standing), options_(options), read_(read) {}

  bool next(Item& item) override {
    while (read_.numbers.size() < options_.items_per_state && !options_.stop.stop_requested()) {
      const std::uint64_t number = file_.position().items;
      if (!step(item)) return false;
      if (number < standing_.upto && !standing_.unsettled.contains(number)) continue;
      if (is_expired_ && is_expired_(item)) {
        ++read_.expired;
        continue;
      }
      read_.numbers.push_back(number);
      return true;
    }
    return false;
  }
  [[nodiscard]] FilePosition position() const override { return file_.position(); }

 private:
  // An unreadable item ends the piece; the requests under way are completed.
  bool step(Item& item) {
    try {
      read_.file_ended = !file_.next(item);
      return !read_.file_ended;
    } catch (const Error& error) {
      read_.error = error;
      return false;
    }
  }

  detail::ItemSource<Item>& file_;
  const std::function<bool(const Item&)>& is_expired_;
  const Standing& standing_;
  const ImportOptions& options_;
  PieceRead& read_;
};

template <class Item>
class Import {
 public:
  using Open = std::unique_ptr<detail::ItemSource<Item>> (*)(bool csv, const std::string& path, const ReadOptions&);
  /// Stores the items of a piece.
  using Store = std::function<BulkResult(ItemFile<Item> piece, BulkOptions hooks)>;

  Import(std::string path, const ImportOptions& options, const std::string& job, Store store)
      : path_(std::move(path)),
        options_(options),
        state_(options.state_file.empty() ? path_ + ".state" : options.state_file, job),
        store_(std::move(store)) {}

  ImportResult run(Open open, std::function<bool(const Item&)> is_expired = nullptr) {
    if (options_.items_per_state == 0) throw invalid_argument("items_per_state is 0; at least 1 is needed");
    is_expired_ = std::move(is_expired);
    const bool csv = options_.format ? *options_.format == FileFormat::csv : path_.ends_with(".csv");
    resume();
    const auto file = open(csv, path_, {.from = standing_.from});
    if (standing_.from.items == 0) standing_.from = file->position();  // past any heading before the first item
    result_.already = before_.items_done = standing_.settled();
    while (!result_.finished && !result_.stopped && !options_.stop.stop_requested()) load_piece(*file);
    if (result_.finished && standing_.unsettled.empty()) state_.remove();
    return std::move(result_);
  }

 private:
  void resume() {
    std::error_code unknown;
    file_bytes_ = std::filesystem::file_size(detail::files::path_of(path_),
                                             unknown);  // a file that cannot be opened is refused later
    stamp_ = detail::stamp_of(path_);
    if (!state_.read()) return;
    standing_.from = {
        .offset = state_.number("offset"), .lines = state_.number("lines"), .items = state_.number("items")};
    standing_.upto = state_.number("upto");
    const bool readable = standing_.unsettled.parse(state_.text("unsettled"));
    if (state_.number("file_bytes") != file_bytes_ || !readable || !is_possible() || !is_same_beginning())
      throw state_.of_another_file(path_);
  }

  [[nodiscard]] bool is_possible() const {
    return standing_.from.items <= standing_.upto && standing_.unsettled.below(standing_.from.items).empty() &&
           standing_.unsettled.from(standing_.upto).empty();
  }

  // A state of an earlier version has only the size.
  [[nodiscard]] bool is_same_beginning() {
    const std::string digest = state_.text("digest");
    if (digest.empty()) return true;
    standing_.bytes_read = state_.number("bytes_read");
    return digest == detail::digest_of_beginning(path_, standing_.bytes_read);
  }

  void load_piece(detail::ItemSource<Item>& file) {
    const std::uint64_t begin = file.position().items;
    PieceRead read;
    BulkResult done;
    std::vector<ItemFailure> failed;
    BulkOptions hooks{.in_flight = options_.in_flight, .on_progress = progress()};
    hooks.on_outcome = [&](const ItemOutcome& item) {
      if (item.error == nullptr) return overtake(item.name);
      failed.push_back({.index = read.numbers[static_cast<std::size_t>(item.index)],
                        .name = std::string(item.name),
                        .error = *item.error});
      if (is_tried_again(failed.back())) failed_.emplace(failed.back().name, failed.back().index);
    };
    try {
      done = store_(ItemFile<Item>(std::make_unique<Piece<Item>>(file, is_expired_, standing_, options_, read)),
                    std::move(hooks));
    } catch (const Error& error) {  // nothing was stored
      if (error.cause()) throw;
      done.stopped = error;
    }
    done.failed = std::move(failed);
    take(read, std::move(done), begin, file.position());
    result_.stopped = result_.stopped ? result_.stopped : std::move(read.error);
    result_.finished = read.file_ended && !result_.stopped;
  }

  void take(const PieceRead& read, BulkResult done, std::uint64_t begin, const FilePosition& position) {
    result_.loaded += done.succeeded;
    result_.expired += read.expired;
    result_.requests += done.requests;
    result_.stopped = std::move(done.stopped);
    std::vector<std::uint64_t> again;
    for (ItemFailure& failure : done.failed) {
      if (is_tried_again(failure)) again.push_back(failure.index);
      result_.failed.push_back(std::move(failure));
    }
    std::sort(again.begin(), again.end());
    NumberSet unsettled = standing_.unsettled.below(begin);
    for (const std::uint64_t number : again) unsettled.append(number);
    for (const std::uint64_t number : overtaken_) unsettled.remove(number);
    result_.loaded += std::erase_if(result_.failed, [&](const ItemFailure& f) { return overtaken_.contains(f.index); });
    overtaken_.clear();
    if (unsettled.empty()) standing_.from = position;
    unsettled.append(standing_.unsettled.from(position.items));
    standing_.unsettled = std::move(unsettled);
    standing_.upto = std::max(standing_.upto, position.items);
    standing_.bytes_read = std::max(standing_.bytes_read, position.offset);
    save();
  }

  static bool is_tried_again(const ItemFailure& failure) { return failure.error.kind() != ErrorKind::invalid_argument; }

  // A stored item settles earlier failed items of the same name: sending those again would overwrite it.
  void overtake(std::string_view name) {
    if (failed_.empty()) return;
    const auto [first, last] = failed_.equal_range(std::string(name));
    for (auto it = first; it != last; ++it) overtaken_.insert(it->second);
    failed_.erase(first, last);
  }

  std::function<void(const BulkProgress&)> progress() {
    if (!options_.on_progress) return nullptr;
    return [this, before = before_](BulkProgress now) {
      now.items_done += before.items_done;
      now.items_failed += before.items_failed;
      now.requests += before.requests;
      now.bytes_done += before.bytes_done;
      now.elapsed += before.elapsed;
      now.items_total = options_.expected_items;
      now.remaining.reset();
      const std::uint64_t of_this_run = now.items_done - result_.already;
      if (now.items_total && of_this_run > 0 && now.items_done <= *now.items_total)
        now.remaining = std::chrono::milliseconds(static_cast<std::int64_t>(
            static_cast<double>(now.elapsed.count()) * static_cast<double>(*now.items_total - now.items_done) /
            static_cast<double>(of_this_run)));
      before_ = now;  // the next piece adds to this
      options_.on_progress(now);
    };
  }

  void save() {
    if (detail::stamp_of(path_) != stamp_) {  // the items stored last may come from either version
      if (!result_.stopped) result_.stopped = invalid_argument("the file " + path_ + " changed while it was imported");
      return;
    }
    state_.set("file_bytes", file_bytes_);
    state_.set("offset", standing_.from.offset);
    state_.set("lines", standing_.from.lines);
    state_.set("items", standing_.from.items);
    state_.set("upto", standing_.upto);
    state_.set("unsettled", standing_.unsettled.text());
    state_.set("bytes_read", standing_.bytes_read);
    state_.set("digest", detail::digest_of_beginning(path_, standing_.bytes_read));
    state_.write();
  }

  std::string path_;
  const ImportOptions& options_;
  StateFile state_;
  Store store_;
  std::function<bool(const Item&)> is_expired_{};
  std::uint64_t file_bytes_ = 0;
  std::optional<detail::FileStamp> stamp_{};
  Standing standing_{};
  ImportResult result_{};
  BulkProgress before_{};                                         ///< Sum of the pieces so far.
  std::unordered_multimap<std::string, std::uint64_t> failed_{};  ///< Failed items that the next run is to send.
  std::unordered_set<std::uint64_t> overtaken_{};                 ///< Items of the current piece that left `failed_`.
};

}  // namespace

namespace kv {

ImportResult import_from(const KvNamespace& kv, const std::string& path, const ImportOptions& options) {
  auto store = [&](EntryFile piece, BulkOptions hooks) { return kv.put_many(std::move(piece), hooks); };
  return Import<Entry>(path, options, "import into KV namespace " + kv.id(), store)
      .run(detail::open_entries, [&clock = *context_of(kv).options->clock](const Entry& entry) {
        return entry.expiration && !entry.ttl &&
               *entry.expiration < detail::saturating_add(clock.wall(), limits::kv_min_ttl);
      });
}

}  // namespace kv

namespace vectorize {

ImportResult import_from(const VectorizeIndex& index, const std::string& path, const ImportOptions& options) {
  Mutation last;
  auto store = [&](VectorFile piece, BulkOptions hooks) -> BulkResult {
    ManyResult done = index.upsert_many(std::move(piece), {.in_flight = hooks.in_flight,
                                                           .on_progress = std::move(hooks.on_progress),
                                                           .on_outcome = std::move(hooks.on_outcome)});
    // The last request of a piece leaves when all others are answered, so the last piece's mutation covers all pieces.
    if (done.succeeded > 0) last = std::move(done.mutation);
    return done;
  };
  return {Import<Vector>(path, options, "import into Vectorize index " + index.name(), store).run(detail::open_vectors),
          std::move(last)};
}

}  // namespace vectorize

}  // namespace cloudflare
