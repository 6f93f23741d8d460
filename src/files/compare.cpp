// Walks two sides together in key order. Values are kept as digests, so memory stays small.

#include <openssl/evp.h>

#include <array>

#include <cloudflare/files/kv.hpp>

#include "files/file_identity.hpp"
#include "files/json_space.hpp"
#include "files/state_file.hpp"
#include "files/text_input.hpp"
#include "kv/handle.hpp"

namespace cloudflare::kv {

namespace {

using detail::StateFile;
using Digest = std::array<unsigned char, 32>;

constexpr std::size_t rows_at_once = 1'000;

Digest digest_of(std::string_view bytes) {
  Digest digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw Error(ErrorKind::callback, "OpenSSL refuses SHA-256");
  return digest;
}

/// One of the two things compared: keys in ascending order.
class Side {
 public:
  virtual ~Side() = default;
  /// The next key, or null at the end.
  virtual const Key* peek() = 0;
  virtual void pop() = 0;
  /// Marks the next key: values() must return its value.
  virtual void want_value() = 0;
  /// The values of the keys marked since the last call; nullopt if a value no longer exists.
  virtual std::vector<std::optional<Digest>> values() = 0;

  virtual void save(StateFile& state, const std::string& name) = 0;
  /// Continues at a saved place; keys up to `last` were compared already.
  virtual void resume(const StateFile& state, const std::string& name, std::string last) = 0;
};

class NamespaceSide final : public Side {
 public:
  NamespaceSide(const KvNamespace& kv, const CompareOptions& options)
      : kv_(kv), options_(options), pages_(patient(kv).pages({.prefix = options.prefix})) {}

  const Key* peek() override {
    for (;;) {
      for (; page_ && at_ < page_->keys.size(); ++at_)
        if (page_->keys[at_].name > last_ || last_.empty()) return &page_->keys[at_];
      if (page_ && pages_.cursor().empty()) return nullptr;
      cursor_ = pages_.cursor();
      page_ = pages_.next();
      at_ = 0;
      if (!page_) page_.emplace();  // no more pages
    }
  }
  void pop() override { ++at_; }
  void want_value() override { wanted_.push_back(page_->keys[at_].name); }
  std::vector<std::optional<Digest>> values() override {
    std::vector<std::optional<Digest>> digests(wanted_.size());
    auto take = [&](std::uint64_t index, std::string_view, const std::optional<Value>& value) {
      if (value) digests[static_cast<std::size_t>(index)] = digest_of(value->value);
    };
    require_all(kv_.get_many(wanted_, {.in_flight = options_.in_flight, .on_value = take}));
    wanted_.clear();
    return digests;
  }
  void save(StateFile& state, const std::string& name) override { state.set(name, cursor_); }
  void resume(const StateFile& state, const std::string& name, std::string last) override {
    pages_ = patient(kv_).pages({.prefix = options_.prefix, .cursor = state.text(name)});
    last_ = std::move(last);
  }

 private:
  const KvNamespace& kv_;
  const CompareOptions& options_;
  Pages<Throwing, KeyPage> pages_;
  std::string cursor_{};  ///< The cursor of the current page.
  std::optional<KeyPage> page_{};
  std::size_t at_ = 0;
  std::string last_{};
  std::vector<std::string> wanted_{};
};

class FileSide final : public Side {
 public:
  FileSide(const std::string& path, const CompareOptions& options)
      : path_(path), options_(options), file_(detail::open_entries(false, path, ReadOptions())) {}

  const Key* peek() override {
    while (!has_ && !ended_) {
      before_ = file_->position();
      ended_ = !file_->next(entry_);
      if (ended_) return nullptr;
      if (!last_.empty() && entry_.key <= last_ && !resumed_)
        throw invalid_argument(path_ + ", line " + std::to_string(file_->position().lines) +
                               ": the keys are not in ascending order of their bytes");
      const bool passed = resumed_ && entry_.key <= last_;
      if (!passed) {
        resumed_ = false;
        last_ = entry_.key;
      }
      has_ = !passed && entry_.key.starts_with(options_.prefix);
    }
    if (!has_) return nullptr;
    key_.name = entry_.key;
    key_.expiration = entry_.expiration;
    key_.metadata = JsonText::raw(entry_.metadata.text());
    return &key_;
  }
  void pop() override { has_ = false; }
  void want_value() override { wanted_.emplace_back(digest_of(entry_.value)); }
  std::vector<std::optional<Digest>> values() override { return std::exchange(wanted_, {}); }

