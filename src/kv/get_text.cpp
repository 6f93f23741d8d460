// Reads of one key besides those of values.cpp: a text with all that is stored beside it, and into a caller's buffer.

#include <algorithm>

#include "kv/common.hpp"

namespace cloudflare::ops {

namespace {

using detail::Outbox;
using detail::Reply;
using FoundValue = std::optional<kv::Value>;

// A bulk read of one key, and a read of the exact bytes only if the value may not be text or does not fit.
class KvGetText final : public detail::FlowOf<FoundValue> {
 public:
  KvGetText(const RequestContext& context, std::string_view id, const std::string& key)
      : text_(kv_get_bulk(context, id, std::span(&key, 1), {.with_metadata = true})),
        exact_(kv_get_with_metadata(context, id, key)) {
    if (exact_->finished())
      this->finish(exact_->take());  // refused before sending
    else if (text_.finished())
      this->finish(text_.take().error());
  }

  void begin(Outbox& out) override { text_.begin(out); }
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override {
    if (reads_exactly_) {
      exact_->on_reply(tag, std::move(reply), out);
    } else {
      text_.on_reply(tag, std::move(reply), out);
      auto found = text_.take();
      reads_exactly_ =
          found ? found->front() && may_be_bytes(found->front()->value) : found.error().http_status() == 413;
      if (!reads_exactly_) return this->finish(found ? Result<FoundValue>(std::move(found->front())) : found.error());
      exact_->begin(out);
    }
    if (exact_->finished()) this->finish(exact_->take());
  }

 private:
  Call<std::vector<FoundValue>> text_;
  FlowPtr<FoundValue> exact_;
  bool reads_exactly_ = false;
};

// Counts all bytes, so that an error can say how many there are, and keeps those that fit.
class BufferSink final : public Sink {
 public:
  explicit BufferSink(std::span<char> buffer) : buffer_(buffer) {}
  void write(std::string_view bytes) override {
    if (size_ < buffer_.size()) {
      const auto fitting = bytes.substr(0, buffer_.size() - size_);
      std::copy(fitting.begin(), fitting.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
    }
    size_ += bytes.size();
  }
  bool restart() override {
    size_ = 0;
    return true;
  }
  [[nodiscard]] Result<std::optional<std::size_t>> outcome() const {
    if (size_ <= buffer_.size()) return std::optional(size_);
    return Error(ErrorKind::too_large, "the value has " + std::to_string(size_) + " bytes; the buffer holds " +
                                           std::to_string(buffer_.size()));
  }

 private:
  std::span<char> buffer_;
  std::size_t size_ = 0;
};

}  // namespace

FlowPtr<FoundValue> kv_get_text(const RequestContext& context, std::string_view id, std::string_view key) {
  return std::make_unique<KvGetText>(context, id, std::string(key));
}

Call<std::optional<std::size_t>> kv_get_into(const RequestContext& context, std::string_view id, std::string_view key,
                                             std::span<char> buffer) {
  auto request = value_request(context, id, key);
  const auto sink = std::make_shared<BufferSink>(buffer);
  if (request) request->http.sink = sink;
  return {std::move(request), [sink](Reply&&) { return sink->outcome(); },
          [](Error&& error) -> Result<std::optional<std::size_t>> {
            if (is_missing_key(error)) return std::optional<std::size_t>();
            return std::move(error);
          }};
}

}  // namespace cloudflare::ops
