#include "d1/row_splitter.hpp"

#include <array>
#include <utility>

#include <cloudflare/error.hpp>
#include <cloudflare/limits.hpp>

namespace cloudflare::ops {

namespace {

constexpr std::size_t longest_known_key = 16;  // more than that of any step

void append_within(std::string& text, std::string_view bytes, std::uint64_t limit, std::string_view what) {
  if (bytes.size() > limit - text.size())
    throw Error(ErrorKind::too_large,
                std::string(what) + " is larger than the limit of " + std::to_string(limit) + " bytes");
  text.append(bytes);
}

}  // namespace

std::span<const RowSplitter::Step> RowSplitter::steps_of(Layout layout) noexcept {
  static constexpr std::array<Step, 5> v4{{{'{', ""}, {'[', "result"}, {'{', ""}, {'{', "results"}, {'[', "rows"}}};
  static constexpr std::array<Step, 2> edgebase{{{'{', ""}, {'[', "results"}}};
  return layout == Layout::v4 ? std::span<const Step>(v4) : std::span<const Step>(edgebase);
}

RowSplitter::RowSplitter(Layout layout, std::uint64_t rest_limit)
    : layout_(layout), rest_limit_(rest_limit), steps_(steps_of(layout)), columns_known_(layout == Layout::edgebase) {}

void RowSplitter::feed(std::string_view bytes, Receiver& receiver) {
  while (!bytes.empty()) {
    switch (part_) {
      case Part::rest: bytes.remove_prefix(feed_rest(bytes, receiver)); break;
      case Part::between_rows: bytes.remove_prefix(feed_between(bytes)); break;
      case Part::row: bytes.remove_prefix(feed_row(bytes, receiver)); break;
    }
  }
}

std::size_t RowSplitter::feed_rest(std::string_view bytes, Receiver& receiver) {
  std::size_t i = 0;
  bool columns_end = false;
  while (i < bytes.size() && part_ == Part::rest && !columns_end) {
    const char c = bytes[i++];
    if (in_string_) {
      next_in_string(c);
      if (in_string_ && on_the_way() && string_.size() < longest_known_key) string_.push_back(c);
      continue;
    }
    switch (c) {
      case '"':
        in_string_ = true;
        string_.clear();
        break;
      case ':':
        if (on_the_way()) key_ = string_;
        break;
      case ',':
        if (on_the_way()) key_.clear(), first_ = false;
        break;
      case '[':
      case '{': open(c, rest_.size() + i - 1); break;
      case ']':
      case '}': columns_end = close(); break;
      default: break;
    }
  }
  append_within(rest_, bytes.substr(0, i), rest_limit_, "the reply without its rows");
  if (columns_end) {
    std::string columns = rest_.substr(std::exchange(columns_at_, std::string::npos));
    columns_known_ = true;
    receiver.take_columns(columns);
  }
  return i;
}

std::size_t RowSplitter::feed_between(std::string_view bytes) {
  switch (bytes.front()) {
    case ' ':
    case '\t':
    case '\n':
    case '\r': return 1;
    case ',':
      if (row_may_come_) break;
      row_may_come_ = true;
      rows_may_end_ = false;
      return 1;
    case ']':
      if (!rows_may_end_) break;
      part_ = Part::rest;  // takes the bracket
      return 0;
    case '[':
    case '{':
      if (!row_may_come_) break;
      part_ = Part::row;
      return 0;
    default: break;
  }
  throw Error(ErrorKind::decode, "the list of rows holds something else");
}

std::size_t RowSplitter::feed_row(std::string_view bytes, Receiver& receiver) {
  std::size_t i = 0;
  bool ended = false;
  while (i < bytes.size() && !ended) {
    const char c = bytes[i++];
    if (in_string_) {
      next_in_string(c);
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '[' || c == '{') {
      go_deeper();
    } else if (c == ']' || c == '}') {
      ended = --depth_ == matched_;
    }
  }
  append_within(row_, bytes.substr(0, i), limits::d1_row_json_bytes, "a row's JSON");
  if (ended) {
    part_ = Part::between_rows;
    row_may_come_ = false;
    rows_may_end_ = true;
    receiver.take_row(row_);
    row_.clear();
  }
  return i;
}

void RowSplitter::next_in_string(char c) noexcept {
  if (escaped_)
    escaped_ = false;
  else if (c == '\\')
    escaped_ = true;
  else if (c == '"')
    in_string_ = false;
}

void RowSplitter::open(char bracket, std::size_t at) {
  const bool last = matched_ + 1 == steps_.size();
  if (on_the_way() && matched_ < steps_.size()) {
    const Step& step = steps_[matched_];
    const bool here = step.key.empty() ? first_ : key_ == step.key;
    if (bracket == step.bracket && here && !(last && (rows_found_ || !columns_known_))) {
      ++matched_;
      first_ = true;
      if (last) {
        part_ = Part::between_rows;
        rows_found_ = row_may_come_ = rows_may_end_ = true;
      }
    } else if (last && bracket == '[' && key_ == "columns" && !columns_known_) {
      columns_at_ = at;
    }
    key_.clear();
  }
  go_deeper();
}

bool RowSplitter::close() noexcept {
  if (depth_ == 0) return false;  // more brackets are closed than opened, which the reader of the rest refuses
  --depth_;
  if (depth_ < matched_) {
    matched_ = depth_;
    first_ = false;
    key_.clear();
  }
  return on_the_way() && columns_at_ != std::string::npos;
}

void RowSplitter::go_deeper() {
  if (++depth_ > limits::json_depth)
    throw Error(ErrorKind::decode,
                "the reply is nested more deeply than " + std::to_string(limits::json_depth) + " levels");
}

}  // namespace cloudflare::ops
