#include "files/text_input.hpp"

#include <algorithm>
#include <istream>

#include "base/files.hpp"

namespace cloudflare::detail {

namespace {
constexpr std::size_t piece_bytes = 1U << 16;
}

TextInput::TextInput(const std::string& path, std::size_t max_item_bytes)
    : from_(&file_), name_(path + ", "), max_item_bytes_(max_item_bytes) {
  if (file_.open(files::path_of(path), std::ios::in | std::ios::binary) == nullptr)
    throw invalid_argument("the file " + path + " cannot be opened");
  skip_mark();
}

TextInput::TextInput(std::istream& in, std::size_t max_item_bytes)
    : from_(in.rdbuf()), max_item_bytes_(max_item_bytes) {
  if (in.fail() || from_ == nullptr) throw invalid_argument("the stream cannot be read: it has failed before");
  skip_mark();
}

Error TextInput::error(std::string_view text) const {
  return invalid_argument(name_ + "line " + std::to_string(item_line_) + ": " + std::string(text));
}

// Reads the stream's buffer: the stream itself would take a short read for the end, and may throw at the end.
bool TextInput::fill() {
  if (ended_) return false;
  before_ += buffer_.size();
  buffer_.resize(piece_bytes);
  at_ = 0;
  std::size_t size = 0;
  try {
    while (size < piece_bytes && !ended_) {
      const std::streamsize n = from_->sgetn(buffer_.data() + size, static_cast<std::streamsize>(piece_bytes - size));
      ended_ = n <= 0;
      if (!ended_) size += static_cast<std::size_t>(n);
    }
  } catch (...) {
    buffer_.clear();
    throw invalid_argument(name_ + "line " + std::to_string(lines_ + 1) + ": cannot be read");
  }
  buffer_.resize(size);
  return !buffer_.empty();
}

int TextInput::peek() {
  if (at_ == buffer_.size() && !fill()) return end_of_file;
  return static_cast<unsigned char>(buffer_[at_]);
}

int TextInput::get() {
  const int c = peek();
  if (c != end_of_file) ++at_;
  if (c == '\n') ++lines_;
  return c;
}

// Some programs begin UTF-8 with a byte order mark.
void TextInput::skip_mark() {
  (void)peek();
  if (buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

void TextInput::skip_to(const FilePosition& place) {
  if (place.offset < offset()) return;
  std::uint64_t left = place.offset - offset();
  while (left > buffer_.size() - at_) {
    left -= buffer_.size() - at_;
    const auto last =
        static_cast<std::streamoff>(place.offset - 1);  // this byte is read to show that the file reaches so far
    if (from_ == &file_ && !ended_ && left > piece_bytes && file_.pubseekpos(last, std::ios::in) == last) {
      before_ = place.offset - 1;
      buffer_.clear();
      at_ = 0;
      left = 1;
    } else if (!fill()) {
      throw invalid_argument(name_ + "it ends before the place to go on from, byte " + std::to_string(place.offset));
    }
  }
  at_ += static_cast<std::size_t>(left);
  lines_ = place.lines;
}

void TextInput::begin_item() noexcept {
  item_line_ = lines_ + 1;
  item_begin_ = offset();
}

void TextInput::check_size() const {
  if (offset() - item_begin_ > max_item_bytes_)
    throw error("longer than the " + std::to_string(max_item_bytes_) + " bytes allowed for one item");
}

bool TextInput::line(std::string& text) {
  text.clear();
  begin_item();
  if (peek() == end_of_file) return false;
  while (peek() != end_of_file) {
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t size = std::min(end, buffer_.size()) - at_;
    at_ += size;
    check_size();
    text.append(buffer_, at_ - size, size);
    if (end == std::string::npos) continue;
    ++at_;
    break;
  }
  ++lines_;
  return true;
}

std::size_t TextInput::row(std::vector<std::string>& fields, std::size_t most) {
  std::size_t count = 0;
  std::string passed_over;
  int c = end_of_file;
  do {  // skips empty lines
    begin_item();
    c = get();
    if (c == '\r' && peek() == '\n') c = get();
  } while (c == '\n');
  if (c == end_of_file) return 0;
  fields.resize(most);
  for (bool more = true; more; ++count) {
    std::string& field = count < most ? fields[count] : passed_over;
    field.clear();
    more = c == '"' ? quoted(field) : plain(field, c);
    if (!more) continue;
    check_size();
    c = get();
  }
  fields.resize(std::min(count, most));
  return count;
}

// Reads a field after its opening quote; true if another field follows.
bool TextInput::quoted(std::string& field) {
  for (;;) {
    int c = get();
    if (c == end_of_file) throw error("a quoted field has no end");
    if (c == '"') {
      c = get();
      if (c == ',') return true;
      if (c == '\r' && peek() == '\n') c = get();
      if (c == '\n' || c == end_of_file) return false;
      if (c != '"') throw error("something follows the closing quote of a field; a quote inside is written twice");
    }
    check_size();
    field.push_back(static_cast<char>(c));
  }
}

bool TextInput::plain(std::string& field, int first) {
  for (int c = first;; c = get()) {
    if (c == ',') return true;
    if (c == '\r' && peek() == '\n') c = get();
    if (c == '\n' || c == end_of_file) return false;
    if (c == '"') throw error("a quote inside a field that does not begin with one");
    check_size();
    field.push_back(static_cast<char>(c));
  }
}

}  // namespace cloudflare::detail
