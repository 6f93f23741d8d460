// Rows that are handed over while the reply arrives: a sink cuts the reply into rows and the rest, which the engine
// judges like any reply. So an error, or a failure behind the rows, means what it means elsewhere.

#include "d1/common.hpp"
#include "d1/edgebase.hpp"
#include "d1/row_decoder.hpp"
#include "d1/row_splitter.hpp"
#include "engine/partial_sink.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

class RowSink final : public detail::PartialSink, private RowSplitter::Receiver {
 public:
  RowSink(std::unique_ptr<detail::RowTaker> taker, RowSplitter::Layout layout, std::uint64_t rest_limit)
      : taker_(std::move(taker)), splitter_(layout, rest_limit), objects_(layout == RowSplitter::Layout::edgebase) {
    decoder_.emplace(*taker_);
  }

  void write(std::string_view bytes) override {
    try {
      splitter_.feed(bytes, *this);
    } catch (const Error& error) {
      if (!thrown_) failure_ = decoder_->located(error);
      throw;
    } catch (const simdjson::simdjson_error& error) {
      if (!thrown_) failure_ = decoder_->located(detail::cannot_be_read("the row", error));
      throw;
    }
  }
  /// A row is never handed over twice.
  bool restart() override {
    if (handed_over_ != 0) return false;
    splitter_.restart();
    decoder_.emplace(*taker_);
    return true;
  }
  [[nodiscard]] std::string take_rest() override { return splitter_.take_rest(); }

  /// Reads the rest, and hands over the rows that are left in it.
  Result<detail::RowsHead> read_rest(Reply& rest) {
    class Giving final : public detail::RowReader {
     public:
      explicit Giving(RowSink& sink) : sink_(sink) {}
      void columns(const std::vector<std::string>& names) override { sink_.taker_->columns(names); }
      void row(const d1::Cell* cells, std::size_t& at) override {
        sink_.taker_->row(cells, at);
        sink_.give();
      }

     private:
      RowSink& sink_;
    };
    Giving giving(*this);
    auto head = detail::read_rows(rest, giving);
    if (head && head->columns.empty()) head->columns = decoder_->take_columns();
    return head;
  }

  [[nodiscard]] std::uint64_t handed_over() const noexcept { return handed_over_; }
  /// What is wrong with the reply, if write() ended the transfer because of it.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  /// What the caller's function threw.
  [[nodiscard]] const std::exception_ptr& thrown() const noexcept { return thrown_; }

 private:
  void take_columns(std::string& text) override {
    detail::Parsed parsed(text, 0, text.size());
    decoder_->read_columns(parsed.document().get_array());
    check_end(parsed);
  }

  void take_row(std::string& text) override {
    detail::Parsed parsed(text, 0, text.size());  // owns what cells of text point to
    if (objects_)
      decoder_->read_object(parsed.document().get_value());
    else
      decoder_->read_array(parsed.document().get_value());
    check_end(parsed);
    give();
  }

  static void check_end(detail::Parsed& parsed) {
    if (parsed.document().current_location().error() != simdjson::OUT_OF_BOUNDS)
      throw detail::followed_by_something("the row");
  }

  void give() {
    ++handed_over_;
    try {
      taker_->give();
    } catch (...) {
      thrown_ = std::current_exception();
      throw;
    }
  }

  std::unique_ptr<detail::RowTaker> taker_;
  RowSplitter splitter_;
  std::optional<detail::RowDecoder> decoder_{};
  bool objects_;
  std::uint64_t handed_over_ = 0;
  std::optional<Error> failure_{};
  std::exception_ptr thrown_{};
};

class ForEachRow final : public detail::FlowOf<d1::ReadResult> {
 public:
  ForEachRow(Result<detail::Request> request, bool edgebase, std::unique_ptr<detail::RowTaker> taker)
      : request_(request ? std::move(*request) : detail::Request()),
        edgebase_(edgebase),
        sink_(std::make_shared<RowSink>(std::move(taker),
                                        edgebase ? RowSplitter::Layout::edgebase : RowSplitter::Layout::v4,
                                        request_.http.reply_limit)) {
    if (!request) this->finish(request.error());
    request_.http.sink = sink_;
  }

  void begin(detail::Outbox& out) override { out.send(0, std::move(request_)); }

  void on_reply(unsigned, Result<Reply>&& reply, detail::Outbox& out) override {
    if (!reply) return this->finish(explained(reply.error(), out.sent()));
    if (edgebase_) reply = result_in_list(std::move(*reply));
    auto head = sink_->read_rest(*reply);
    if (!head) return this->finish(explained(undecodable(head.error(), out.sent(), *reply), out.sent()));
    this->finish(d1::ReadResult{
        .rows = sink_->handed_over(), .columns = std::move(head->columns), .meta = std::move(head->meta)});
  }

  void abort(Error error) override { this->finish(counted(error)); }

 private:
  // Says why the sink ended the transfer, if it did.
  [[nodiscard]] Error explained(const Error& error, const detail::Request& sent) const {
    ErrorDetails d = error.details();
    if (sink_->thrown()) {
      d.kind = ErrorKind::callback;
      d.text = "the caller's function threw";
      d.cause = sink_->thrown();
    } else if (sink_->failure()) {
      d.kind = sink_->failure()->kind();
      d.text = sink_->failure()->details().text;
      d.cause = nullptr;
      d.delivery = Delivery::unknown;
      d.outcome_unknown = sent.repeat != detail::Repeat::read;
    }
    return counted(Error(std::move(d)));
  }

  [[nodiscard]] Error counted(const Error& error) const {
    const std::uint64_t rows = sink_->handed_over();
    if (rows == 0) return error;
    ErrorDetails d = error.details();
    d.text.append(d.text.empty() ? "" : "; ")
        .append(std::to_string(rows))
        .append(rows == 1 ? " row was" : " rows were");
    d.text.append(" handed over, so the request is not repeated");
    return Error(std::move(d));
  }

  detail::Request request_;
  bool edgebase_;
  std::shared_ptr<RowSink> sink_;
};

}  // namespace

FlowPtr<d1::ReadResult> d1_for_each_row(const RequestContext& context, std::string_view id, std::string_view sql,
                                        const d1::Params& params, std::unique_ptr<detail::RowTaker> taker) {
  auto request = context.edgebase ? edgebase_statement(context, id, sql, params, false)
                                  : with_statement(database_request(d1_endpoint("d1.for_each_row"), context, id),
                                                   context, sql, params, false);
  return std::make_unique<ForEachRow>(std::move(request), context.edgebase, std::move(taker));
}

}  // namespace cloudflare::ops
