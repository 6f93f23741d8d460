// Exports a namespace to a file: page by page, with bulk reads for the values, and lines in key order.

#include <algorithm>
#include <map>

#include <cloudflare/files/kv.hpp>

#include "files/line_file.hpp"
#include "kv/common.hpp"
#include "kv/handle.hpp"

namespace cloudflare::kv {

namespace {

// Bytes of values that may wait for earlier ones; beyond that no more are requested until they are written.
constexpr std::size_t most_waiting = 64'000'000;

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
        options_(options),
        state_(options.state_file.empty() ? path + ".state" : options.state_file,
               "export of KV namespace " + kv.id() + ", keys with prefix \"" + options.prefix + '"'),
        file_(path, state_) {}

  ExportResult run() {
    const std::string cursor = resume();
    Pages<Throwing, KeyPage> pages = patient(kv_).pages({.prefix = options_.prefix, .cursor = cursor});
    while (!result_.finished && !options_.stop.stop_requested()) {
      const std::optional<KeyPage> page = pages.next();
      if (page) write_page(page->keys);
      file_.put_on_disk();
      result_.finished = !page || pages.cursor().empty();
      if (!result_.finished) save(pages.cursor());
    }
    if (result_.finished) state_.remove();
    result_.bytes = file_.bytes();
    return result_;
  }

 private:
  // Returns the cursor to continue with.
  std::string resume() {
    if (!file_.resume()) return std::string();
    result_.keys = state_.number("keys");
    return state_.text("cursor");
  }

  void save(const std::string& cursor) {
    state_.set("cursor", cursor);
    state_.set("keys", result_.keys);
    file_.save();
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
          now.bytes_done = file_.bytes();
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
    file_.append(line_);
    ++result_.keys;
  }

  const KvNamespace& kv_;
  const ExportOptions& options_;
  detail::StateFile state_;
  detail::LineFile file_;
  std::string line_{};
  ExportResult result_{};
};

}  // namespace

ExportResult export_to(const KvNamespace& kv, const std::string& path, const ExportOptions& options) {
  return Export(kv, path, options).run();
}

}  // namespace cloudflare::kv
