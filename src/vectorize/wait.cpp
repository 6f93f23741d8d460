// Waits until an accepted mutation is processed, by itself or after an upload.

#include <algorithm>

#include "base/saturating.hpp"
#include "vectorize/common.hpp"

namespace cloudflare::ops {

namespace {

using detail::Reply;
using std::chrono::milliseconds;
using vectorize::Mutation;

constexpr milliseconds first_step{500};
constexpr milliseconds longest_step{10'000};

// Polls `info` at growing intervals until a mutation is processed.
class VectorizeWait final : public detail::FlowOf<vectorize::IndexInfo> {
 public:
  VectorizeWait(const RequestContext& context, VectorizeTarget index, vectorize::Mutation mutation,
                std::chrono::milliseconds timeout);
  void begin(detail::Outbox& out) override;
  void on_reply(unsigned tag, Result<detail::Reply>&& reply, detail::Outbox& out) override;
  void on_wake(detail::Outbox& out) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  void ask(detail::Outbox& out);
  RequestContext context_;
  VectorizeTarget index_;
  vectorize::Mutation mutation_;
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds step_;
  TimePoint deadline_{};
  bool asking_ = false;
  Call<vectorize::IndexInfo> info_;
};

VectorizeWait::VectorizeWait(const RequestContext& context, VectorizeTarget index, Mutation mutation,
                             milliseconds timeout)
    : context_(context),
      index_(std::move(index)),
      mutation_(std::move(mutation)),
      timeout_(timeout),
      step_(first_step),
      info_(vectorize_info(context_, index_)) {
  if (!mutation_.id && !mutation_.accepted_at)
    this->finish(invalid_argument("the mutation has neither id nor time to wait for"));
  else if (info_.finished())
    this->finish(info_.take());  // refused before sending
}

void VectorizeWait::begin(detail::Outbox& out) {
  deadline_ = detail::saturating_add(out.now(), timeout_);
  out.wake_after(timeout_);
  ask(out);
}

void VectorizeWait::ask(detail::Outbox& out) {
  info_ = vectorize_info(context_, index_);
  asking_ = true;
  info_.begin(out);
}

void VectorizeWait::on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) {
  asking_ = false;
  info_.on_reply(tag, std::move(reply), out);
  auto info = info_.take();
  if (!info) return this->finish(info.error());
  // Times are compared in whole seconds, as the Date header has them.
  const bool same = mutation_.id && info->processed_up_to_mutation == mutation_.id;
  const bool later = mutation_.accepted_at && info->processed_up_to_datetime > mutation_.accepted_at;
  if (same || later) return this->finish(std::move(info));
  out.wake_after(step_);
  step_ = std::min(step_ * 3 / 2, longest_step);
}

void VectorizeWait::on_wake(detail::Outbox& out) {
  if (out.now() < deadline_) {
    if (!asking_) ask(out);
    return;
  }
  this->finish(Error(ErrorKind::timeout, "mutation " + mutation_.id.value_or("without an id") +
                                             " was not processed within " + std::to_string(timeout_.count()) + " ms"));
}

// Uploads, and then waits for what was accepted.
class UploadAndWait final : public detail::FlowOf<vectorize::WaitResult> {
 public:
  UploadAndWait(const RequestContext& context, VectorizeTarget index, FlowPtr<vectorize::ManyResult> upload,
                milliseconds timeout)
      : context_(context), index_(std::move(index)), upload_(std::move(upload)), timeout_(timeout) {
    if (upload_->finished()) this->finish(upload_->take().error());  // refused before sending
  }
  void begin(detail::Outbox& out) override {
    upload_->begin(out);
    settle(&out);
  }
  void on_reply(unsigned tag, Result<Reply>&& reply, detail::Outbox& out) override {
    current().on_reply(tag, std::move(reply), out);
    settle(&out);
  }
  void on_wake(detail::Outbox& out) override {
    current().on_wake(out);
    settle(&out);
  }
  void abort(Error error) override {
    current().abort(error);
    if (!wait_) result_.not_processed = std::move(error);
    settle(nullptr);
  }
  [[nodiscard]] bool bounded() const noexcept override { return false; }

 private:
  detail::Flow& current() noexcept {
    if (wait_) return *wait_;
    return *upload_;
  }

  // Steps from the upload to the wait; without an outbox the wait does not begin.
  void settle(detail::Outbox* out) {
    if (this->finished()) return;
    if (!wait_) {
      if (!upload_->finished()) return;
      auto uploaded = upload_->take();
      if (!uploaded) return this->finish(uploaded.error());
      result_.outcome = std::move(uploaded).value();
      if (out == nullptr || result_.outcome.succeeded == 0) return this->finish(std::move(result_));
      wait_ = vectorize_wait(context_, index_, result_.outcome.mutation, timeout_);
      if (!wait_->finished()) wait_->begin(*out);
    }
    if (!wait_->finished()) return;
    if (auto info = wait_->take())
      result_.info = std::move(info).value();
    else
      result_.not_processed = info.error();
    this->finish(std::move(result_));
  }

  RequestContext context_;
  VectorizeTarget index_;
  FlowPtr<vectorize::ManyResult> upload_;
  milliseconds timeout_;
  FlowPtr<vectorize::IndexInfo> wait_{};
  vectorize::WaitResult result_{};
};

}  // namespace

FlowPtr<vectorize::IndexInfo> vectorize_wait(const RequestContext& context, const VectorizeTarget& index,
                                             const Mutation& mutation, milliseconds timeout) {
  return std::make_unique<VectorizeWait>(context, index, mutation, timeout);
}

FlowPtr<vectorize::WaitResult> vectorize_upload_and_wait(const RequestContext& context, const VectorizeTarget& index,
                                                         Upload upload, std::unique_ptr<VectorReader> vectors,
                                                         const vectorize::UploadManyOptions& options,
                                                         milliseconds timeout) {
  return std::make_unique<UploadAndWait>(
      context, index, vectorize_upload_many(context, index, upload, std::move(vectors), options), timeout);
}

}  // namespace cloudflare::ops
