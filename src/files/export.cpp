// Exports a namespace to a file: page by page, with bulk reads for the values, and lines in key order.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include <cloudflare/files/kv.hpp>

#include "base/files.hpp"
#include "files/file_identity.hpp"
#include "files/state_file.hpp"
#include "kv/common.hpp"
#include "kv/handle.hpp"

namespace cloudflare::kv {

namespace {

// Bytes of values that may wait for earlier ones; beyond that no more are requested until they are written.
constexpr std::size_t most_waiting = 64'000'000;
// Bytes of lines that are collected before a write.
constexpr std::size_t most_unwritten = 1U << 18;

/// Names of a page from `first` on, until too many values wait.
class Names {
 public:
  Names(const std::vector<Key>& keys, std::size_t first, const std::size_t& waiting)
      : keys_(&keys), first_(first), waiting_(&waiting) {}

  class iterator {
   public:
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    iterator(const Names* names, std::size_t at) : names_(names), at_(at) {}
    const std::string& operator*() const { return (*names_->keys_)[at_].name; }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return it.at_end(); }

   private:
    [[nodiscard]] bool at_end() const { return at_ == names_->keys_->size() || *names_->waiting_ > most_waiting; }
    const Names* names_ = nullptr;
    std::size_t at_ = 0;
  };

  [[nodiscard]] iterator begin() const { return {this, first_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  const std::vector<Key>* keys_;
  std::size_t first_;
  const std::size_t* waiting_;
};

class Export {
 public:
  Export(const KvNamespace& kv, const std::string& path, const ExportOptions& options)
      : kv_(kv),
        path_(path),
        options_(options),
        state_(options.state_file.empty() ? path + ".state" : options.state_file,
               "export of KV namespace " + kv.id() + ", keys with prefix \"" + options.prefix + '"') {}
  ~Export() {
    if (file_ >= 0) detail::files::close(file_);
  }
  Export(const Export&) = delete;
  Export& operator=(const Export&) = delete;

  ExportResult run() {
    const std::string cursor = resume();
    Pages<Throwing, KeyPage> pages = patient(kv_).pages({.prefix = options_.prefix, .cursor = cursor});
    while (!result_.finished && !options_.stop.stop_requested()) {
      const std::optional<KeyPage> page = pages.next();
      if (page) write_page(page->keys);
      put_on_disk();
      result_.finished = !page || pages.cursor().empty();
      if (!result_.finished) save(pages.cursor());
    }
    if (result_.finished) state_.remove();
    return result_;
  }

 private:
  // Returns the cursor to continue with. Lines after the last whole page are cut off.
  std::string resume() {
    const bool again = state_.read();
    file_ = again ? detail::files::open_existing(path_) : detail::files::open_empty(path_);
    if (file_ < 0)
      throw invalid_argument("the file " + path_ + " cannot be written: " + std::strerror(errno) +
                             (again ? "; remove its state file to begin anew" : ""));
    if (!again) return std::string();
    result_.keys = state_.number("keys");
    result_.bytes = state_.number("bytes");
    cut();
    return state_.text("cursor");
  }

  void cut() const {
    const auto now = detail::files::status_of(file_);
    if (!now || now->bytes < result_.bytes)
      throw invalid_argument("the file " + path_ + " is shorter than its state file says; remove that to begin anew");
    const std::string digest = state_.text("digest");  // states of earlier versions lack it
    if (!digest.empty() && digest != detail::digest_of_beginning(path_, result_.bytes))
      throw state_.of_another_file(path_);
    if (!detail::files::cut(file_, result_.bytes))
      throw Error(ErrorKind::callback,
                  "the file " + path_ + " cannot be cut to its last whole page: " + std::strerror(errno));
  }

  void save(const std::string& cursor) {
    state_.set("cursor", cursor);
    state_.set("keys", result_.keys);
    state_.set("bytes", result_.bytes);
    state_.set("digest", detail::digest_of_beginning(path_, result_.bytes));
    state_.write();
  }

  void write_page(const std::vector<Key>& keys) {
    const std::uint64_t before = result_.keys + result_.gone;
    for (std::size_t next = 0; next < keys.size();) {
      const std::size_t first = next;
      std::map<std::size_t, std::optional<Value>> waiting;
      std::size_t waiting_bytes = 0;
      auto take = [&](std::uint64_t index, std::string_view, std::optional<Value>&& value) {
        if (value) waiting_bytes += value->value.size();
        waiting.emplace(first + index, std::move(value));
        for (auto it = waiting.begin(); it != waiting.end() && it->first == next; it = waiting.erase(it), ++next) {
          if (it->second) waiting_bytes -= it->second->value.size();
          write(keys[next], it->second);
        }
      };
      GetManyOptions options{.in_flight = options_.in_flight, .on_value = take};
      if (options_.on_progress)
        options.on_progress = [&](BulkProgress now) {
          now.items_done += before + first;
          now.bytes_done = result_.bytes;
          options_.on_progress(now);
        };
      require_all(kv_.get_many(Names(keys, first, waiting_bytes), options));
    }
  }

  void write(const Key& key, const std::optional<Value>& value) {
    if (!value) {
      ++result_.gone;
      return;
    }
    line_.clear();
    ops::append_entry(
        line_, {.key = key.name, .value = value->value, .expiration = key.expiration, .metadata = key.metadata.text()});
    // In valid JSON a line break can only be white space.
    std::replace_if(
        line_.begin(), line_.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    line_.push_back('\n');
    unwritten_.append(line_);
    if (unwritten_.size() >= most_unwritten) write_out();
    ++result_.keys;
    result_.bytes += line_.size();
  }

  void write_out() {
    if (!detail::files::write_all(file_, unwritten_)) throw refused();
    unwritten_.clear();
  }

  // The state must not cover bytes that a power cut could lose.
  void put_on_disk() {
    write_out();
    if (!detail::files::sync(file_)) throw refused();
    detail::files::sync_folder_of(path_);
  }

  [[nodiscard]] Error refused() const {
    return Error(ErrorKind::callback, "the file " + path_ + " cannot be written: " + std::strerror(errno));
  }

  const KvNamespace& kv_;
  const std::string& path_;
  const ExportOptions& options_;
  detail::StateFile state_;
  int file_ = -1;
  std::string line_{};
  std::string unwritten_{};  ///< Lines not yet given to the system.
  ExportResult result_{};
};

}  // namespace

ExportResult export_to(const KvNamespace& kv, const std::string& path, const ExportOptions& options) {
  return Export(kv, path, options).run();
}

}  // namespace cloudflare::kv