  void save(StateFile& state, const std::string& name) override {
    const FilePosition place = has_ ? before_ : file_->position();
    state.set(name + ".offset", place.offset);
    state.set(name + ".lines", place.lines);
    state.set(name + ".items", place.items);
    state.set(name + ".digest", detail::digest_of_beginning(path_, place.offset));
  }
  void resume(const StateFile& state, const std::string& name, std::string last) override {
    const std::string digest = state.text(name + ".digest");  // states of earlier versions lack it
    if (!digest.empty() && digest != detail::digest_of_beginning(path_, state.number(name + ".offset")))
      throw state.of_another_file(path_);
    file_ = detail::open_entries(false, path_,
                                 {.from = {.offset = state.number(name + ".offset"),
                                           .lines = state.number(name + ".lines"),
                                           .items = state.number(name + ".items")}});
    last_ = std::move(last);
    resumed_ = true;
  }

 private:
  const std::string& path_;
  const CompareOptions& options_;
  std::unique_ptr<detail::ItemSource<Entry>> file_;
  Entry entry_{};
  Key key_{};
  FilePosition before_{};
  bool has_ = false;
  bool ended_ = false;
  bool resumed_ = false;  ///< Keys up to last_ may come again.
  std::string last_{};
  std::vector<std::optional<Digest>> wanted_{};
};

class Comparison {
 public:
  Comparison(Side& first, Side& second, const CompareOptions& options, const std::string& job)
      : first_(first), second_(second), options_(options), state_(options.state_file, job) {}

  CompareResult run() {
    if (!options_.state_file.empty() && state_.read()) {
      result_.keys = state_.number("keys");
      result_.differ = state_.number("differ");
      first_.resume(state_, "first", state_.text("last"));
      second_.resume(state_, "second", state_.text("last"));
    }
    while (!result_.finished && !options_.stop.stop_requested()) {
      read_rows();
      compare_values();
      for (Difference& row : rows_) report(row);
      save();
    }
    return std::move(result_);
  }

 private:
  void read_rows() {
    rows_.clear();
    while (rows_.size() < rows_at_once) {
      const Key* a = first_.peek();
      const Key* b = second_.peek();
      if (a == nullptr && b == nullptr) {
        result_.finished = true;
        return;
      }
      Difference row;
      row.only_in_first = b == nullptr || (a != nullptr && a->name < b->name);
      row.only_in_second = a == nullptr || (b != nullptr && b->name < a->name);
      row.key = row.only_in_second ? b->name : a->name;
      if (!row.only_in_first && !row.only_in_second) {
        row.expiration = a->expiration != b->expiration;
        row.metadata = detail::without_space(a->metadata.text()) != detail::without_space(b->metadata.text());
        if (options_.values) {
          first_.want_value();
          second_.want_value();
        }
      }
      if (!row.only_in_second) first_.pop();
      if (!row.only_in_first) second_.pop();
      rows_.push_back(std::move(row));
    }
  }

  void compare_values() {
    if (!options_.values) return;
    const auto a = first_.values();
    const auto b = second_.values();
    std::size_t at = 0;
    for (Difference& row : rows_) {
      if (row.only_in_first || row.only_in_second) continue;
      if (a[at].has_value() == b[at].has_value()) {
        row.value = a[at] != b[at];
      } else {  // removed after it was listed
        row = {.key = std::move(row.key), .only_in_first = a[at].has_value(), .only_in_second = b[at].has_value()};
      }
      ++at;
    }
  }

  void report(Difference& row) {
    ++result_.keys;
    last_ = row.key;
    if (!row.only_in_first && !row.only_in_second && !row.value && !row.metadata && !row.expiration) return;
    ++result_.differ;
    if (options_.on_difference) return options_.on_difference(row);
    result_.differences.push_back(std::move(row));
  }

  void save() {
    if (options_.state_file.empty()) return;
    if (result_.finished) return state_.remove();
    state_.set("keys", result_.keys);
    state_.set("differ", result_.differ);
    state_.set("last", last_);
    first_.save(state_, "first");
    second_.save(state_, "second");
    state_.write();
  }

  Side& first_;
  Side& second_;
  const CompareOptions& options_;
  StateFile state_;
  std::vector<Difference> rows_{};
  std::string last_{};
  CompareResult result_{};
};

std::string job(const KvNamespace& first, const std::string& second, const CompareOptions& options) {
  return "comparison of KV namespace " + first.id() + " with " + second + (options.values ? "" : ", values aside") +
         ", keys with prefix \"" + options.prefix + '"';
}

}  // namespace

CompareResult compare(const KvNamespace& first, const KvNamespace& second, const CompareOptions& options) {
  NamespaceSide a(first, options);
  NamespaceSide b(second, options);
  return Comparison(a, b, options, job(first, "KV namespace " + second.id(), options)).run();
}

CompareResult compare(const KvNamespace& first, const std::string& path, const CompareOptions& options) {
  NamespaceSide a(first, options);
  FileSide b(path, options);
  return Comparison(a, b, options, job(first, "file " + path, options)).run();
}

}  // namespace cloudflare::kv
