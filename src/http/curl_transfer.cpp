#include "http/curl_transfer.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <new>
#include <string_view>

#include "base/upload_source.hpp"
#include "base/wipe.hpp"

namespace cloudflare::detail {

namespace {

// Padding behind a body, so that simdjson can read it in place.
constexpr std::size_t padding = 128;

// Capacity for a body of `bytes`, as far as the machine can address it.
std::size_t room_for(std::uint64_t bytes) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, std::string().max_size() - padding)) + padding;
}

// The status in the first line of a head; 0 if there is none, or "HTTP" is in small letters: libcurl takes both for a
// success.
int status_in(std::string_view line) {
  const std::size_t space = line.starts_with("HTTP/") ? line.find(' ') : std::string_view::npos;
  int status = 0;
  if (space != std::string_view::npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status >= 100 && status <= 999 ? status : 0;
}

// Whether libcurl takes the line for the first one of a head.
bool is_status_line(std::string_view line) { return line.size() >= 5 && curl_strnequal(line.data(), "HTTP/", 5) != 0; }

bool is_success(int status) { return status >= 200 && status < 300; }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

}  // namespace

CurlTransfer::CurlTransfer(CurlHandle& handle, unsigned ticket, std::shared_ptr<const HttpRequest> request,
                           const TransferLimits& limits)
    : handle_(handle),
      ticket_(ticket),
      request_(std::move(request)),
      stall_limit_(std::min<std::chrono::milliseconds>(limits.stall_timeout, std::chrono::hours(24))) {
  handle_.transfer = this;
  ask_for(handle_, request_->url);
  curl_easy_setopt(easy(), CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(1, limits.connect_timeout.count())));
  set_body();
  set_headers();
}

void CurlTransfer::set_headers() {
  const auto same = [](const Header& a, const Header& b) { return a.value == b.value && a.name == b.name; };
  const std::vector<Header>& set = handle_.headers;
  const bool known = plain_get_ && handle_.lines &&
                     std::equal(set.begin(), set.end(), request_->headers.begin(), request_->headers.end(), same);
  if (!known) make_lines();
}

void CurlTransfer::make_lines() {
  const std::vector<Header>& headers = request_->headers;
  std::unique_ptr<curl_slist, FreeList> lines;
  const auto add = [&lines](const std::string& line) {
    curl_slist* const longer = curl_slist_append(lines.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)lines.release();
    lines.reset(longer);
  };
  for (const Header& header : headers) {
    std::string line = header.name + ": " + header.value;
    add(line);
    wipe(line);
  }
  if (find_header(headers, "accept-encoding") == nullptr) add("Accept-Encoding: gzip");
  if (!plain_get_) {
    if (find_header(headers, "content-type") == nullptr) add("Content-Type:");
    add("Expect:");  // no pause before uploads
    if (source_ && !source_->size()) add("Transfer-Encoding: chunked");
  }
  curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, lines.get());
  handle_.lines = std::move(lines);
  wipe(handle_.headers);
  handle_.headers = headers;
}

void CurlTransfer::set_body() {
  CURL* const easy = handle_.easy.get();
  const Body& body = request_->body;
  if (body.source()) source_ = std::make_shared<CheckedSource>(body.source());
  const bool empty = !source_ && body.text().empty();
  plain_get_ = request_->method == "GET" && empty;
  if (plain_get_) return;  // the handle's default
  if (request_->method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_->method.c_str());
  if (empty && request_->method == "DELETE") return;
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  const auto size = source_ ? source_->size() : body.size();
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size ? static_cast<curl_off_t>(*size) : curl_off_t{-1});
  if (!source_) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.text().data());
    return;
  }
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &handle_);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, &handle_);
}

