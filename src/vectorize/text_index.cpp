// A TextIndex embeds first and uploads or queries then. Both steps wait, on the calling thread.

#include <cloudflare/text_index.hpp>

#include <algorithm>

#include "base/encode.hpp"

namespace cloudflare {

namespace {

using vectorize::IndexInfo;
using vectorize::ManyResult;
using vectorize::Mutation;
using vectorize::QueryOptions;
using vectorize::QueryResult;
using vectorize::TextView;
using vectorize::UploadManyOptions;
using vectorize::Vector;
using TextReader = detail::ViewReader<TextView>;
using Vectors = std::vector<std::vector<float>>;

std::optional<Error> check_text(std::string_view text) {
  if (text.empty()) return invalid_argument("the text is empty");
  if (!detail::is_utf8(text)) return invalid_argument("the text is not UTF-8");
  return std::nullopt;
}

Error other_dimensions(int of_index, std::size_t of_embedder) {
  return invalid_argument("the index has " + std::to_string(of_index) + " dimensions, the embedder " +
                          std::to_string(of_embedder));
}

// One vector for each text, all of the same length, which is that of the index if the handle knows it.
Result<Vectors> embed(const Embedder& embedder, std::span<const std::string> texts, int dimensions) try {
  Vectors vectors = embedder.embed(texts);
  if (vectors.size() != texts.size())
    return Error(ErrorKind::decode, "the embedder gave " + std::to_string(vectors.size()) + " vectors for " +
                                        std::to_string(texts.size()) + " texts");
  if (dimensions == 0) dimensions = embedder.dimensions();
  for (const std::vector<float>& vector : vectors)
    if (dimensions != 0 && vector.size() != static_cast<std::size_t>(dimensions))
      return other_dimensions(dimensions, vector.size());
  return vectors;
} catch (const Error& error) {
  return error;
} catch (...) {  // the embedder is the caller's
  return detail::thrown_by_caller();
}

// `metadata` with the text as one member more. Metadata that is no object stays as it is: the upload refuses it.
std::string with_text(std::string_view metadata, std::string_view property, std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  if (property.empty()) return std::string(metadata);
  const std::size_t begin = metadata.find_first_not_of(space);
  const bool none = begin == std::string_view::npos;
  if (!none && metadata[begin] != '{') return std::string(metadata);
  const std::string_view rest = none ? "}" : metadata.substr(begin + 1);
  const std::size_t first = rest.find_first_not_of(space);
  std::string json = "{";
  detail::append_json_string(json, property);
  detail::append_json_string(json.append(":"), text);
  if (first != std::string_view::npos && rest[first] != '}') json.push_back(',');
  return json.append(rest);
}

/// Stores the texts of a range, chunk after chunk.
class TextUpload {
 public:
  TextUpload(const CheckedVectorizeIndex& index, const Embedder& embedder, const std::string& property,
             TextReader& texts, const UploadManyOptions& options)
      : index_(index),
        embedder_(embedder),
        property_(property),
        input_(texts),
        options_(options),
        total_(options.expected_items ? options.expected_items : texts.size()) {}

  Result<ManyResult> run() {
    while (!ended_ && !result_.stopped) {
      read_chunk();
      if (texts_.empty()) continue;
      auto vectors = embed(embedder_, texts_, index_.dimensions());
      if (!vectors) {
        fail_rest(vectors.error());
      } else {
        for (std::size_t i = 0; i < vectors_.size(); ++i) vectors_[i].values = std::move((*vectors)[i]);
        upload();
      }
      if (result_.stopped && (result_.succeeded == 0 || result_.stopped->cause())) return *result_.stopped;
    }
    return std::move(result_);
  }

 private:
  void read_chunk() {
    const std::size_t most = std::clamp<std::size_t>(options_.batch_vectors, 1, limits::vectorize_upload_vectors);
    texts_.clear();
    vectors_.clear();
    numbers_.clear();
    while (texts_.size() < most) {
      const TextView* next = input_.next();
      if (next == nullptr) {
        ended_ = true;
        return;
      }
      const std::uint64_t number = result_.items++;
      if (auto error = check_text(next->text)) {
        settle(number, next->id, &*error);
        continue;
      }
      numbers_.push_back(number);
      texts_.emplace_back(next->text);
      vectors_.push_back({.id = std::string(next->id),
                          .ns = std::string(next->ns),
                          .metadata = JsonText::raw(with_text(next->metadata, property_, next->text))});
    }
  }

  void upload() {
    std::vector<bool> settled(vectors_.size());
    UploadManyOptions options = options_;
    options.expected_items.reset();
    options.on_outcome = [&](const ItemOutcome& item) {
      const auto at = static_cast<std::size_t>(item.index);
      settled[at] = true;
      settle(numbers_[at], item.name, item.error);
    };
    if (options_.on_progress)
      options.on_progress = [this, before = result_, done = progress_](const BulkProgress& now) {
        report(now, done, before);
      };
    auto sent = index_.upsert_many(vectors_, options);
    if (!sent) return fail_rest(sent.error(), &settled);
    result_.requests += sent->requests;
    // The next chunk leaves when this one is answered, so the mutation of the last one stands for all.
    if (sent->succeeded != 0) result_.mutation = std::move(sent->mutation);
    result_.stopped = std::move(sent->stopped);
    if (result_.stopped) fail_rest(*result_.stopped, &settled);
  }

