// Uploads of one request: vectors to be encoded, or a ready ndjson body.

#include <algorithm>
#include <array>
#include <exception>

#include "vectorize/common.hpp"
#include "vectorize/edgebase.hpp"

namespace cloudflare::ops {

namespace {

using vectorize::Mutation;

Error too_many(std::uint64_t lines) {
  return invalid_argument("there are " + std::to_string(lines) +
                          " vectors; at most 5000 are allowed in one request; insert_many and upsert_many split");
}

Error upload_too_large() {
  return invalid_argument("the vectors make a request of more than 100 MB, which is not allowed; insert_many and " +
                          std::string("upsert_many split"));
}

Call<Mutation> upload_call(Result<detail::Request> request, Upload upload) {
  return {std::move(request), read_mutation_reply, upload == Upload::insert ? inserted_if_repeated : nullptr};
}

// Counts lines as the server does: the last one may lack its newline.
class LineCount {
 public:
  void take(std::string_view bytes) {
    if (bytes.empty()) return;
    bytes_ += bytes.size();
    newlines_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    open_ = bytes.back() != '\n';
  }
  [[nodiscard]] std::optional<Error> problem() const {
    const std::uint64_t lines = newlines_ + (open_ ? 1 : 0);
    if (lines == 0) return invalid_argument("there are no vectors");
    if (lines > limits::vectorize_upload_vectors) return too_many(lines);
    if (bytes_ > limits::vectorize_upload_bytes) return upload_too_large();
    return std::nullopt;
  }

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t newlines_ = 0;
  bool open_ = false;
};

// Reads the source to its end, or up to a limit; `keep` receives the bytes if it is not null.
void count(Source& source, LineCount& lines, std::string* keep) {
  std::array<char, 1U << 16U> buffer{};
  for (;;) {
    const std::size_t n = source.read(buffer);
    if (n == 0) return;
    const std::string_view piece(buffer.data(), n);
    lines.take(piece);
    if (keep != nullptr) keep->append(piece);
    if (lines.problem()) return;
  }
}

// The body, after its lines and bytes were checked. Exceptions of its source pass through.
Result<Body> checked(Body body) {
  LineCount lines;
  if (!body.source()) {
    lines.take(body.text());
    if (auto error = lines.problem()) return *error;
    return body;
  }
  Source& source = *body.source();
  std::string begin(1U << 16U, '\0');
  begin.resize(source.read(begin));
  if (source.rewind()) {
    count(source, lines, nullptr);
    if (auto error = lines.problem()) return *error;
    if (source.rewind()) return body;
    return Error(ErrorKind::callback, "the body could be rewound once, but not a second time");
  }
  lines.take(begin);
  if (!begin.empty()) count(source, lines, &begin);
  if (auto error = lines.problem()) return *error;
  return Body(std::move(begin));
}

Error thrown_by_source() {
  ErrorDetails d{.kind = ErrorKind::callback, .text = "the source of the body threw", .delivery = Delivery::not_sent};
  d.cause = std::current_exception();
  return Error(std::move(d));
}

}  // namespace

Result<Mutation> inserted_if_repeated(Error&& error) {
  if (error.details().repeated_unknown && error.http_status() == 409) return Mutation();
  return std::move(error);
}

Result<detail::Request> upload_request(const RequestContext& context, const VectorizeTarget& index, Upload upload,
                                       std::optional<vectorize::UnparsableBehavior> unparsable) {
  auto request = index_request(
      upload == Upload::insert ? vectorize_endpoint("vectorize.insert") : vectorize_endpoint("vectorize.upsert"),
      context, index);
  if (!request) return request;
  if (unparsable)
    detail::add_query(*request, "unparsable-behavior",
                      *unparsable == vectorize::UnparsableBehavior::error ? "error" : "discard");
  request->http.headers.push_back({"Content-Type", "application/x-ndjson"});
  return request;
}

Call<Mutation> vectorize_upload(const RequestContext& context, const VectorizeTarget& index, Upload upload,
                                std::unique_ptr<VectorReader> vectors, const vectorize::UploadOptions& options) try {
  if (context.edgebase) return edgebase_vectorize_upload(context, index, upload, std::move(vectors), options);
  auto request = upload_request(context, index, upload, options.unparsable);
  if (!request) return Call<Mutation>(request.error());
  const bool limits = detail::checks_limits(context);
  std::string body;
  std::uint64_t position = 0;
  VectorEncoder encoder(context, index.dimensions, options.ns);
  for (; const vectorize::VectorView* vector = vectors->next(); ++position) {
    if (limits && position == limits::vectorize_upload_vectors) return Call<Mutation>(too_many(position + 1));
    if (auto error = encoder.append(body, *vector)) return Call<Mutation>(at_vector(*error, position, vector->id));
    if (limits && body.size() > limits::vectorize_upload_bytes) return Call<Mutation>(upload_too_large());
  }
  if (body.empty()) return Call<Mutation>(invalid_argument("there are no vectors"));
  request->http.body = Body(std::move(body));
  return upload_call(std::move(request), upload);
} catch (...) {  // the range is the caller's
  return Call<Mutation>(detail::thrown_by_caller());
}

Call<Mutation> vectorize_upload_ndjson(const RequestContext& context, const VectorizeTarget& index, Upload upload,
                                       Body ndjson, const vectorize::UploadOptions& options) try {
  auto request = upload_request(context, index, upload, options.unparsable);
  if (request && detail::checks_limits(context)) {
    auto body = checked(std::move(ndjson));
    if (!body) return Call<Mutation>(body.error());
    ndjson = std::move(body).value();
  }
  if (request) request->http.body = std::move(ndjson);
  return upload_call(std::move(request), upload);
} catch (...) {
  return Call<Mutation>(thrown_by_source());
}

}  // namespace cloudflare::ops
