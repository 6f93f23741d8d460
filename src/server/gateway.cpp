#include "server/gateway.hpp"

#include <zlib.h>

#include <cstdio>
#include <exception>
#include <limits>

#include <cloudflare/error.hpp>

#include "base/redact.hpp"

namespace cloudflare::server {

namespace {

constexpr std::size_t least_to_compress = 1024;
constexpr std::size_t most_shown = 2000;
constexpr std::string_view removed = "[removed]";

// A gzip member of `text`.
std::string gzipped(std::string_view text) {
  z_stream stream{};
  constexpr int gzip_window = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT(*-const-cast)
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Only JSON is compressed; values of keys are sent as they were stored.
void compress(const Incoming& incoming, Outgoing& outgoing) {
  std::string* const text = outgoing.body->text();
  const std::string* const accepted = find_header(incoming.headers, "accept-encoding");
  const std::string* const type = find_header(outgoing.headers, "content-type");
  if (text == nullptr || text->size() < least_to_compress || accepted == nullptr || type == nullptr) return;
  if (accepted->find("gzip") == std::string::npos || *type != "application/json") return;
  auto smaller = std::make_shared<Stored>();
  smaller->write(gzipped(*text));
  outgoing.body = std::move(smaller);
  outgoing.headers.push_back({"content-encoding", "gzip"});
}

std::string url_of(const Incoming& incoming) {
  return incoming.target.starts_with('/') ? incoming.origin + incoming.target : incoming.target;
}

// Text within a JSON string.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace

Outgoing Gateway::refusal(int status, int code, std::string_view message) {
  Outgoing out{.status = status, .headers = {{"content-type", "application/json"}, {"cf-ray", "0000000000000000-LCL"}}};
  out.body->write(R"({"result":null,"success":false,"errors":[{"code":)" + std::to_string(code) + R"(,"message":")" +
                  escaped(message) + R"("}],"messages":[]})");
  return out;
}

Outgoing Gateway::ask(Incoming& incoming, std::string& shown) {
  try {
    if (level_ == LogDetail::bodies) shown = shown_of(*incoming.body);
    HttpRequest request{.method = incoming.method,
                        .url = url_of(incoming),
                        .headers = incoming.headers,
                        .body = as_body(incoming.body),
                        .reply_limit = std::numeric_limits<std::uint64_t>::max()};
    Outgoing out{.body = std::make_shared<Stored>(&budgets_)};
    request.sink = out.body;
    HttpResponse response = store_->send(request, {.stop = stop_.get_token()});
    out.status = response.status;
    out.headers = std::move(response.headers);
    if (!response.body.empty()) out.body->write(response.body);
    compress(incoming, out);
    return out;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return refusal(503, 10001, "the server is shutting down");
    return refusal(error.kind() == ErrorKind::too_large ? 413 : 500, 10001, error.what());
  } catch (const std::exception&) {
    return refusal(500, 10001, "internal error");
  }
}

Gateway::Admission Gateway::admit(const Incoming& incoming) {
  try {
    local::Admission admission =
        cloud_.admit({.method = incoming.method, .url = url_of(incoming), .headers = incoming.headers});
    if (!admission.refusal) return {.body_bytes = admission.body_bytes};
    Outgoing out{.status = admission.refusal->status, .headers = std::move(admission.refusal->headers)};
    out.body->write(admission.refusal->body);
    return {.refusal = std::move(out)};
  } catch (const std::exception&) {
    return {.refusal = refusal(500, 10001, "internal error")};
  }
}

void Gateway::note(const Incoming& incoming, Outgoing& outgoing) {
  if (level_ != LogDetail::quiet) log(incoming, outgoing, {}, "not read");
}

Outgoing Gateway::answer(Incoming incoming) {
  const auto begin = std::chrono::steady_clock::now();
  std::string shown;
  Outgoing outgoing = ask(incoming, shown);
  if (level_ != LogDetail::quiet) log(incoming, outgoing, std::chrono::steady_clock::now() - begin, shown);
  return outgoing;
}

// Printable text for the log, without credentials and without the tokens of signed URLs. Long text is cut.
std::string Gateway::excerpt(std::string_view bytes) const {
  std::string out = detail::redacted(bytes, removed, most_shown, [&](std::size_t at) {
    const bool is_signed = bytes.substr(0, at).ends_with("?token=") || bytes.substr(0, at).ends_with("&token=");
    const std::string_view rest = bytes.substr(at);
    return std::max(detail::secret_at(rest, secrets_),
                    is_signed ? std::min(rest.find_first_of("& \""), rest.size()) : std::size_t{0});
  });
  for (char& c : out) c = c >= ' ' && c <= '~' ? c : '.';
  if (bytes.size() > most_shown) out += "...";
  return out;
}

std::string Gateway::shown_of(Stored& body) const {
  const std::string* const text = body.text();
  return text != nullptr ? excerpt(*text) : std::to_string(body.size()) + " bytes";
}

void Gateway::log(const Incoming& incoming, Outgoing& outgoing, std::chrono::steady_clock::duration took,
                  const std::string& shown) {
  const std::string* const ray = find_header(outgoing.headers, "cf-ray");
  const double milliseconds = std::chrono::duration<double, std::milli>(took).count();
  char number[32];
  static_cast<void>(std::snprintf(number, sizeof number, "%.1f ms", milliseconds));
  std::string line = excerpt(incoming.method) + " " + excerpt(incoming.target) + " " + std::to_string(outgoing.status) +
                     " " + std::to_string(outgoing.body->size()) + " bytes " + number + " " + (ray ? *ray : "") + "\n";
  if (level_ == LogDetail::bodies) line += "  > " + shown + "\n  < " + shown_of(*outgoing.body) + "\n";
  const std::lock_guard lock(log_mutex_);
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

}  // namespace cloudflare::server
