// Operations on any number of vectors, by the bulk flow.

#include <algorithm>
#include <unordered_map>

#include "vectorize/common.hpp"
#include "vectorize/edgebase.hpp"

namespace cloudflare::ops {

namespace {

using detail::Batch;
using detail::BulkCodec;
using detail::BulkFlow;
using detail::BulkFormat;
using detail::BulkItem;
using detail::Reply;
using detail::TextReader;
using detail::Twice;
using vectorize::Mutation;
using vectorize::Vector;

// Encodes items that change the index; each reply names a mutation.
class MutationCodec : public BulkCodec {
 public:
  /// `counts`: a reply that counts fewer items than were sent is an error.
  MutationCodec(std::shared_ptr<Mutation> last, bool counts) : last_(std::move(last)), counts_(counts) {}
  Result<Open> settle(const Batch& batch, Reply&& reply) override {
    auto mutation = read_mutation(std::move(reply), counts_ ? batch.items.size() : 0);
    if (!mutation) return mutation.error();
    *last_ = std::move(mutation).value();
    return Open();
  }

 private:
  std::shared_ptr<Mutation> last_;
  bool counts_;
};

class VectorCodec final : public MutationCodec {
 public:
  VectorCodec(VectorEncoder encoder, std::unique_ptr<VectorReader> vectors, std::shared_ptr<Mutation> last)
      : MutationCodec(std::move(last), true), encoder_(std::move(encoder)), vectors_(std::move(vectors)) {}

  Read read(std::string& text, std::string& names) override {
    const vectorize::VectorView* vector = vectors_->next();
    if (vector == nullptr) return Read::end;
    names.append(vector->id);
    if (auto error = encoder_.append(text, *vector)) {
      refusal_ = std::move(*error);
      return Read::refused;
    }
    return Read::item;
  }

 private:
  VectorEncoder encoder_;
  std::unique_ptr<VectorReader> vectors_;
};

// Reads ids into a JSON array.
BulkCodec::Read read_id(TextReader& ids, bool limits, std::string& text, std::string& names, Error& refusal) {
  const std::string_view* id = ids.next();
  if (id == nullptr) return BulkCodec::Read::end;
  names.append(*id);
  if (auto error = check_vector_id(*id, limits)) {
    refusal = std::move(*error);
    return BulkCodec::Read::refused;
  }
  detail::append_json_string(text, *id);
  return BulkCodec::Read::item;
}

class EraseCodec final : public MutationCodec {
 public:
  EraseCodec(bool limits, std::unique_ptr<TextReader> ids, std::shared_ptr<Mutation> last)
      : MutationCodec(std::move(last), false), limits_(limits), ids_(std::move(ids)) {}
  Read read(std::string& text, std::string& names) override { return read_id(*ids_, limits_, text, names, refusal_); }

 private:
  bool limits_;
  std::unique_ptr<TextReader> ids_;
};

using Take = std::function<void(std::uint64_t, std::string_view, std::optional<Vector>&&)>;

class GetCodec final : public BulkCodec {
 public:
  GetCodec(bool limits, std::unique_ptr<TextReader> ids, Take take)
      : limits_(limits), ids_(std::move(ids)), take_(std::move(take)) {}
  Read read(std::string& text, std::string& names) override { return read_id(*ids_, limits_, text, names, refusal_); }

  Result<Open> settle(const Batch& batch, Reply&& reply) override {
    auto vectors = read_vectors(reply);
    if (!vectors) return vectors.error();
    std::unordered_map<std::string_view, const Vector*> found;
    for (const Vector& vector : *vectors) found.emplace(vector.id, &vector);
    for (const BulkItem& item : batch.items) {  // an id may be asked for twice
      const auto it = found.find(batch.name(item));
      take_(item.index, batch.name(item), it == found.end() ? std::nullopt : std::optional(*it->second));
    }
    return Open();
  }

