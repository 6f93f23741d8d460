#include "server/session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

namespace cloudflare::server {

namespace http = boost::beast::http;

namespace {

// Nothing blocks here.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::unique_ptr<Stream> stream, Shared& shared)
      : stream_(std::move(stream)), shared_(shared), limits_(shared.limits), counted_(shared.connections) {}

  void start() {
    expires(limits_.stall);
    stream_->handshake([self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->await_request();
    });
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint32_t most_header_bytes = 64 * 1024;
  static constexpr std::size_t most_at_once = 64UL * 1024;
  static constexpr std::size_t first_read = 2048;

  // A completion handler that goes on with `next`, or ends the connection if the operation failed.
  template <class Next>
  auto on(Next next) {
    return [self = shared_from_this(), next](beast::error_code error, auto&&...) {
      if (!error) next(*self);
    };
  }
  void expires(Clock::duration limit) { stream_->tcp().expires_after(limit); }

  void await_request() {
    if (buffer_.size() != 0) return read_head();
    expires(limits_.idle);
    stream_->async_read_some(buffer_.prepare(first_read),
                             [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
                               if (error) return;
                               self->buffer_.commit(bytes);
                               self->read_head();
                             });
  }

  void read_head() {
    parser_.emplace();
    parser_->header_limit(most_header_bytes);
    // Bodies are counted below. boost::none would refuse every length in Boost 1.74, which compares it as less than
    // any.
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    incoming_ = Incoming{.body = std::make_shared<Stored>(&shared_.gateway.budgets())};
    is_head_ = false;
    expires(limits_.stall);
    http::async_read_header(
        *stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) { self->take_head(error); });
  }

  void take_head(beast::error_code error) {
    if (error == http::error::header_limit) return refuse(431, 10010, "the request's headers are too large");
    if (error && error != http::error::end_of_stream && error != http::error::partial_message &&
        error.category() == make_error_code(http::error::bad_method).category())
      return refuse(400, 10010, "the request is not HTTP");
    if (error) return;
    busy_.emplace(shared_.busy);
    const auto& head = parser_->get();
    incoming_.method = std::string(head.method_string());
    incoming_.target = std::string(head.target());
    for (const auto& field : head)
      incoming_.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    const std::string* const host = find_header(incoming_.headers, "host");
    incoming_.origin =
        std::string(stream_->is_tls() ? "https://" : "http://") +
        (host != nullptr && !host->empty() && host->find_first_of("/?# @") == std::string::npos ? *host
                                                                                                : shared_.address);
    is_head_ = head.method() == http::verb::head;
    if (const auto wrong = find_wrong(head.base(), shared_.names))
      return refuse(wrong->status, wrong->code, wrong->message);
    if (parser_->is_done()) return dispatch();
    Gateway::Admission admission = shared_.gateway.admit(incoming_);
    if (admission.refusal) return refuse(*std::move(admission.refusal));
    // A little more than the route takes, so that the store itself says which of its limits was broken.
    room_ = admission.body_bytes + admission.body_bytes / 16;
    begin_ = Clock::now();
    moved_ = 0;
    if (const auto length = parser_->content_length(); length && *length > room_) return refuse_body();
    if (beast::iequals(head[http::field::expect], "100-continue")) return write_continue();
    read_body();
  }

  void write_continue() {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    expires(limits_.stall);
    asio::async_write(*stream_, asio::buffer(go_on), on([](Session& self) { self.read_body(); }));
  }

  void read_body() {
    if (parser_->is_done()) return dispatch();
    piece_.resize(most_at_once);
    if (incoming_.body->size() != 0) buffer_.reserve(most_at_once);  // else 512 bytes are read at a time
    auto& body = parser_->get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    expires(limits_.stall);
    http::async_read_some(*stream_, buffer_, *parser_,
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                            if (error == http::error::need_buffer) error = {};
                            self->take_body(error);
                          });
  }

  void take_body(beast::error_code error) {
    if (error && error.category() == make_error_code(http::error::bad_chunk).category() &&
        error != http::error::partial_message && error != http::error::end_of_stream)
      return refuse(400, 10010, "the request's body is malformed");
    if (error) return;
    const std::size_t bytes = piece_.size() - parser_->get().body().size;
    if (incoming_.body->size() + bytes > room_) return refuse_body();
    moved_ += bytes;
    if (is_too_slow()) return refuse(408, 10010, "the request's body comes too slowly");
    try {
      incoming_.body->write({piece_.data(), bytes});
    } catch (const std::exception&) {
      return refuse(507, 10001, "there is no room on the disk for the request's body");
    }
    read_body();
  }

