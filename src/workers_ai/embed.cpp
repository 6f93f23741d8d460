// Text embeddings by the bulk flow: texts are packed into requests, each reply gives a vector for each text.

#include <cloudflare/workers_ai.hpp>

#include <algorithm>

#include "base/json_in.hpp"
#include "bulk/bulk_flow.hpp"
#include "engine/request.hpp"
#include "vectorize/common.hpp"
#include "workers_ai/endpoints.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Batch;
using detail::BulkCodec;
using detail::BulkFlow;
using detail::BulkFormat;
using detail::Reply;
using workers_ai::EmbedManyOptions;
using workers_ai::EmbedManyResult;
using workers_ai::Model;
using Vectors = std::vector<std::vector<float>>;
using TakeVector = std::function<void(std::uint64_t, std::vector<float>&&)>;

constexpr std::string_view hosted = "@cf/";

Result<detail::Request> model_request(const RequestContext& context, const Model& model) {
  const std::string_view name = model.name;
  const std::string_view path = name.substr(std::min(hosted.size(), name.size()));
  const std::size_t slash = path.find('/');
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  const std::string_view author = path.substr(0, slash);
  const std::string_view rest = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  const auto is_name = [&](std::string_view part) {
    return !part.empty() && part.front() != '.' && std::all_of(part.begin(), part.end(), plain);
  };
  if (!name.starts_with(hosted) || !is_name(author) || !is_name(rest))
    return invalid_argument("the model's name is not of the form \"@cf/author/name\"");
  if (model.dimensions < 0) return invalid_argument("the dimensions of the model are negative");
  return detail::account_request(workers_ai_endpoint("workers_ai.embed"), context, {author, rest});
}

Vectors read_vectors_of_texts(json::document& document) {
  Vectors vectors;
  bool found = false;
  for (auto field : document.get_object()) {
    const std::string_view name = field.unescaped_key();
    if (name != "data" && name != "response") continue;  // one page of bge-m3 says `response`, all others `data`
    found = true;
    for (auto item : field.value().get_array()) {
      auto& vector = vectors.emplace_back();
      if (vectors.size() > 1) vector.reserve(vectors.front().size());
      read_floats(vector, item.value());
    }
  }
  if (!found) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
  return vectors;
}

class EmbedCodec final : public BulkCodec {
 public:
  EmbedCodec(int dimensions, std::unique_ptr<detail::TextReader> texts, TakeVector take)
      : dimensions_(static_cast<std::size_t>(dimensions)), texts_(std::move(texts)), take_(std::move(take)) {}

  Read read(std::string& text, std::string&) override {
    const std::string_view* next = texts_->next();
    if (next == nullptr) return Read::end;
    if (!next->empty() && detail::is_utf8(*next)) {
      detail::append_json_string(text, *next);
      return Read::item;
    }
    refusal_ = invalid_argument(next->empty() ? "the text is empty" : "the text is not UTF-8");
    return Read::refused;
  }

  Result<Open> settle(const Batch& batch, Reply&& reply) override {
    auto vectors = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the embeddings",
                                     read_vectors_of_texts);
    if (!vectors) return vectors.error();
    if (auto error = check(*vectors, batch.items.size())) return *error;
    for (std::size_t i = 0; i < batch.items.size(); ++i) take_(batch.items[i].index, std::move((*vectors)[i]));
    return Open();
  }

 private:
  [[nodiscard]] std::optional<Error> check(const Vectors& vectors, std::size_t texts) {
    if (vectors.size() != texts)
      return Error(ErrorKind::decode, "the model gave " + std::to_string(vectors.size()) + " vectors for " +
                                          std::to_string(texts) + " texts");
    for (const std::vector<float>& vector : vectors) {
      if (dimensions_ == 0) dimensions_ = vector.size();
      if (vector.size() == dimensions_ && !vector.empty()) continue;
      return Error(ErrorKind::decode, "the model gave a vector of " + std::to_string(vector.size()) + " dimensions; " +
                                          std::to_string(dimensions_) + " were expected");
    }
    return std::nullopt;
  }

  std::size_t dimensions_;  ///< 0 until the first reply if the model is not known.
  std::unique_ptr<detail::TextReader> texts_;
  TakeVector take_;
};

std::string end_of_body(const std::optional<workers_ai::Pooling>& pooling) {
  if (!pooling) return "]}";
  return *pooling == workers_ai::Pooling::cls ? R"(],"pooling":"cls"})" : R"(],"pooling":"mean"})";
}

BulkFlow embed_flow(const RequestContext& context, const Model& model, std::unique_ptr<detail::TextReader> texts,
                    const EmbedManyOptions& options, TakeVector take) {
  auto request = model_request(context, model);
  if (!request) return BulkFlow(request.error());
  detail::set_json(*request, {});
  BulkFormat format{.request = std::move(*request),
                    .prefix = R"({"text":[)",
                    .separator = ",",
                    .suffix = end_of_body(model.pooling),
                    .max_items = std::clamp<std::size_t>(options.batch_texts, 1, limits::workers_ai_texts),
                    .max_bytes = limits::workers_ai_bytes,
                    .locate_refusal = true,
                    .expected = options.expected_items ? options.expected_items : texts->size()};
  return {std::move(format), std::make_unique<EmbedCodec>(model.dimensions, std::move(texts), std::move(take)),
          BulkOptions{.on_progress = options.on_progress, .on_outcome = options.on_outcome},
          detail::most_in_flight(context, options.in_flight)};
}

// Keeps each vector at the position of its text.
TakeVector keep_in(const std::shared_ptr<Vectors>& vectors) {
  return [vectors](std::uint64_t index, std::vector<float>&& vector) {
    const auto at = static_cast<std::size_t>(index);
    if (vectors->size() <= at) vectors->resize(at + 1);
    (*vectors)[at] = std::move(vector);
  };
}

}  // namespace

FlowPtr<EmbedManyResult> workers_ai_embed_many(const RequestContext& context, const Model& model,
                                               std::unique_ptr<detail::TextReader> texts,
                                               const EmbedManyOptions& options) {
  auto vectors = std::make_shared<Vectors>();
  const bool collects = !options.on_vector;
  BulkFlow flow =
      embed_flow(context, model, std::move(texts), options, collects ? keep_in(vectors) : options.on_vector);
  auto give = [vectors, collects](BulkResult&& outcome) -> Result<EmbedManyResult> {
    if (collects) vectors->resize(static_cast<std::size_t>(outcome.items));
    return EmbedManyResult{.vectors = std::move(*vectors), .outcome = std::move(outcome)};
  };
  return std::make_unique<detail::Mapped<BulkFlow, decltype(give)>>(std::move(flow), std::move(give));
}

FlowPtr<Vectors> workers_ai_embed(const RequestContext& context, const Model& model,
                                  std::unique_ptr<detail::TextReader> texts) {
  auto vectors = std::make_shared<Vectors>();
  BulkFlow flow = embed_flow(context, model, std::move(texts), EmbedManyOptions(), keep_in(vectors));
  auto give = [vectors](BulkResult&& outcome) -> Result<Vectors> {
    if (outcome.stopped) return std::move(*outcome.stopped);
    if (outcome.failed.empty()) return std::move(*vectors);
    const ItemFailure& first = outcome.failed.front();
    ErrorDetails details = first.error.details();
    details.text = "text " + std::to_string(first.index) + ": " + details.text;
    return Error(std::move(details));
  };
  return std::make_unique<detail::Mapped<BulkFlow, decltype(give)>>(std::move(flow), std::move(give));
}

}  // namespace cloudflare::ops
