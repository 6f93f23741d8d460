// Import: the file's MD5 is its name on the server, so it is read once before it is sent; then init, upload to a signed
// URL, ingest, and polls until D1 has run it.

#include "d1/import.hpp"
#include "base/md5.hpp"
#include "base/temporary_file.hpp"
#include "base/upload_source.hpp"
#include "d1/job_status.hpp"

namespace cloudflare::ops {

namespace {

using detail::Reply;

Error too_large(std::uint64_t bytes) {
  return invalid_argument("the SQL has at least " + std::to_string(bytes) +
                          " bytes; an import takes at most 5 GB (5000000000)");
}

std::string without_quotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

Error unknown_outcome(const Error& error) {
  ErrorDetails d = error.details();
  d.outcome_unknown = true;
  return Error(std::move(d));
}

// Tags of an import's requests.
enum ImportStep : unsigned { init, upload, ingest, poll };

Error failure(const JobStatus& status, unsigned step, const Reply& reply) {
  if (status.status == "error") return job_error(status, "the import failed; the database is as it was before", reply);
  if (step != ImportStep::poll) return job_error(status, "the import was refused", reply);
  // "Not currently importing anything.": the import was started, but its outcome is unknown.
  return unknown_outcome(job_error(status, "the server no longer knows the import", reply));
}

std::string as_json(std::string_view text) {
  std::string json;
  detail::append_json_string(json, text);
  return json;
}

/// MD5, init, upload, ingest, poll.
class D1Import final : public detail::FlowOf<d1::ImportResult> {
 public:
  explicit D1Import(ImportJob job);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void read_on(detail::Outbox& out);
  void post(ImportStep step, const detail::Endpoint& endpoint, std::string body, detail::Outbox& out);
  void send_file(const std::string& url, detail::Outbox& out);
  void take_status(JobStatus& status, unsigned step, const detail::Reply& reply, detail::Outbox& out);
  void poll(detail::Outbox& out);
  void fail(const Error& error);
  std::unique_ptr<State> state_;
};

struct D1Import::State : ImportJob {
  explicit State(ImportJob job) : ImportJob(std::move(job)) {}

  bool reading = true;

  std::optional<detail::Md5> md5{};
  std::shared_ptr<detail::TemporaryFile> kept{};
  bool probed = false;
  std::uint64_t bytes = 0;

  std::string etag{};
  std::string filename{};
  d1::ImportResult result{};

  [[nodiscard]] std::optional<Error> refused_size() const {
    const auto size = sql.size();
    if (!size || *size <= limits::d1_import_bytes || !detail::checks_limits(context)) return std::nullopt;
    return too_large(*size);
  }

  // D1 has started the import, whose bookmark the point holds, and has not reported its end.
  [[nodiscard]] bool running() const { return !point.bookmark.empty(); }

  void report(d1::ImportStage stage, std::uint64_t done, std::optional<std::uint64_t> total,
              std::vector<std::string> messages = std::vector<std::string>()) const {
    if (!options.on_progress) return;
    options.on_progress({.stage = stage,
                         .part = point.parts + 1,
                         .bytes_done = done,
                         .bytes_total = total,
                         .messages = std::move(messages),
                         .resume = point.text()});
  }

  // Reads one step; true at the end. A source that cannot rewind after its first piece is copied to a temporary file.
  bool read_step() {
    std::string piece(import_piece_bytes, '\0');
    for (std::size_t step = 0; step < import_step_bytes;) {
      const std::size_t n = sql.source()->read(piece);
      if (n == 0) return true;
      if (!std::exchange(probed, true)) {
        if (sql.source()->rewind()) continue;
        kept = std::make_shared<detail::TemporaryFile>();
      }
      const std::string_view read = std::string_view(piece).substr(0, n);
      md5->add(read);
      if (kept) kept->append(read);
      step += n;
      bytes += n;
      if (detail::checks_limits(context) && bytes > limits::d1_import_bytes) throw too_large(bytes);
    }
    return false;
  }

