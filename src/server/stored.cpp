#include "server/stored.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace cloudflare::server {

namespace {

constexpr std::size_t most_in_memory = 1UL << 20;
// Small bodies do not count, so that a request that was carried out gets its reply when the budgets are used up.
constexpr std::size_t most_uncounted = 16UL << 10;

class StoredSource final : public Source {
 public:
  explicit StoredSource(std::shared_ptr<Stored> stored) : stored_(std::move(stored)) {}
  std::size_t read(std::span<char> to) override { return stored_->read(to); }
  bool rewind() override {
    stored_->rewind();
    return true;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return stored_->size(); }

 private:
  std::shared_ptr<Stored> stored_;
};

}  // namespace

void Stored::write(std::string_view bytes) {
  if (!file_ && text_.size() + bytes.size() <= most_in_memory && may_hold(text_.size() + bytes.size())) {
    text_.append(bytes);
  } else {
    if (!file_) to_file();
    append_to_file(bytes);
  }
  size_ += bytes.size();
}

bool Stored::may_hold(std::size_t bytes) noexcept {
  if (budgets_ == nullptr || bytes <= most_uncounted) return true;
  if (!budgets_->memory.take(bytes - in_memory_)) return false;
  in_memory_ = bytes;
  return true;
}

void Stored::to_file() {
  file_.emplace();
  append_to_file(text_);
  std::string().swap(text_);
  if (budgets_ != nullptr) budgets_->memory.give_back(std::exchange(in_memory_, 0));
}

void Stored::append_to_file(std::string_view bytes) {
  if (budgets_ != nullptr) {
    if (!budgets_->disk.take(bytes.size())) throw std::system_error(ENOSPC, std::generic_category(), "temporary file");
    on_disk_ += bytes.size();
  }
  file_->append(bytes);
}

void Stored::give_back() noexcept {
  if (budgets_ == nullptr) return;
  budgets_->memory.give_back(std::exchange(in_memory_, 0));
  budgets_->disk.give_back(std::exchange(on_disk_, 0));
}

bool Stored::restart() {
  text_.clear();
  file_.reset();
  give_back();
  size_ = 0;
  rewind();
  return true;
}

std::size_t Stored::read(std::span<char> to) {
  if (!file_) {
    const std::size_t n = text_.copy(to.data(), to.size(), read_);
    read_ += n;
    return n;
  }
  if (!reading_) {
    file_->rewind();
    reading_ = true;
  }
  return file_->read(to);
}

void Stored::rewind() {
  read_ = 0;
  reading_ = false;
}

Body as_body(const std::shared_ptr<Stored>& stored) {
  if (std::string* text = stored->text()) return Body(std::move(*text));
  return Body(std::make_shared<StoredSource>(stored));
}

}  // namespace cloudflare::server