// Called when there is a connection, just before the request is sent. libcurl sends a request again by itself when a
// kept connection dies before the first byte of the reply, though the server may have executed it by then.
int CurlTransfer::on_connected(void* self, char*, char*, int, int local_port) {
  auto& transfer = of(self);
  transfer.handle_.host->asked(local_port);
  transfer.moved_at_ = std::chrono::steady_clock::now();
  ++transfer.sends_;
  // libcurl does not read an empty body.
  char none = 0;
  if (transfer.source_ && transfer.source_->size() == 0U && transfer.give({&none, 1}) != 0)
    return CURL_PREREQFUNC_ABORT;
  return transfer.sends_ > 1 && !transfer.request_->resendable ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

bool CurlTransfer::stalled(std::chrono::steady_clock::time_point now) {
  if (sends_ == 0) return false;
  curl_off_t up = 0, down = 0;
  long head = 0;
  curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(easy(), CURLINFO_SIZE_DOWNLOAD_T, &down);
  curl_easy_getinfo(easy(), CURLINFO_HEADER_SIZE, &head);
  const auto moved = static_cast<std::uint64_t>(up + down + head);
  const auto enough = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(stall_limit_).count());
  if (moved >= moved_ + enough) {
    moved_ = moved;
    moved_at_ = now;
  }
  return now - moved_at_ >= stall_limit_;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = of(self);
  const std::string_view line(data, size * count);
  try {
    return transfer.take_header(line) ? line.size() : 0;
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return 0;
  }
}

bool CurlTransfer::take_header(std::string_view line) {
  if (is_status_line(line)) {  // the head of an interim reply or the final one begins
    handle_.host->answered(line.substr(5).starts_with('2'));
    response_.headers.clear();
    response_.headers.reserve(16);
    head_complete_ = false;
    response_.status = status_in(line);
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    Header& header = response_.headers.emplace_back();
    header.name = line.substr(0, colon);
    header.value = trimmed(line.substr(colon + 1));
  } else if (trimmed(line).empty() && !head_complete_) {
    head_complete_ = true;
    watch_chunks();
    return choose_decoder();
  }
  return true;
}

std::size_t CurlTransfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = of(self);
  const std::string_view bytes(data, size * count);
  if (transfer.in_head()) return transfer.may_read(bytes) ? bytes.size() : 0;
  const auto keep = [&transfer](std::string_view piece) { return transfer.keep(piece); };
  try {
    const bool kept = transfer.gunzip_ ? transfer.gunzip_->feed(bytes, keep) : keep(bytes);
    return kept ? bytes.size() : 0;
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return 0;
  }
}

// Whether what libcurl writes belongs to a head. No body follows an interim reply.
bool CurlTransfer::in_head() const noexcept {
  return writes_heads() && (!head_complete_ || response_.status / 100 == 1);
}

// Takes a line of a head, or a piece of one, before libcurl reads it; false if it must not.
bool CurlTransfer::may_read(std::string_view piece) noexcept {
  const bool folded = !in_line_ && (piece.starts_with(' ') || piece.starts_with('\t'));
  in_line_ = !piece.ends_with('\n');
  folded_first_ = folded && response_.headers.empty();
  return !folded_first_;
}

void CurlTransfer::watch_chunks() {
  const bool has_body = response_.status >= 200 && response_.status != 204 && response_.status != 304;
  chunked_ = has_body && request_->method != "HEAD" && find_header(response_.headers, "transfer-encoding") != nullptr;
  if (!chunked_) return;
  curl_easy_setopt(easy(), CURLOPT_DEBUGFUNCTION, on_debug);
  curl_easy_setopt(easy(), CURLOPT_DEBUGDATA, &handle_);
  curl_easy_setopt(easy(), CURLOPT_VERBOSE, 1L);
}

// Chooses the decoder by Content-Encoding; false if that is an encoding that was not asked for.
bool CurlTransfer::choose_decoder() {
  gunzip_.reset();
  const std::string* encoding = find_header(response_.headers, "content-encoding");
  const bool has_body = response_.status >= 200 && response_.status != 204 && response_.status != 205;
  if (encoding == nullptr || *encoding == "identity" || !has_body) return true;
  if (*encoding == "gzip") gunzip_ = std::make_unique<Gunzip>();
  unknown_encoding_ = !gunzip_;
  return !unknown_encoding_;
}

bool CurlTransfer::keep(std::string_view bytes) {
  const bool streams = request_->sink && is_success(response_.status);
  received_ += bytes.size();
  too_large_ = received_ > reply_limit(streams);
  if (too_large_) return false;
  if (streams && !bytes.empty())
    request_->sink->write(bytes);
  else if (!streams)
    take(bytes);
  return true;
}

