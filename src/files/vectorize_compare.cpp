// Walks two sides together in the order of their ids.

#include <algorithm>

#include <cloudflare/files/vectorize.hpp>

#include "files/json_space.hpp"
#include "files/state_file.hpp"
#include "files/text_input.hpp"
#include "files/vector_ids.hpp"
#include "vectorize/handle.hpp"

namespace cloudflare::vectorize {

namespace {

using Vectors = std::vector<std::optional<Vector>>;

/// One of the two things compared: ids in ascending order.
class Side {
 public:
  virtual ~Side() = default;
  /// Prepares ids behind `last` (if it is not empty); false if the options' stop token came first.
  virtual bool begin(const std::string& last) = 0;
  /// The next id, or null at the end.
  virtual const std::string* peek() = 0;
  virtual void pop() = 0;
  /// Marks the next id: vectors() must return its vector.
  virtual void want() = 0;
  /// The vectors of the ids marked since the last call; nullopt for one that no longer exists.
  virtual Vectors vectors() = 0;
};

class IndexSide final : public Side {
 public:
  IndexSide(const VectorizeIndex& index, const CompareOptions& options) : index_(index), options_(options) {}

  bool begin(const std::string& last) override {
    auto ids = list_ids(index_, options_.prefix, options_.stop);
    if (!ids) return false;
    ids_ = *std::move(ids);
    if (!last.empty()) at_ = std::upper_bound(ids_.begin(), ids_.end(), last) - ids_.begin();
    return true;
  }
  const std::string* peek() override {
    const auto at = static_cast<std::size_t>(at_);
    return at == ids_.size() ? nullptr : &ids_[at];
  }
  void pop() override { ++at_; }
  void want() override { wanted_.push_back(*peek()); }
  Vectors vectors() override {
    GetManyResult read = index_.get_many(wanted_, {.in_flight = options_.in_flight});
    require_all(read);
    wanted_.clear();
    return std::move(read.vectors);
  }

 private:
  const VectorizeIndex& index_;
  const CompareOptions& options_;
  std::vector<std::string> ids_{};
  std::ptrdiff_t at_ = 0;
  std::vector<std::string> wanted_{};
};

class FileSide final : public Side {
 public:
  FileSide(const std::string& path, const CompareOptions& options)
      : path_(path), options_(options), file_(detail::open_vectors(false, path, ReadOptions())) {}

  bool begin(const std::string& last) override {
    compared_ = last;
    return true;
  }
  const std::string* peek() override {
    while (!has_) {
      if (ended_ || !file_->next(vector_)) {
        ended_ = true;
        return nullptr;
      }
      if (vector_.id <= last_)
        throw invalid_argument(path_ + ", line " + std::to_string(file_->position().lines) +
                               ": the ids are not in ascending order of their bytes");
      last_ = vector_.id;
      has_ = last_ > compared_ && last_.starts_with(options_.prefix);
    }
    return &last_;
  }
  void pop() override { has_ = false; }
  void want() override { wanted_.emplace_back(std::move(vector_)); }
  Vectors vectors() override { return std::exchange(wanted_, {}); }

 private:
  const std::string& path_;
  const CompareOptions& options_;
  std::unique_ptr<detail::ItemSource<Vector>> file_;
  Vector vector_{};
  bool has_ = false;
  bool ended_ = false;
  std::string last_{};      ///< The id read last.
  std::string compared_{};  ///< Ids up to this one were compared by earlier runs.
  Vectors wanted_{};
};

class Comparison {
 public:
  Comparison(Side& first, Side& second, const CompareOptions& options, const std::string& job)
      : first_(first), second_(second), options_(options), state_(options.state_file, job) {}

  CompareResult run() {
    if (!options_.state_file.empty() && state_.read()) {
      result_.vectors = state_.number("vectors");
      result_.differ = state_.number("differ");
      last_ = state_.text("last");
    }
    if (!first_.begin(last_) || !second_.begin(last_)) return std::move(result_);
    while (!result_.finished && !options_.stop.stop_requested()) {
      read_rows();
      if (options_.vectors) compare_vectors();
      for (Difference& row : rows_) report(row);
      save();
    }
    return std::move(result_);
  }

 private:
  void read_rows() {
    rows_.clear();
    while (rows_.size() < vectors_at_once) {
      const std::string* a = first_.peek();
      const std::string* b = second_.peek();
      if (a == nullptr && b == nullptr) {
        result_.finished = true;
        return;
      }
      Difference row;
      row.only_in_first = b == nullptr || (a != nullptr && *a < *b);
      row.only_in_second = a == nullptr || (b != nullptr && *b < *a);
      row.id = row.only_in_second ? *b : *a;
      if (!row.only_in_first && !row.only_in_second && options_.vectors) {
        first_.want();
        second_.want();
      }
      if (!row.only_in_second) first_.pop();
      if (!row.only_in_first) second_.pop();
      rows_.push_back(std::move(row));
    }
  }

  void compare_vectors() {
    const Vectors first = first_.vectors();
    const Vectors second = second_.vectors();
    std::size_t at = 0;
    for (Difference& row : rows_) {
      if (row.only_in_first || row.only_in_second) continue;
      const std::optional<Vector>& a = first[at];
      const std::optional<Vector>& b = second[at];
      ++at;
      if (a && b) {
        row.values = a->values != b->values;
        row.ns = a->ns != b->ns;
        row.metadata = detail::without_space(a->metadata.text()) != detail::without_space(b->metadata.text());
      } else {  // removed after it was listed
        row.only_in_first = a.has_value();
        row.only_in_second = b.has_value();
      }
    }
  }

  void report(Difference& row) {
    ++result_.vectors;
    last_ = row.id;
    if (!row.only_in_first && !row.only_in_second && !row.values && !row.ns && !row.metadata) return;
    ++result_.differ;
    if (options_.on_difference) return options_.on_difference(row);
    result_.differences.push_back(std::move(row));
  }

  void save() {
    if (options_.state_file.empty()) return;
    if (result_.finished) return state_.remove();
    state_.set("vectors", result_.vectors);
    state_.set("differ", result_.differ);
    state_.set("last", last_);
    state_.write();
  }

  Side& first_;
  Side& second_;
  const CompareOptions& options_;
  detail::StateFile state_;
  std::vector<Difference> rows_{};
  std::string last_{};
  CompareResult result_{};
};

std::string job(const VectorizeIndex& first, const std::string& second, const CompareOptions& options) {
  return "comparison of Vectorize index " + first.name() + " with " + second + (options.vectors ? "" : ", ids alone") +
         ", ids with prefix \"" + options.prefix + '"';
}

}  // namespace

CompareResult compare(const VectorizeIndex& first, const VectorizeIndex& second, const CompareOptions& options) {
  IndexSide a(first, options);
  IndexSide b(second, options);
  return Comparison(a, b, options, job(first, "Vectorize index " + second.name(), options)).run();
}

CompareResult compare(const VectorizeIndex& first, const std::string& path, const CompareOptions& options) {
  IndexSide a(first, options);
  FileSide b(path, options);
  return Comparison(a, b, options, job(first, "file " + path, options)).run();
}

}  // namespace cloudflare::vectorize