 private:
  bool limits_;
  std::unique_ptr<TextReader> ids_;
  Take take_;
};

Result<BulkFormat> upload_format(const RequestContext& context, const VectorizeTarget& index, Upload upload,
                                 const vectorize::UploadManyOptions& options) {
  auto request = upload_request(context, index, upload, options.unparsable);
  if (!request) return request.error();
  return BulkFormat{.request = std::move(*request),
                    .max_items = std::clamp<std::size_t>(options.batch_vectors, 1, limits::vectorize_upload_vectors),
                    .max_bytes = static_cast<std::size_t>(
                        std::min<std::uint64_t>(options.max_request_bytes, limits::vectorize_upload_bytes)),
                    .names_batch = true};
}

BulkFlow upload_flow(const RequestContext& context, Result<BulkFormat> format, int dimensions, Upload upload,
                     std::unique_ptr<VectorReader> vectors, const vectorize::UploadManyOptions& options,
                     std::shared_ptr<Mutation> last) {
  if (!format) return BulkFlow(format.error());
  // EdgeBase takes the namespace once per request, behind the vectors.
  const std::string ns = context.edgebase ? std::string() : options.ns;
  format->last_alone = true;
  format->twice = upload == Upload::insert ? Twice::first : Twice::last;
  format->expected = options.expected_items ? options.expected_items : vectors->size();
  return {std::move(*format),
          std::make_unique<VectorCodec>(VectorEncoder(context, dimensions, ns), std::move(vectors), std::move(last)),
          {.on_progress = options.on_progress, .on_outcome = options.on_outcome},
          detail::most_in_flight(context, options.in_flight)};
}

BulkFlow erase_flow(const RequestContext& context, Result<BulkFormat> format, std::unique_ptr<TextReader> ids,
                    const vectorize::EraseManyOptions& options, std::shared_ptr<Mutation> last) {
  if (!format) return BulkFlow(format.error());
  format->last_alone = true;
  format->twice = Twice::last;
  format->expected = ids->size();
  return {std::move(*format),
          std::make_unique<EraseCodec>(detail::checks_limits(context), std::move(ids), std::move(last)),
          {.on_progress = options.on_progress, .on_outcome = options.on_outcome},
          detail::most_in_flight(context, options.in_flight)};
}

// Sends any number of vectors, or ids to erase, by the bulk flow, and remembers which mutation to wait for.
class VectorizeMany final : public detail::FlowOf<vectorize::ManyResult> {
 public:
  VectorizeMany(const RequestContext& context, Result<BulkFormat> format, int dimensions, Upload upload,
                std::unique_ptr<VectorReader> vectors, const vectorize::UploadManyOptions& options);
  VectorizeMany(const RequestContext& context, Result<BulkFormat> format, std::unique_ptr<TextReader> erased,
                const vectorize::EraseManyOptions& options);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  void settle(bool idle);
  std::shared_ptr<vectorize::Mutation> last_;  ///< The mutation of the reply being settled.
  detail::BulkFlow bulk_;
  vectorize::Mutation mutation_{};
  bool inserts_ = false;
  bool alone_ = false;  ///< The request under way was sent after all others had been answered.
};

VectorizeMany::VectorizeMany(const RequestContext& context, Result<BulkFormat> format, int dimensions, Upload upload,
                             std::unique_ptr<VectorReader> vectors, const vectorize::UploadManyOptions& options)
    : last_(std::make_shared<Mutation>()),
      bulk_(upload_flow(context, std::move(format), dimensions, upload, std::move(vectors), options, last_)),
      inserts_(upload == Upload::insert) {
  settle(true);
}

VectorizeMany::VectorizeMany(const RequestContext& context, Result<BulkFormat> format,
                             std::unique_ptr<TextReader> erased, const vectorize::EraseManyOptions& options)
    : last_(std::make_shared<Mutation>()),
      bulk_(erase_flow(context, std::move(format), std::move(erased), options, last_)) {
  settle(true);
}

void VectorizeMany::begin(detail::Outbox& out) {
  bulk_.begin(out);
  settle(true);
}

// A mutation id covers all earlier requests only if its request was sent after their replies. Otherwise the time of the
// latest reply has to serve.
void VectorizeMany::on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) {
  const bool alone = alone_;
  const bool others = bulk_.under_way() > 1;
  *last_ = Mutation();
  // A repeated insert is refused because an earlier attempt inserted the vectors; that is a success.
  if (!reply && inserts_ && reply.error().http_status() == 409 &&
      (reply.error().details().repeated_unknown || bulk_.maybe_executed(tag))) {
    const int attempts = reply.error().attempts();
    reply = Reply();
    reply->attempts = attempts;
  }
  const bool accepted = reply.has_value();
  bulk_.on_reply(tag, std::move(reply), out);
  if (accepted) {
    mutation_.id = alone ? std::move(last_->id) : std::nullopt;
    if (last_->accepted_at && (!mutation_.accepted_at || *mutation_.accepted_at < *last_->accepted_at))
      mutation_.accepted_at = last_->accepted_at;
  }
  settle(!others);
}

void VectorizeMany::on_wake(detail::Outbox& out) {
  const std::size_t before = bulk_.under_way();
  bulk_.on_wake(out);
  settle(before == 0 || (alone_ && bulk_.under_way() == before));
}

void VectorizeMany::abort(Error error) {
  bulk_.abort(std::move(error));
  settle(false);
}

// `idle`: no request was under way before this step.
void VectorizeMany::settle(bool idle) {
  alone_ = idle && bulk_.under_way() == 1;
  if (!bulk_.finished() || this->finished()) return;
  auto done = bulk_.take();
  if (!done) return this->finish(done.error());
  vectorize::ManyResult result;
  static_cast<BulkResult&>(result) = std::move(*done);
  result.mutation = std::move(mutation_);
  this->finish(std::move(result));
}

}  // namespace