  // The body to upload: the bytes in memory, or the rewound source with the size that was counted.
  Body upload_body() {
    if (!sql.source()) return std::move(sql);
    std::shared_ptr<Source> source = kept ? kept : sql.source();
    if (!source->rewind()) throw invalid_argument("the source could be rewound once, but not a second time");
    auto tell = [options = options, point = point, total = bytes](std::uint64_t done) {
      options.on_progress({.stage = d1::ImportStage::uploading,
                           .part = point.parts + 1,
                           .bytes_done = done,
                           .bytes_total = total,
                           .resume = point.text()});
    };
    return {std::make_shared<detail::CheckedSource>(std::make_shared<detail::CountedSource>(
        std::move(source), bytes,
        options.on_progress ? std::function<void(std::uint64_t)>(std::move(tell)) : nullptr))};
  }
};

D1Import::D1Import(ImportJob job) : state_(std::make_unique<State>(std::move(job))) {
  auto request = database_request(d1_endpoint("d1.import.init"), state_->context, state_->id);
  if (!request) {
    fail(request.error());
  } else if (auto error = state_->refused_size()) {
    fail(*error);
  }
}

void D1Import::begin(detail::Outbox& out) {
  if (state_->running()) {
    state_->reading = false;
    return poll(out);
  }
  if (state_->path) {
    try {
      state_->sql = Body::file(*state_->path);
    } catch (const Error& error) {
      return fail(error);
    }
    if (auto error = state_->refused_size()) return fail(*error);
  }
  state_->md5.emplace();
  read_on(out);
}

void D1Import::on_wake(detail::Outbox& out) {
  if (state_->reading) return read_on(out);
  poll(out);
}

void D1Import::poll(detail::Outbox& out) {
  post(ImportStep::poll, d1_endpoint("d1.import.poll"),
       R"({"action":"poll","current_bookmark":)" + as_json(state_->point.bookmark) + "}", out);
}

void D1Import::abort(Error error) { fail(state_->running() ? unknown_outcome(error) : error); }

void D1Import::fail(const Error& error) { this->finish(resumable(error, state_->point.text())); }

void D1Import::read_on(detail::Outbox& out) {
  State& s = *state_;
  if (s.sql.source()) {
    const bool end = s.read_step();
    s.report(d1::ImportStage::reading, s.bytes, end ? s.bytes : s.sql.size());
    if (!end) return out.wake_after(std::chrono::milliseconds(0));
  } else {
    s.md5->add(s.sql.text());
    s.bytes = s.sql.text().size();
  }
  s.reading = false;
  s.etag = s.md5->hex();
  s.result.bytes = s.bytes;
  post(ImportStep::init, d1_endpoint("d1.import.init"), R"({"action":"init","etag":")" + s.etag + "\"}", out);
}

void D1Import::post(ImportStep step, const detail::Endpoint& endpoint, std::string body, detail::Outbox& out) {
  auto request = database_request(endpoint, state_->context, state_->id);
  if (!request) return fail(request.error());
  detail::set_json(*request, std::move(body));
  out.send(step, std::move(*request));
}

void D1Import::send_file(const std::string& url, detail::Outbox& out) {
  auto request = signed_request(d1_endpoint("d1.import.upload"), state_->context, url);
  if (!request) return fail(request.error());
  request->http.body = state_->upload_body();
  out.send(ImportStep::upload, std::move(*request));
}

void D1Import::on_reply(unsigned step, Result<Reply>&& reply, detail::Outbox& out) {
  if (!reply) return fail(state_->running() ? unknown_outcome(reply.error()) : reply.error());
  if (step == ImportStep::upload) {
    const std::string* etag = find_header(reply->http.headers, "etag");
    if (etag == nullptr || without_quotes(*etag) != state_->etag)
      return fail(about_reply(
          Error(ErrorKind::decode, etag == nullptr ? "the upload was answered without an etag"
                                                   : "the etag of the upload is not the MD5 of what was sent: the file "
                                                     "changed on its way and was not run"),
          *reply));
    return post(ImportStep::ingest, d1_endpoint("d1.import.ingest"),
                R"({"action":"ingest","etag":")" + state_->etag + R"(","filename":)" + as_json(state_->filename) + "}",
                out);
  }
  auto status = read_job_status(*reply);
  if (!status) return fail(step == ImportStep::init ? status.error() : unknown_outcome(status.error()));
  if (step == ImportStep::init && !status->failed()) {
    state_->filename = status->filename;
    if (!status->upload_url.empty()) return send_file(status->upload_url, out);
    state_->result.already_uploaded = true;
  }
  take_status(*status, step, *reply, out);
}

void D1Import::take_status(JobStatus& status, unsigned step, const Reply& reply, detail::Outbox& out) {
  State& s = *state_;
  if (!status.bookmark.empty()) s.point.bookmark = std::move(status.bookmark);
  if (status.failed()) {
    const Error error = failure(status, step, reply);
    s.point.bookmark.clear();  // it failed, or the server no longer knows it
    return fail(error);
  }
  s.report(d1::ImportStage::running, s.bytes, s.bytes, std::move(status.messages));
  if (status.status == "complete") {
    s.result.num_queries = status.num_queries;
    s.result.final_bookmark = std::move(status.final_bookmark);
    s.result.meta = std::move(status.meta);
    return this->finish(std::move(s.result));
  }
  if (status.status != "active" || s.point.bookmark.empty())
    return fail(unknown_outcome(about_reply(
        Error(ErrorKind::decode, "the status of the import is neither active, complete nor error"), reply)));
  out.wake_after(s.options.poll_interval);
}

class RefusedImport final : public detail::FlowOf<d1::ImportResult> {
 public:
  explicit RefusedImport(Error error) { this->finish(std::move(error)); }
  void begin(detail::Outbox&) override {}
  void on_reply(unsigned, Result<Reply>&&, detail::Outbox&) override {}
};

/// The point in the options, or the beginning.
Result<ImportPoint> point_in(const d1::ImportOptions& options) {
  if (options.resume.empty()) return ImportPoint();
  return ImportPoint::parse(options.resume);
}

FlowPtr<d1::ImportResult> import_all(ImportJob job) {
  auto point = point_in(job.options);
  if (!point) return std::make_unique<RefusedImport>(point.error());
  job.point = *std::move(point);
  const bool in_parts = job.options.split_bytes != 0 || job.point.bytes != 0 || job.point.next_bytes != 0;
  return in_parts ? import_parts(std::move(job)) : import_part(std::move(job));
}

}  // namespace

FlowPtr<d1::ImportResult> import_part(ImportJob job) { return std::make_unique<D1Import>(std::move(job)); }

FlowPtr<d1::ImportResult> d1_import(const RequestContext& context, std::string_view id, Body sql,
                                    const d1::ImportOptions& options) {
  return import_all({.context = context, .id = std::string(id), .sql = std::move(sql), .options = options});
}

FlowPtr<d1::ImportResult> d1_import_file(const RequestContext& context, std::string_view id, const std::string& path,
                                         const d1::ImportOptions& options) {
  return import_all({.context = context, .id = std::string(id), .path = path, .options = options});
}

}  // namespace cloudflare::ops
