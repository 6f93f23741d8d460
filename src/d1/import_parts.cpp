// An import in several parts: the text is read once and cut between statements, and each part is an import of its own.

#include <algorithm>
#include <array>

#include "base/md5.hpp"
#include "base/temporary_file.hpp"
#include "d1/import.hpp"
#include "d1/sql_split.hpp"

namespace cloudflare::ops {

namespace {

using detail::Reply;

// Comments before a statement count as part of it here.
constexpr std::size_t max_pending_bytes = 16'000'000;

template <class T>
void add(std::optional<T>& sum, const std::optional<T>& value) {
  if (value) sum = sum.value_or(T()) + *value;
}

/// Adds the result of one more part.
void add(d1::ImportResult& sum, d1::ImportResult&& part) {
  const bool known = part.already_uploaded && (sum.parts == 0 || sum.already_uploaded);
  add(part.meta.changes, sum.meta.changes);
  add(part.meta.duration_ms, sum.meta.duration_ms);
  add(part.meta.rows_read, sum.meta.rows_read);
  add(part.meta.rows_written, sum.meta.rows_written);
  part.num_queries += sum.num_queries;
  part.bytes += sum.bytes;
  part.parts = sum.parts + 1;
  part.already_uploaded = known;
  sum = std::move(part);
}

bool is_transaction(std::string_view word) {
  constexpr std::array words{"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

class D1ImportParts final : public detail::FlowOf<d1::ImportResult> {
 public:
  explicit D1ImportParts(ImportJob job);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  struct State;
  void read_on(detail::Outbox& out);
  void run_part(Body part, detail::Outbox& out);
  void take_outcome(detail::Outbox& out);
  void fail(const Error& error, std::string point);
  std::unique_ptr<State> state_;
};

/// The point is behind the finished parts.
struct D1ImportParts::State : ImportJob {
  explicit State(ImportJob job) : ImportJob(std::move(job)) { sum.parts = 0; }

  FlowPtr<d1::ImportResult> running{};
  d1::ImportResult sum{};

  std::optional<detail::Md5> md5{};  // of all that was read
  std::uint64_t bytes = 0;           // read
  std::string piece{};
  std::string_view rest{};  // of the piece
  SqlSplitter splitter{};
  std::uint64_t statements = 0;
  std::string pragmas{};  // those that the text begins with
  bool only_pragmas = true;

  std::shared_ptr<detail::TemporaryFile> part{};
  std::uint64_t part_bytes = 0;
  std::uint64_t part_begin = 0;  // number of its first statement; 0: it has none
  std::uint64_t part_line = 0;

  [[nodiscard]] bool skips() const { return bytes < point.bytes; }

  // False at the end of the text.
  bool read_piece() {
    if (!sql.source()) {
      piece = std::exchange(sql, Body()).take_text();
    } else {
      piece.resize(import_piece_bytes);
      piece.resize(sql.source()->read(piece));
    }
    rest = piece;
    return !piece.empty();
  }

  // Takes text up to the end of a statement, or as much as there is. True if a statement of this part ended.
  bool take_some() {
    const std::string_view before =
        skips() ? rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), point.bytes - bytes)))
                : rest;
    std::string_view after = before;
    const bool skipped = skips();
    const bool ended = splitter.next(after);
    const std::string_view taken = before.substr(0, before.size() - after.size());
    rest.remove_prefix(taken.size());
    md5->add(taken);
    bytes += taken.size();
    if (!skipped) keep(taken);
    if (skipped && !skips() && md5->hex_so_far() != point.md5)
      throw invalid_argument("the first " + std::to_string(bytes) + " bytes of the text are not those that " +
                             std::to_string(point.parts) + " parts imported");
    if (splitter.pending() > max_pending_bytes) throw invalid_argument("no statement ends within 16 MB");
    return ended && take_statement(skipped);
  }

  bool take_statement(bool skipped) {
    ++statements;
    only_pragmas = only_pragmas && splitter.first_word() == "PRAGMA";
    std::string_view text = splitter.statement();
    if (constexpr std::string_view mark = "\xEF\xBB\xBF"; text.starts_with(mark)) text.remove_prefix(mark.size());
    if (only_pragmas) pragmas.append(text).append(";\n");
    if (skipped) return false;
    const std::string place =
        "statement " + std::to_string(statements) + " (line " + std::to_string(splitter.line()) + ") ";
    if (is_transaction(splitter.first_word()))
      throw invalid_argument(place + "is " + std::string(splitter.first_word()) +
                             "; D1 runs each import as a transaction and refuses BEGIN, COMMIT and SAVEPOINT: leave "
                             "them out");
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n\f\r"), text.size()));
    if (detail::checks_limits(context) && text.size() > limits::d1_statement_bytes)
      if (const std::size_t longest = shape_of(text).longest; longest > limits::d1_statement_bytes)
        throw invalid_argument(place + "has " + std::to_string(longest) + " bytes; at most 100000 are allowed");
    if (part_begin != 0) return true;
    part_begin = statements;
    part_line = splitter.line();
    return true;
  }

