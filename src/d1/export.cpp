// Export: ask until D1 has written the file, then download it from a signed URL.

#include "d1/job_status.hpp"
#include "d1/resume.hpp"

#include <cloudflare/detail/d1_job_ops.hpp>

namespace cloudflare::ops {

namespace {

using detail::Reply;

constexpr std::uint64_t report_every = 1'000'000;

std::string dump_options(const d1::ExportOptions& options) {
  std::string json = R"({"no_data":)";
  json.append(options.no_data ? "true" : "false").append(R"(,"no_schema":)");
  json.append(options.no_schema ? "true" : "false").append(R"(,"tables":[)");
  for (std::size_t i = 0; i < options.tables.size(); ++i) {
    if (i != 0) json.push_back(',');
    detail::append_json_string(json, options.tables[i]);
  }
  return json + "]}";
}

// Tags of an export's requests.
enum ExportStep : unsigned { ask, download };

class D1Export final : public detail::FlowOf<d1::ExportResult> {
 public:
  /// `file` is the sink if it is a file, which must be finished at the end.
  D1Export(const RequestContext& context, std::string_view id, std::shared_ptr<Sink> sink,
           std::shared_ptr<FileSink> file, const d1::ExportOptions& options);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override { fail(error); }
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void ask(detail::Outbox& out);
  void download(const std::string& url, detail::Outbox& out);
  void take_status(JobStatus& status, const detail::Reply& reply, detail::Outbox& out);
  void fail(const Error& error);
  std::unique_ptr<State> state_;
};

struct D1Export::State {
  State(const RequestContext& given, std::string_view database, std::shared_ptr<Sink> to,
        std::shared_ptr<FileSink> named, d1::ExportOptions wishes)
      : context(given), id(database), sink(std::move(to)), file(std::move(named)), options(std::move(wishes)) {}

  RequestContext context;
  std::string id;
  std::shared_ptr<Sink> sink;
  std::shared_ptr<FileSink> file;
  d1::ExportOptions options;
  d1::ExportResult result{};

  void report(bool downloading, std::vector<std::string> messages = std::vector<std::string>()) const {
    if (!options.on_progress) return;
    options.on_progress({.downloading = downloading,
                         .bytes_done = result.bytes,
                         .messages = std::move(messages),
                         .resume = export_point(result.bookmark)});
  }

  // Counts and reports the bytes passed to the caller's sink. The state outlives the exchange.
  class Counting final : public Sink {
   public:
    explicit Counting(State& state) : state_(state) {}
    void write(std::string_view bytes) override {
      state_.sink->write(bytes);
      state_.result.bytes += bytes.size();
      if (state_.result.bytes - reported_ < report_every) return;
      reported_ = state_.result.bytes;
      state_.report(true);
    }
    bool restart() override {
      if (!state_.sink->restart()) return false;
      state_.result.bytes = reported_ = 0;
      state_.report(true);
      return true;
    }

   private:
    State& state_;
    std::uint64_t reported_ = 0;
  };
};

D1Export::D1Export(const RequestContext& context, std::string_view id, std::shared_ptr<Sink> sink,
                   std::shared_ptr<FileSink> file, const d1::ExportOptions& options)
    : state_(std::make_unique<State>(context, id, std::move(sink), std::move(file), options)) {
  if (!state_->options.resume.empty()) {
    if (auto bookmark = parse_export_point(state_->options.resume))
      state_->result.bookmark = std::move(*bookmark);
    else
      this->finish(bookmark.error());
  }
  if (auto request = database_request(d1_endpoint("d1.export"), context, id); !request)
    fail(request.error());
  else if (!state_->sink)
    fail(invalid_argument("the sink is null"));
  for (const std::string& name : state_->options.tables)
    if (!detail::is_utf8(name)) fail(invalid_argument("a table's name is not UTF-8"));
}

void D1Export::fail(const Error& error) { this->finish(resumable(error, export_point(state_->result.bookmark))); }

void D1Export::begin(detail::Outbox& out) {
  try {
    if (state_->file) state_->file->open();
  } catch (const Error& error) {
    return fail(error);
  }
  ask(out);
}
void D1Export::on_wake(detail::Outbox& out) { ask(out); }

void D1Export::ask(detail::Outbox& out) {
  auto request = database_request(d1_endpoint("d1.export"), state_->context, state_->id);
  if (!request) return fail(request.error());
  std::string body = R"({"output_format":"polling")";
  if (!state_->result.bookmark.empty()) {
    body += R"(,"current_bookmark":)";
    detail::append_json_string(body, state_->result.bookmark);
  }
  detail::set_json(*request, body + R"(,"dump_options":)" + dump_options(state_->options) + "}");
  out.send(ExportStep::ask, std::move(*request));
}

void D1Export::download(const std::string& url, detail::Outbox& out) {
  auto request = signed_request(d1_endpoint("d1.export.download"), state_->context, url);
  if (!request) return fail(request.error());
  request->http.sink = std::make_shared<State::Counting>(*state_);
  out.send(ExportStep::download, std::move(*request));
}

void D1Export::on_reply(unsigned step, Result<Reply>&& reply, detail::Outbox& out) {
  if (!reply) return fail(reply.error());
  if (step == ExportStep::download) {
    if (state_->file) state_->file->commit();
    state_->report(true);
    return this->finish(std::move(state_->result));
  }
  auto status = read_job_status(*reply);
  if (!status) return fail(status.error());
  take_status(*status, *reply, out);
}

void D1Export::take_status(JobStatus& status, const Reply& reply, detail::Outbox& out) {
  State& s = *state_;
  if (status.failed()) return this->finish(resumable(job_error(status, "the export failed", reply), {}));
  if (!status.bookmark.empty()) s.result.bookmark = std::move(status.bookmark);
  s.report(false, std::move(status.messages));
  if (status.status == "complete") {
    s.result.filename = std::move(status.filename);
    return download(status.signed_url, out);
  }
  if (status.status != "active" || s.result.bookmark.empty())
    return fail(
        about_reply(Error(ErrorKind::decode, "the status of the export is neither active, complete nor error"), reply));
  out.wake_after(s.options.poll_interval);
}

}  // namespace

FlowPtr<d1::ExportResult> d1_export(const RequestContext& context, std::string_view id, std::shared_ptr<Sink> sink,
                                    const d1::ExportOptions& options) {
  return std::make_unique<D1Export>(context, id, std::move(sink), nullptr, options);
}

FlowPtr<d1::ExportResult> d1_export_to_file(const RequestContext& context, std::string_view id, const std::string& path,
                                            const d1::ExportOptions& options) {
  const auto file = std::make_shared<FileSink>(path);
  return std::make_unique<D1Export>(context, id, file, file, options);
}

}  // namespace cloudflare::ops