  // The texts of the chunk that have no outcome yet get this one, and the call ends.
  void fail_rest(const Error& error, const std::vector<bool>* settled = nullptr) {
    for (std::size_t i = 0; i < numbers_.size(); ++i)
      if (settled == nullptr || !(*settled)[i]) settle(numbers_[i], vectors_[i].id, &error);
    result_.stopped = error;
  }

  void settle(std::uint64_t number, std::string_view id, const Error* error) {
    ++(error == nullptr ? result_.succeeded : result_.not_done);
    if (error != nullptr && error->outcome_unknown()) ++result_.unknown;
    if (options_.on_outcome)
      return options_.on_outcome({.index = number,
                                  .name = id,
                                  .outcome = error == nullptr           ? Outcome::done
                                             : error->outcome_unknown() ? Outcome::unknown
                                                                        : Outcome::failed,
                                  .error = error});
    if (error != nullptr) result_.failed.push_back({.index = number, .name = std::string(id), .error = *error});
  }

  // Counts of the chunk under way are added to those of the chunks before it.
  void report(BulkProgress now, const BulkProgress& before, const ManyResult& settled) {
    now.items_done = result_.succeeded + result_.not_done;
    now.items_failed = result_.not_done;
    now.items_total = ended_ ? std::optional(result_.items) : total_;
    now.requests += settled.requests;
    now.bytes_done += before.bytes_done;
    now.elapsed += before.elapsed;
    now.remaining.reset();
    progress_ = now;
    options_.on_progress(now);
  }

  const CheckedVectorizeIndex& index_;
  const Embedder& embedder_;
  const std::string& property_;
  TextReader& input_;
  const UploadManyOptions& options_;
  std::optional<std::uint64_t> total_;
  std::vector<std::string> texts_{};  ///< The chunk: its texts, what is stored with them, and their positions.
  std::vector<Vector> vectors_{};
  std::vector<std::uint64_t> numbers_{};
  bool ended_ = false;
  BulkProgress progress_{};
  ManyResult result_{};
};

}  // namespace

Result<QueryResult> CheckedTextIndex::search(std::string_view text, const QueryOptions& options) const {
  if (auto error = check_text(text)) return *error;
  const std::string one(text);
  auto vectors = embed(*embedder_, {&one, 1}, index_.dimensions());
  if (!vectors) return vectors.error();
  return index_.query(vectors->front(), options);
}

Result<Mutation> CheckedTextIndex::upsert(std::string_view id, std::string_view text, const Metadata& metadata,
                                          const vectorize::UploadOptions& options) const {
  if (auto error = check_text(text)) return *error;
  const std::string one(text);
  auto vectors = embed(*embedder_, {&one, 1}, index_.dimensions());
  if (!vectors) return vectors.error();
  const std::string stored = with_text(metadata.text(), options_.text_property, text);
  const vectorize::VectorView vector{.id = id, .values = vectors->front(), .metadata = stored};
  return index_.upsert(std::span(&vector, 1), options);
}

Result<ManyResult> CheckedTextIndex::upsert_all(TextReader& texts, const UploadManyOptions& options) const try {
  return TextUpload(index_, *embedder_, options_.text_property, texts, options).run();
} catch (const Error& error) {
  return error;
} catch (...) {  // the range and the hooks are the caller's
  return detail::thrown_by_caller();
}

Result<IndexInfo> CheckedTextIndex::check() const {
  auto info = index_.info();
  if (!info) return info;
  const int expected = embedder_->dimensions();
  if (expected != 0 && info->dimensions != 0 && info->dimensions != expected)
    return other_dimensions(info->dimensions, static_cast<std::size_t>(expected));
  return info;
}

TextIndex::TextIndex(const VectorizeIndex& index, std::shared_ptr<const Embedder> embedder,
                     vectorize::TextIndexOptions options)
    : checked_(index.checked(), std::move(embedder), std::move(options)) {
  if (checked_.embedder_ == nullptr) throw invalid_argument("there is no embedder");
  const int known = checked_.embedder_->dimensions();
  if (known != 0 && index.dimensions() != 0 && known != index.dimensions())
    throw other_dimensions(index.dimensions(), static_cast<std::size_t>(known));
}

QueryResult TextIndex::search(std::string_view text, const QueryOptions& options) const {
  return checked_.search(text, options).value();
}
Mutation TextIndex::upsert(std::string_view id, std::string_view text, const Metadata& metadata,
                           const vectorize::UploadOptions& options) const {
  return checked_.upsert(id, text, metadata, options).value();
}
IndexInfo TextIndex::check() const { return checked_.check().value(); }

}  // namespace cloudflare