  // True if a body or reply is slower than `least_rate` on average, or takes longer than a whole one may.
  [[nodiscard]] bool is_too_slow() const {
    const std::chrono::seconds earned(moved_ / limits_.least_rate);
    return Clock::now() - begin_ > std::min(limits_.body, limits_.stall + earned);
  }

  void dispatch() {
    keep_alive_ = parser_->get().keep_alive() && !shared_.ending;
    asio::post(shared_.workers, [self = shared_from_this()] {
      const Counted running(self->shared_.running);
      self->outgoing_ = self->shared_.gateway.answer(std::move(self->incoming_));
      asio::post(self->stream_->get_executor(), [self] { self->write_reply(); });
    });
  }

  void refuse_body() { refuse(413, 10010, "the request's body is longer than " + std::to_string(room_) + " bytes"); }
  void refuse(int status, int code, std::string_view message) { refuse(Gateway::refusal(status, code, message)); }
  void refuse(Outgoing refusal) {
    keep_alive_ = false;  // the rest of the request is not read
    incoming_.body.reset();
    outgoing_ = std::move(refusal);
    shared_.gateway.note(incoming_, outgoing_);
    write_reply();
  }

  template <class Message>
  void fill(Message& message) {
    message.version(11);
    message.result(static_cast<unsigned>(outgoing_.status));
    for (const Header& header : outgoing_.headers) message.insert(header.name, header.value);
    message.set(http::field::date, http_date());
    message.keep_alive(keep_alive_);
    message.content_length(outgoing_.body->size());
  }

  void write_reply() {
    expires(limits_.stall);
    begin_ = Clock::now();
    moved_ = 0;
    std::string* const text = outgoing_.body->text();
    if (text != nullptr && !is_head_) {
      auto message = std::make_shared<http::response<http::string_body>>();
      fill(*message);
      message->body() = std::move(*text);
      http::async_write(*stream_, *message, on([message](Session& self) { self.finish(); }));
      return;
    }
    auto message = std::make_shared<http::response<http::empty_body>>();
    fill(*message);
    auto serializer = std::make_shared<http::response_serializer<http::empty_body>>(*message);
    http::async_write_header(*stream_, *serializer, on([message, serializer](Session& self) {
      self.is_head_ ? self.finish() : self.write_piece();
    }));
  }

  void write_piece() {
    piece_.resize(most_at_once);
    std::size_t bytes = 0;
    try {
      bytes = outgoing_.body->read(piece_);
    } catch (const std::exception&) {
      return;  // the client sees that the connection ends within the reply
    }
    if (bytes == 0) return finish();
    if (is_too_slow()) return;
    moved_ += bytes;
    expires(limits_.stall);
    asio::async_write(*stream_, asio::buffer(piece_.data(), bytes), on([](Session& self) { self.write_piece(); }));
  }

  void finish() {
    outgoing_ = Outgoing();
    busy_.reset();
    if (keep_alive_) {
      // Thousands of idle connections hold no memory for bodies.
      std::vector<char>().swap(piece_);
      if (buffer_.size() == 0 && buffer_.capacity() >= most_at_once) buffer_.shrink_to_fit();
      return await_request();
    }
    // Gives the client time to read the reply: closing with unread input would reset the connection.
    beast::error_code ignored;
    stream_->tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    left_to_drain_ = most_drained;
    piece_.resize(most_at_once);
    expires(drain_limit);
    drain();
  }

  static constexpr std::size_t most_drained = 64UL << 20;
  static constexpr std::chrono::seconds drain_limit{5};
  void drain() {
    stream_->tcp().async_read_some(asio::buffer(piece_),
                                   [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
                                     if (error || bytes >= self->left_to_drain_) return;
                                     self->left_to_drain_ -= bytes;
                                     self->drain();
                                   });
  }

  std::unique_ptr<Stream> stream_;
  Shared& shared_;
  const ServerLimits& limits_;
  const Counted counted_;
  beast::flat_buffer buffer_{most_header_bytes + 4096};
  std::optional<http::request_parser<http::buffer_body>> parser_{};
  std::optional<Counted> busy_{};
  std::vector<char> piece_{};
  Incoming incoming_{};
  Outgoing outgoing_{};
  std::uint64_t room_ = 0;
  Clock::time_point begin_{};  // of the body, or of the reply
  std::uint64_t moved_ = 0;    // bytes of it
  std::size_t left_to_drain_ = 0;
  bool keep_alive_ = false;
  bool is_head_ = false;
};

}  // namespace

void start_session(std::unique_ptr<Stream> stream, Shared& shared) {
  std::make_shared<Session>(std::move(stream), shared)->start();
}

}  // namespace cloudflare::server