Result<BulkFormat> ids_format(Result<detail::Request> request, std::string prefix, std::size_t max_items) {
  if (!request) return request.error();
  detail::set_json(*request, {});
  return BulkFormat{.request = std::move(*request),
                    .prefix = std::move(prefix),
                    .separator = ",",
                    .suffix = "]}",
                    .max_items = max_items,
                    .max_bytes = limits::vectorize_upload_bytes,
                    .names_batch = true};
}

FlowPtr<vectorize::ManyResult> vectorize_upload_many(const RequestContext& context, const VectorizeTarget& index,
                                                     Upload upload, std::unique_ptr<VectorReader> vectors,
                                                     const vectorize::UploadManyOptions& options) {
  auto format = context.edgebase ? edgebase_vectors_format(context, index, upload, options)
                                 : upload_format(context, index, upload, options);
  return std::make_unique<VectorizeMany>(context, std::move(format), index.dimensions, upload, std::move(vectors),
                                         options);
}

FlowPtr<vectorize::ManyResult> vectorize_erase_many(const RequestContext& context, const VectorizeTarget& index,
                                                    std::unique_ptr<TextReader> ids,
                                                    const vectorize::EraseManyOptions& options) {
  auto format = context.edgebase
                    ? edgebase_erase_format(context, index)
                    : ids_format(index_request(vectorize_endpoint("vectorize.erase_by_ids"), context, index),
                                 R"({"ids":[)", limits::vectorize_erase_ids);
  return std::make_unique<VectorizeMany>(context, std::move(format), std::move(ids), options);
}

FlowPtr<vectorize::GetManyResult> vectorize_get_many(const RequestContext& context, const VectorizeTarget& index,
                                                     std::unique_ptr<TextReader> ids,
                                                     const vectorize::GetManyOptions& options) {
  auto format = context.edgebase ? edgebase_get_format(context, index)
                                 : ids_format(index_request(vectorize_endpoint("vectorize.get_by_ids"), context, index),
                                              R"({"ids":[)", limits::vectorize_get_ids);
  auto vectors = std::make_shared<std::vector<std::optional<Vector>>>();
  Take take = options.on_vector;
  const bool collects = !take;
  if (collects)
    take = [vectors](std::uint64_t position, std::string_view, std::optional<Vector>&& vector) {
      const auto at = static_cast<std::size_t>(position);
      if (vectors->size() <= at) vectors->resize(at + 1);
      (*vectors)[at] = std::move(vector);
    };
  if (format) format->expected = ids->size();
  BulkFlow flow =
      format ? BulkFlow(std::move(*format),
                        std::make_unique<GetCodec>(detail::checks_limits(context), std::move(ids), std::move(take)),
                        {.on_progress = options.on_progress, .on_outcome = options.on_outcome},
                        detail::most_in_flight(context, options.in_flight))
             : BulkFlow(format.error());
  auto give = [vectors, collects](BulkResult&& outcome) -> Result<vectorize::GetManyResult> {
    if (collects) vectors->resize(static_cast<std::size_t>(outcome.items));
    return vectorize::GetManyResult{.vectors = std::move(*vectors), .outcome = std::move(outcome)};
  };
  return std::make_unique<detail::Mapped<BulkFlow, decltype(give)>>(std::move(flow), std::move(give));
}

}  // namespace cloudflare::ops
