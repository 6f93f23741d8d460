#include <cloudflare/error.hpp>
#include <cloudflare/http/body.hpp>

#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/files.hpp"
#include "base/fresh_file.hpp"
#include "base/upload_source.hpp"

namespace cloudflare {

namespace {

class FileSource final : public Source {
 public:
  explicit FileSource(const std::string& path) : path_(path), file_(detail::files::open_to_read(path)) {
    // Nothing is read ahead: a buffer would hide that the file has changed.
    if (file_) static_cast<void>(std::setvbuf(file_.get(), nullptr, _IONBF, 0));
    if (!file_)
      throw invalid_argument("the file of the body, " + path + ", cannot be read: " + detail::files::reason());
    // Without a regular file there is no size and no second attempt.
    const auto size = detail::files::size_of(file_.get());
    if (!size) throw invalid_argument("the file of the body, " + path + ", is not a regular file");
    size_ = *size;
  }
  std::size_t read(std::span<char> to) override {
    const std::size_t n = std::fread(to.data(), 1, to.size(), file_.get());
    if (n == 0 && std::ferror(file_.get()) != 0)
      throw Error(ErrorKind::callback, "reading the file " + path_ + " failed: " + detail::files::reason());
    return n;
  }
  bool rewind() override { return detail::files::seek(file_.get(), 0); }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::string path_;
  detail::files::Stream file_;
  std::uint64_t size_ = 0;
};

class CallbackSource final : public Source {
 public:
  CallbackSource(std::function<std::size_t(std::span<char>)> read, std::function<void()> rewind,
                 std::optional<std::uint64_t> size)
      : read_(std::move(read)), rewind_(std::move(rewind)), size_(size) {}
  std::size_t read(std::span<char> to) override {
    begun_ = true;
    return read_(to);
  }
  bool rewind() override {
    if (!begun_) return true;
    if (!rewind_) return false;
    rewind_();
    begun_ = false;
    return true;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::function<std::size_t(std::span<char>)> read_;
  std::function<void()> rewind_;
  std::optional<std::uint64_t> size_;
  bool begun_ = false;
};

// A source with a text before and after it.
class FramedSource final : public Source {
 public:
  FramedSource(std::string before, std::shared_ptr<Source> middle, std::string after)
      : before_(std::move(before)), middle_(std::move(middle)), after_(std::move(after)) {}
  std::size_t read(std::span<char> to) override {
    if (at_ < before_.size()) return copy(before_, at_, to);
    if (!middle_done_) {
      if (const std::size_t n = middle_->read(to); n != 0) return n;
      middle_done_ = true;
    }
    return copy(after_, after_at_, to);
  }
  bool rewind() override {
    at_ = after_at_ = 0;
    middle_done_ = false;
    return middle_->rewind();
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override {
    const auto middle = middle_->size();
    if (!middle) return std::nullopt;
    return *middle + before_.size() + after_.size();
  }

 private:
  static std::size_t copy(const std::string& from, std::size_t& at, std::span<char> to) {
    const std::size_t n = std::min(to.size(), from.size() - at);
    std::memcpy(to.data(), from.data() + at, n);
    at += n;
    return n;
  }
  std::string before_;
  std::shared_ptr<Source> middle_;
  std::string after_;
  std::size_t at_ = 0;
  std::size_t after_at_ = 0;
  bool middle_done_ = false;
};

class FunctionSink final : public Sink {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}
  void write(std::string_view bytes) override { write_(bytes); }

 private:
  std::function<void(std::string_view)> write_;
};

}  // namespace

Body Body::file(const std::string& path) {
  return Body(std::make_shared<detail::CheckedSource>(std::make_shared<FileSource>(path),
                                                      "the file " + path + " changed while it was sent"));
}

Body Body::callback(std::function<std::size_t(std::span<char>)> read, std::function<void()> rewind,
                    std::optional<std::uint64_t> size) {
  return Body(std::make_shared<detail::CheckedSource>(
      std::make_shared<CallbackSource>(std::move(read), std::move(rewind), size)));
}

Body Body::framed(std::string before, std::string after) && {
  if (source_) return Body(std::make_shared<FramedSource>(std::move(before), std::move(source_), std::move(after)));
  before.reserve(before.size() + text_.size() + after.size());
  before.append(text_).append(after);
  return Body(std::move(before));
}

std::string Body::read_all() const {
  if (!source_) return text_;
  detail::CheckedSource source(source_);
  std::string all;
  std::array<char, 65'536> piece{};
  while (const std::size_t n = source.read(piece)) all.append(piece.data(), n);
  return all;
}

struct FileSink::File {
  std::string path;
  detail::FreshFile fresh{};
  bool committed = false;

  void open() {
    if (committed) throw Error(ErrorKind::callback, "the file " + path + " is complete and takes no more bytes");
    if (!fresh.is_open() && !fresh.create(path, 0666))
      throw invalid_argument("the file " + path + " cannot be created: " + detail::files::reason());
  }
};

FileSink::FileSink(std::string path) : file_(std::make_unique<File>()) { file_->path = std::move(path); }

FileSink::~FileSink() = default;

void FileSink::open() { file_->open(); }

void FileSink::write(std::string_view bytes) {
  file_->open();
  if (!file_->fresh.write(bytes))
    throw Error(ErrorKind::callback, "writing the file " + file_->path + " failed: " + detail::files::reason());
}

bool FileSink::restart() { return !file_->committed && (!file_->fresh.is_open() || file_->fresh.restart()); }

void FileSink::commit() {
  if (file_->committed) return;
  file_->open();
  if (!file_->fresh.commit())
    throw Error(ErrorKind::callback, "finishing the file " + file_->path + " failed: " + detail::files::reason());
  file_->committed = true;
}

std::shared_ptr<Sink> sink_to(std::function<void(std::string_view)> write) {
  return std::make_shared<FunctionSink>(std::move(write));
}

}  // namespace cloudflare
