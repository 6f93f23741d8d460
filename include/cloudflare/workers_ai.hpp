#pragma once

// Workers AI: texts to vectors, by the text embedding models that Vectorize's presets name.
// Not part of <cloudflare/cloudflare.hpp>.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloudflare/bulk.hpp>
#include <cloudflare/client.hpp>
#include <cloudflare/detail/range_reader.hpp>
#include <cloudflare/embedder.hpp>

namespace cloudflare {

class CheckedWorkersAi;
class AsyncWorkersAi;

namespace workers_ai {

/// Text embedding models, with the length of their vectors (Cloudflare docs, "Workers AI", models; that of bge-m3 is
/// from its makers, since Cloudflare's page names none).
namespace models {
inline constexpr std::string_view bge_small_en_v1_5 = "@cf/baai/bge-small-en-v1.5";  ///< 384, English.
inline constexpr std::string_view bge_base_en_v1_5 = "@cf/baai/bge-base-en-v1.5";    ///< 768, English.
inline constexpr std::string_view bge_large_en_v1_5 = "@cf/baai/bge-large-en-v1.5";  ///< 1024, English.
inline constexpr std::string_view bge_m3 = "@cf/baai/bge-m3";                        ///< 1024, many languages.
}  // namespace models

/// The length of the vectors of one of `models`; 0 for any other model.
[[nodiscard]] CLOUDFLARE_API int dimensions_of(std::string_view model) noexcept;

/// How a model makes one vector of those of a text's tokens. Vectors of one pooling cannot be compared with those of
/// the other.
enum class Pooling : std::uint8_t { mean, cls };

/// What the library should know of a model that it does not know by itself.
struct ModelOptions {
  /// Length of the model's vectors; 0: as dimensions_of() says, or else as the first reply of each call shows.
  int dimensions = 0;
  /// Absent: the server's default, which is `mean` (Cloudflare docs). bge-m3 has no such choice.
  std::optional<Pooling> pooling{};
};

/// What a handle knows of its model.
struct Model {
  std::string name{};
  int dimensions = 0;  ///< 0: unknown.
  std::optional<Pooling> pooling{};
};

/// How texts are packed into requests, and who gets their vectors.
struct EmbedManyOptions {
  /// Requests under way at once; absent: the setting of the client (4).
  std::optional<int> in_flight{};
  /// Texts in one request, at most 100.
  std::size_t batch_texts = limits::workers_ai_texts;
  /// Texts in the input, for BulkProgress::items_total; only needed where the range does not know its size.
  std::optional<std::uint64_t> expected_items{};
  /// Called after each request on the thread that drives the call. If it throws, the call ends with that exception.
  std::function<void(const BulkProgress&)> on_progress{};
  /// Called with each vector instead of collecting them.
  std::function<void(std::uint64_t index, std::vector<float>&& vector)> on_vector{};
  /// See BulkOptions::on_outcome. Texts have no name there.
  std::function<void(const ItemOutcome&)> on_outcome{};
};

/// Vectors in the order of the texts; empty for one listed in `outcome.failed`.
struct EmbedManyResult {
  std::vector<std::vector<float>> vectors{};
  BulkResult outcome{};
};

template <class R>
concept TextInput =
    std::ranges::input_range<R> && std::convertible_to<std::ranges::range_reference_t<R>, std::string_view>;

}  // namespace workers_ai

namespace ops {
CLOUDFLARE_API detail::FlowPtr<std::vector<std::vector<float>>> workers_ai_embed(
    const detail::RequestContext& context, const workers_ai::Model& model, std::unique_ptr<detail::TextReader> texts);
CLOUDFLARE_API detail::FlowPtr<workers_ai::EmbedManyResult> workers_ai_embed_many(
    const detail::RequestContext& context, const workers_ai::Model& model, std::unique_ptr<detail::TextReader> texts,
    const workers_ai::EmbedManyOptions& options);
}  // namespace ops

/// The operations of one text embedding model, written once for all views.
///
/// POST …/ai/run/{model} with up to 100 texts. Repeated like any read: a repetition changes nothing, though what was
/// computed is paid for. The reply is checked: one vector for each text, of the model's dimensions. A model takes so
/// many tokens of a text (512 for bge-…-en-v1.5); what becomes of a longer text is unverified.
///
/// Limits of Cloudflare, not counted here: 3000 requests per minute, 1500 for bge-large-en-v1.5, and 10 000 neurons per
/// day on the Free plan. Besides the Error kinds that they name, operations may fail with unauthorized, not_found (no
/// such model, 5007), quota_exceeded (3036), rate_limited, rejected, timeout, cancelled, transport, server, decode.
/// Caller mistakes are invalid_argument before any request: an empty text, one that is not UTF-8, a name that is no
/// model's.
template <class View>
class WorkersAiVerbs {
 public:
  template <class T>
  using Returns = typename View::template Returns<T>;

