#pragma once

// Files of KV pairs and of vectors, NDJSON or CSV, as ranges for `put_many`, `upsert_many` and their like. Items are
// read when they are asked for, so a file of any length needs the memory of one item.

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <string>

#include <cloudflare/kv/types.hpp>
#include <cloudflare/vectorize/types.hpp>

namespace cloudflare {

/// A place between two items of a file.
struct FilePosition {
  std::uint64_t offset = 0;  ///< Bytes before it.
  std::uint64_t lines = 0;   ///< Lines before it.
  std::uint64_t items = 0;   ///< Items before it.
};

/// Where reading begins, and how long one item may be.
struct ReadOptions {
  /// Begin at this place, which an earlier ItemFile::position() returned, instead of at the first item.
  FilePosition from{};
  /// Most bytes of one line of NDJSON, or of one row of CSV, separators and quotes included. A value of 25 MiB in which
  /// every byte is escaped fits.
  std::size_t max_item_bytes = 160ULL << 20;
};

namespace detail {

template <class Item>
class ItemSource {
 public:
  virtual ~ItemSource() = default;
  /// False at the end.
  virtual bool next(Item& item) = 0;
  /// Where the item after the last one begins.
  [[nodiscard]] virtual FilePosition position() const = 0;
};

}  // namespace detail

/// The items of a file, an input range: read once, one thread at a time. Move-only; iterators stay valid when it moves.
///
/// An item that cannot be read throws, when it is reached, an Error of kind invalid_argument that names file and line;
/// the range ends there.
template <class Item>
class ItemFile {
  struct State {
    std::unique_ptr<detail::ItemSource<Item>> source{};
    Item item{};
    bool begun = false;
    bool ended = false;

    void step() {
      if (ended) return;
      ended = true;  // also if next() throws
      ended = !source->next(item);
    }
  };

 public:
  explicit ItemFile(std::unique_ptr<detail::ItemSource<Item>> source) : state_(std::make_unique<State>()) {
    state_->source = std::move(source);
  }

  class iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    /// The item, which lives until the next step; it may be moved from.
    Item& operator*() const noexcept { return state_->item; }
    Item* operator->() const noexcept { return &state_->item; }
    iterator& operator++() {
      state_->step();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.state_->ended; }

   private:
    friend ItemFile;
    explicit iterator(State* state) : state_(state) {}
    State* state_ = nullptr;
  };

  /// Reads the first item.
  [[nodiscard]] iterator begin() {
    if (!state_->begun) {
      state_->begun = true;
      state_->step();
    }
    return iterator(state_.get());
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  /// Where the item after the last one read begins; `lines` is the number of the line on which that last one ended.
  [[nodiscard]] FilePosition position() const { return state_->source->position(); }

 private:
  std::unique_ptr<State> state_;
};

namespace kv {

/// The pairs of a file.
using EntryFile = ItemFile<Entry>;

/// Pairs from NDJSON: an object in each line, with the members of Cloudflare's bulk write ("key" and "value", both
/// text; "expiration", "expiration_ttl", "metadata", "base64"). Values marked as base64 are decoded. Empty lines and a
/// byte order mark are skipped; any other member, one given twice, or metadata nested more than limits::json_depth deep
/// is an error. The path is UTF-8.
/// @throws Error  invalid_argument if the file cannot be opened; while reading, see ItemFile
[[nodiscard]] CLOUDFLARE_API EntryFile read_ndjson(const std::string& path, const ReadOptions& options = ReadOptions());
/// The same from a stream, which must outlive the range. Its buffer is read directly, so the state of the stream does
/// not change.
/// @throws Error  also if the stream has failed before
[[nodiscard]] CLOUDFLARE_API EntryFile read_ndjson(std::istream& in, const ReadOptions& options = ReadOptions());

/// Pairs from CSV (RFC 4180: commas, fields with commas, quotes or line ends in double quotes). The first row names the
/// columns, with the names of read_ndjson() in any order; an empty field of an optional column is absent.
[[nodiscard]] CLOUDFLARE_API EntryFile read_csv(const std::string& path, const ReadOptions& options = ReadOptions());
[[nodiscard]] CLOUDFLARE_API EntryFile read_csv(std::istream& in, const ReadOptions& options = ReadOptions());

}  // namespace kv

namespace vectorize {

/// The vectors of a file.
using VectorFile = ItemFile<Vector>;

/// Vectors from NDJSON as Vectorize takes it: "id", "values" (an array of numbers), "namespace", "metadata" (an
/// object). Otherwise as kv::read_ndjson().
[[nodiscard]] CLOUDFLARE_API VectorFile read_ndjson(const std::string& path,
                                                    const ReadOptions& options = ReadOptions());
[[nodiscard]] CLOUDFLARE_API VectorFile read_ndjson(std::istream& in, const ReadOptions& options = ReadOptions());

/// Vectors from CSV with the same names as columns; `values` is a JSON array, quoted: `a,"[0.25,1]"`.
[[nodiscard]] CLOUDFLARE_API VectorFile read_csv(const std::string& path, const ReadOptions& options = ReadOptions());
[[nodiscard]] CLOUDFLARE_API VectorFile read_csv(std::istream& in, const ReadOptions& options = ReadOptions());

}  // namespace vectorize

}  // namespace cloudflare