  void keep(std::string_view text) {
    if (!part) {
      part = std::make_shared<detail::TemporaryFile>();
      if (point.parts != 0) part->append(pragmas);
    }
    part->append(text);
    part_bytes += text.size();
  }

  [[nodiscard]] Body take_part() {
    part->rewind();
    return {std::shared_ptr<Source>(std::exchange(part, nullptr))};
  }

  void advance() {
    point = {.parts = point.parts + 1, .bytes = point.next_bytes, .md5 = std::move(point.next_md5)};
    part_bytes = part_begin = 0;
  }

  void report(d1::ImportStage stage, std::uint64_t number, std::uint64_t done) const {
    if (options.on_progress)
      options.on_progress({.stage = stage, .part = number, .bytes_done = done, .resume = point.text()});
  }
};

D1ImportParts::D1ImportParts(ImportJob job) : state_(std::make_unique<State>(std::move(job))) {
  if (auto request = database_request(d1_endpoint("d1.import.init"), state_->context, state_->id); !request)
    fail(request.error(), state_->point.text());
}

void D1ImportParts::begin(detail::Outbox& out) {
  State& s = *state_;
  try {
    if (s.path) s.sql = Body::file(*s.path);
    s.md5.emplace();
  } catch (const Error& error) {
    return fail(error, s.point.text());
  }
  if (s.point.bookmark.empty()) return read_on(out);
  run_part(Body(), out);
}

void D1ImportParts::read_on(detail::Outbox& out) {
  State& s = *state_;
  try {
    const std::uint64_t end_of_step = s.bytes + import_step_bytes;
    while (s.bytes < end_of_step) {
      if (s.rest.empty() && !s.read_piece()) {
        if (s.skips())
          throw invalid_argument("the text has " + std::to_string(s.bytes) + " bytes; " +
                                 std::to_string(s.point.bytes) + " were imported");
        if (s.splitter.finish()) (void)s.take_statement(false);
        if (s.part_begin == 0) return this->finish(std::move(s.sum));
        s.point.next_bytes = s.bytes;
        s.point.next_md5 = s.md5->hex_so_far();
        return run_part(s.take_part(), out);
      }
      if (!s.take_some() || s.options.split_bytes == 0 || s.part_bytes < s.options.split_bytes) continue;
      s.point.next_bytes = s.bytes;
      s.point.next_md5 = s.md5->hex_so_far();
      return run_part(s.take_part(), out);
    }
  } catch (const Error& error) {
    return fail(error, s.point.text());
  }
  s.report(d1::ImportStage::reading, s.point.parts + 1, s.part_bytes);
  out.wake_after(std::chrono::milliseconds(0));
}

void D1ImportParts::run_part(Body part, detail::Outbox& out) {
  State& s = *state_;
  s.running =
      import_part({.context = s.context, .id = s.id, .sql = std::move(part), .options = s.options, .point = s.point});
  if (!s.running->finished()) s.running->begin(out);
  take_outcome(out);
}

void D1ImportParts::on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) {
  state_->running->on_reply(tag, std::move(reply), out);
  take_outcome(out);
}

void D1ImportParts::on_wake(detail::Outbox& out) {
  if (!state_->running) return read_on(out);
  state_->running->on_wake(out);
  take_outcome(out);
}

void D1ImportParts::abort(Error error) {
  State& s = *state_;
  if (!s.running || s.running->finished()) return fail(error, s.point.text());
  s.running->abort(std::move(error));
  const Error stopped = s.running->take().error();
  fail(stopped, stopped.result());
}

void D1ImportParts::take_outcome(detail::Outbox& out) {
  State& s = *state_;
  if (!s.running->finished()) return;
  auto done = s.running->take();
  if (!done) return fail(done.error(), done.error().result());
  s.running.reset();
  add(s.sum, std::move(*done));
  if (s.point.next_bytes == 0) return this->finish(std::move(s.sum));  // it was not a part but the whole text
  s.advance();
  s.report(d1::ImportStage::running, s.point.parts, s.sum.bytes);
  out.wake_after(std::chrono::milliseconds(0));
}

void D1ImportParts::fail(const Error& error, std::string point) {
  const State& s = *state_;
  ErrorDetails d = error.details();
  std::string where = "part " + std::to_string(s.point.parts + 1);
  if (s.part_begin != 0)
    where += " (statements " + std::to_string(s.part_begin) + " to " + std::to_string(s.statements) + ", from line " +
             std::to_string(s.part_line) + ")";
  if (s.point.parts != 0) where += ", behind parts that are imported";
  d.text = where + (d.text.empty() ? std::string() : ": " + d.text);
  this->finish(resumable(Error(std::move(d)), std::move(point)));
}

}  // namespace

FlowPtr<d1::ImportResult> import_parts(ImportJob job) { return std::make_unique<D1ImportParts>(std::move(job)); }

}  // namespace cloudflare::ops
