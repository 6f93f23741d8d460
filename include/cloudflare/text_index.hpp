#pragma once

// TextIndex: a Vectorize index and an embedder, put together. Text goes in, matches come out.
// Not part of <cloudflare/cloudflare.hpp>.

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <cloudflare/detail/range_reader.hpp>
#include <cloudflare/embedder.hpp>
#include <cloudflare/vectorize.hpp>

namespace cloudflare {

class CheckedTextIndex;

namespace vectorize {

/// A text to be stored as its vector.
struct Text {
  std::string id{};    ///< 1 to 64 bytes.
  std::string text{};  ///< Not empty.
  std::string ns{};    ///< The namespace, at most 64 bytes; empty: none.
  Metadata metadata{};
};

/// A text that owns no memory.
struct TextView {
  std::string_view id{};
  std::string_view text{};
  std::string_view ns{};
  std::string_view metadata{};  ///< JSON text, or empty.
};

/// What is stored beside the vector of a text.
struct TextIndexOptions {
  /// The member of the metadata that also keeps the text itself, so that a search with all metadata gives it back.
  /// Empty: texts are not stored. Metadata with its text takes at most 10 KiB.
  std::string text_property{};
};

/// What an element of upsert_many() may look like: a Text, a TextView, or a pair of id and text.
inline TextView text_view_of(const Text& text) { return {text.id, text.text, text.ns, text.metadata.text()}; }
inline TextView text_view_of(const TextView& text) { return text; }
template <class I, class T>
requires std::convertible_to<const I&, std::string_view> && std::convertible_to<const T&, std::string_view> TextView
text_view_of(const std::pair<I, T>& pair) {
  return {.id = pair.first, .text = pair.second};
}

/// A range of Text, TextView, or pairs of id and text.
template <class R>
concept TextRange = std::ranges::input_range<R> &&
    requires(const std::remove_cvref_t<std::ranges::range_reference_t<R>>& e) {
  { text_view_of(e) } -> std::same_as<TextView>;
};

}  // namespace vectorize

/// The operations of a TextIndex, with Result instead of exceptions.
class CLOUDFLARE_API CheckedTextIndex {
 public:
  [[nodiscard]] Result<vectorize::QueryResult> search(
      std::string_view text, const vectorize::QueryOptions& options = vectorize::QueryOptions()) const;
  Result<vectorize::Mutation> upsert(std::string_view id, std::string_view text, const Metadata& metadata = Metadata(),
                                     const vectorize::UploadOptions& options = vectorize::UploadOptions()) const;
  template <vectorize::TextRange R>
  Result<vectorize::ManyResult> upsert_many(
      R&& texts, const vectorize::UploadManyOptions& options = vectorize::UploadManyOptions()) const {
    return upsert_all(*detail::make_view_reader<vectorize::TextView>(
                          std::forward<R>(texts), [](const auto& text) { return vectorize::text_view_of(text); }),
                      options);
  }
  [[nodiscard]] Result<vectorize::IndexInfo> check() const;

 private:
  friend class TextIndex;
  CheckedTextIndex(CheckedVectorizeIndex index, std::shared_ptr<const Embedder> embedder,
                   vectorize::TextIndexOptions options)
      : index_(std::move(index)), embedder_(std::move(embedder)), options_(std::move(options)) {}
  [[nodiscard]] Result<vectorize::ManyResult> upsert_all(detail::ViewReader<vectorize::TextView>& texts,
                                                         const vectorize::UploadManyOptions& options) const;

  CheckedVectorizeIndex index_;
  std::shared_ptr<const Embedder> embedder_;
  vectorize::TextIndexOptions options_;
};

/// A Vectorize index of texts.
///
/// A handle: a copy costs reference counts and short strings. Any thread may use it. Embedding and request follow each
/// other, so errors are those of the embedder and those of the index; an exception that is no Error, thrown by an
/// embedder, passes through. There is no asynchronous view, because an Embedder waits for its result: await
/// WorkersAi::async().embed() and then VectorizeIndex::async().query().
class CLOUDFLARE_API TextIndex {
 public:
  /// Keeps a copy of `embedder`. No request is made.
  /// @throws Error  invalid_argument: the index handle knows other dimensions than the embedder
  template <std::derived_from<Embedder> E>
  TextIndex(const VectorizeIndex& index, E embedder,
            vectorize::TextIndexOptions options = vectorize::TextIndexOptions())
      : TextIndex(index, std::shared_ptr<const Embedder>(std::make_shared<const E>(std::move(embedder))),
                  std::move(options)) {}
  /// The same with an embedder that is shared, or costly to copy.
  TextIndex(const VectorizeIndex& index, std::shared_ptr<const Embedder> embedder,
            vectorize::TextIndexOptions options = vectorize::TextIndexOptions());

  /// The texts nearest to `text`: embeds it and makes one query. Options and limits are those of
  /// VectorizeIndex::query(). @throws Error  invalid_argument: the text is empty or not UTF-8
  [[nodiscard]] vectorize::QueryResult search(std::string_view text,
                                              const vectorize::QueryOptions& options = vectorize::QueryOptions()) const;
  /// Stores the vector of one text; if the id exists, vector, namespace and metadata are replaced as a whole. Visible
  /// once it is processed: see VectorizeIndex::wait_for().
  vectorize::Mutation upsert(std::string_view id, std::string_view text, const Metadata& metadata = Metadata(),
                             const vectorize::UploadOptions& options = vectorize::UploadOptions()) const;
  /// Any number of texts, read lazily, once: `batch_vectors` (5000) of them are embedded, uploaded with upsert_many()
  /// and counted, then the next. Memory for that many texts and vectors.
  ///
  /// A text that breaks a rule is reported, the others are stored. If the embedder fails, the texts at hand fail with
  /// its error, and the call ends (`stopped`). `requests` counts the uploads alone.
  /// @throws Error  only if nothing was accepted
  template <vectorize::TextRange R>
  vectorize::ManyResult upsert_many(
      R&& texts, const vectorize::UploadManyOptions& options = vectorize::UploadManyOptions()) const {
    return checked_.upsert_many(std::forward<R>(texts), options).value();
  }
  /// Asks info() and compares: for the start of a program. @throws Error  invalid_argument: the index has other
  /// dimensions than the embedder
  vectorize::IndexInfo check() const;

  [[nodiscard]] const CheckedTextIndex& checked() const noexcept { return checked_; }

 private:
  CheckedTextIndex checked_;
};

}  // namespace cloudflare
