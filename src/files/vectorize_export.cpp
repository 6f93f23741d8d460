// Exports an index to a file: all ids, and then vectors by their ids, in the order of the ids.

#include <algorithm>
#include <span>

#include <cloudflare/files/vectorize.hpp>
#include <cloudflare/vectorize/ndjson.hpp>

#include "files/line_file.hpp"
#include "files/vector_ids.hpp"
#include "vectorize/handle.hpp"

namespace cloudflare::vectorize {

namespace {

class Export {
 public:
  Export(const VectorizeIndex& index, const std::string& path, const ExportOptions& options)
      : index_(index),
        options_(options),
        state_(options.state_file.empty() ? path + ".state" : options.state_file,
               "export of Vectorize index " + index.name() + ", ids with prefix \"" + options.prefix + '"'),
        file_(path, state_) {}

  ExportResult run() {
    const bool again = file_.resume();
    if (again) result_.vectors = state_.number("vectors");
    if (const auto ids = list_ids(index_, options_.prefix, options_.stop))
      write(*ids, again ? std::upper_bound(ids->begin(), ids->end(), state_.text("last")) - ids->begin() : 0);
    result_.bytes = file_.bytes();
    return result_;
  }

 private:
  using Ids = std::span<const std::string>;

  void write(const std::vector<std::string>& ids, std::ptrdiff_t first) {
    Ids left = Ids(ids).subspan(static_cast<std::size_t>(first));
    while (!left.empty() && !options_.stop.stop_requested()) {
      const Ids now = left.first(std::min(vectors_at_once, left.size()));
      write_vectors(now);
      file_.put_on_disk();
      left = left.subspan(now.size());
      if (!left.empty()) save(now.back());
    }
    result_.finished = left.empty();
    if (!result_.finished) return;
    file_.put_on_disk();  // an index without vectors makes an empty file
    state_.remove();
  }

  void save(const std::string& last) {
    state_.set("last", last);
    state_.set("vectors", result_.vectors);
    file_.save();
  }

  void write_vectors(Ids ids) {
    GetManyOptions options{.in_flight = options_.in_flight};
    if (options_.on_progress)
      options.on_progress = [this, before = result_.vectors + result_.gone](BulkProgress now) {
        now.items_done += before;
        now.bytes_done = file_.bytes();
        options_.on_progress(now);
      };
    const GetManyResult read = index_.get_many(ids, options);
    require_all(read);
    for (const std::optional<Vector>& vector : read.vectors) {
      if (!vector) {
        ++result_.gone;
        continue;
      }
      line_.clear();
      ndjson::append(line_, view_of(*vector));
      file_.append(line_);
      ++result_.vectors;
    }
  }

  const VectorizeIndex& index_;
  const ExportOptions& options_;
  detail::StateFile state_;
  detail::LineFile file_;
  std::string line_{};
  ExportResult result_{};
};

}  // namespace

std::optional<std::vector<std::string>> list_ids(const VectorizeIndex& index, const std::string& prefix,
                                                 const std::stop_token& stop) {
  std::vector<std::string> ids;
  Pages<Throwing, VectorPage> pages = patient(index).pages();
  for (;;) {
    if (stop.stop_requested()) return std::nullopt;
    std::optional<VectorPage> page = pages.next();
    if (!page) break;
    for (ListedVector& vector : page->vectors)
      if (vector.id.starts_with(prefix)) ids.push_back(std::move(vector.id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

ExportResult export_to(const VectorizeIndex& index, const std::string& path, const ExportOptions& options) {
  return Export(index, path, options).run();
}

}  // namespace cloudflare::vectorize