// A streamed body needs no memory, so its limit only refuses sizes that no valid reply has.
std::uint64_t CurlTransfer::reply_limit(bool streams) const noexcept {
  if (!streams) return request_->reply_limit;
  if (request_->reply_expected == 0) return std::numeric_limits<std::uint64_t>::max();
  return std::max(request_->reply_limit, request_->reply_expected);
}

void CurlTransfer::take(std::string_view bytes) {
  std::string& body = response_.body;
  if (body.capacity() < body.size() + bytes.size() + padding) reserve_for(bytes.size());
  body.append(bytes);
}

// Growing a large string would hold it twice for a moment, so the final size is reserved if it is known.
// Address space that is never written costs no memory.
void CurlTransfer::reserve_for(std::size_t more) {
  std::string& body = response_.body;
  constexpr std::size_t large = 1U << 20;
  curl_off_t announced = -1;
  if (body.empty() && !gunzip_) curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  const std::size_t needed = body.size() + more + padding;
  std::size_t capacity = std::max(needed, body.capacity() * 2);
  if (announced > 0) {
    capacity = std::max(needed, room_for(std::min(static_cast<std::uint64_t>(announced), request_->reply_limit)));
  } else if (needed > large && request_->reply_expected != 0 && needed <= request_->reply_expected) {
    capacity = room_for(request_->reply_expected);
  }
  body.reserve(capacity);
}

std::size_t CurlTransfer::on_read(char* to, std::size_t size, std::size_t count, void* self) {
  return of(self).give({to, size * count});
}

std::size_t CurlTransfer::give(std::span<char> room) {
  try {
    return source_->read(room);
  } catch (...) {
    thrown_ = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

int CurlTransfer::on_seek(void* self, curl_off_t offset, int origin) {
  auto& transfer = of(self);
  if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  try {
    return transfer.source_->rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return CURL_SEEKFUNC_FAIL;
  }
}

Result<HttpResponse> CurlTransfer::finish(CURLcode code) {
  // A 4xx or 5xx status is an answer even if the body was cut off.
  const bool refused = response_.status >= 400 && !thrown_;
  // libcurl reports no error for a connection that ends within the headers, and libcurl 8.23 none for one that ends
  // where the first chunk should begin.
  if (chunked_) curl_easy_setopt(easy(), CURLOPT_VERBOSE, 0L);
  if (folded_first_ || (head_complete_ && response_.status == 0)) code = CURLE_WEIRD_SERVER_REPLY;
  if (code == CURLE_OK && (!head_complete_ || (chunked_ && !chunk_began_))) code = CURLE_PARTIAL_FILE;
  const bool decoded = !gunzip_ || (gunzip_->valid() && (code != CURLE_OK || gunzip_->whole()));
  if (unknown_encoding_ || !decoded) code = CURLE_BAD_CONTENT_ENCODING;
  if (thrown_ || (code != CURLE_OK && !refused)) return error_of(code);
  std::string& body = response_.body;
  constexpr std::size_t slack = 1U << 20;
  if (body.capacity() > 2 * body.size() + slack) body.shrink_to_fit();
  return std::move(response_);
}

std::optional<TransferFacts> CurlTransfer::facts() const {
  if (!request_->measured) return std::nullopt;
  curl_off_t up = 0, down = 0;
  long connects = 0;
  curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(easy(), CURLINFO_SIZE_DOWNLOAD_T, &down);
  curl_easy_getinfo(easy(), CURLINFO_NUM_CONNECTS, &connects);
  TransferFacts facts{.bytes_sent = static_cast<std::uint64_t>(up), .bytes_received = static_cast<std::uint64_t>(down)};
  if (sends_ > 0) facts.connection_reused = connects == 0;
  facts.queued = std::chrono::duration_cast<std::chrono::microseconds>(waited_);
#if LIBCURL_VERSION_NUM >= 0x080600
  curl_off_t queued = 0;
  curl_easy_getinfo(easy(), CURLINFO_QUEUE_TIME_T, &queued);
  facts.queued += std::chrono::microseconds(queued);
#endif
  return facts;
}

void CurlTransfer::release(const CurlOptions& options) {
  if (!plain_get_) renew(handle_, options);
}

}  // namespace cloudflare::detail