  /// The vectors of any number of texts, in order: all of them, or the first error. Requests of up to 100 texts,
  /// several under way at once.
  template <workers_ai::TextInput R>
  [[nodiscard]] Returns<std::vector<std::vector<float>>> embed(R&& texts) const {
    return View::run(context_, ops::workers_ai_embed(context_, model_,
                                                     detail::make_text_reader(View::keep(std::forward<R>(texts)))));
  }
  /// The same with one outcome for each text, reported progress, and a range that is read lazily, once. A request that
  /// the server refuses is halved until the refused text is found.
  /// @throws Error  only if no vector was made
  template <workers_ai::TextInput R>
  [[nodiscard]] Returns<workers_ai::EmbedManyResult> embed_many(
      R&& texts, const workers_ai::EmbedManyOptions& options = workers_ai::EmbedManyOptions()) const {
    return View::run(context_,
                     ops::workers_ai_embed_many(context_, model_,
                                                detail::make_text_reader(View::keep(std::forward<R>(texts))), options));
  }

  [[nodiscard]] const workers_ai::Model& model() const noexcept { return model_; }

 protected:
  WorkersAiVerbs(typename View::Context context, workers_ai::Model model)
      : context_(std::move(context)), model_(std::move(model)) {}
  typename View::Context context_;
  workers_ai::Model model_;
};

extern template class CLOUDFLARE_API WorkersAiVerbs<Throwing>;
extern template class CLOUDFLARE_API WorkersAiVerbs<Checked>;

/// One text embedding model of Workers AI, as an Embedder too.
///
/// A handle: a copy costs a reference count and a short string. Any thread may use it. It keeps the client's core
/// alive.
class CLOUDFLARE_API WorkersAi : public WorkersAiVerbs<Throwing>, public Embedder {
 public:
  /// `model` is one of workers_ai::models or another text embedding model, "@cf/{author}/{name}".
  explicit WorkersAi(const ApiClient& client, std::string model = std::string(workers_ai::models::bge_base_en_v1_5),
                     const workers_ai::ModelOptions& options = workers_ai::ModelOptions());

  [[nodiscard]] int dimensions() const noexcept override { return model_.dimensions; }
  using WorkersAiVerbs::embed;
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) const override;

  [[nodiscard]] CheckedWorkersAi checked() const;
  /// The same operations as Operation<T>; the type is complete with <cloudflare/async.hpp>.
  [[nodiscard]] AsyncWorkersAi async() const;
  /// The same model with other limits for its calls.
  [[nodiscard]] WorkersAi with(const CallOptions& options) const;

 private:
  using WorkersAiVerbs::WorkersAiVerbs;
};

/// The operations of WorkersAi with Result<T>.
class CheckedWorkersAi : public WorkersAiVerbs<Checked> {
 private:
  friend WorkersAi;
  using WorkersAiVerbs::WorkersAiVerbs;
};

}  // namespace cloudflare
