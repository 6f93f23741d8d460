#include "server/gateway.hpp"

#include <zlib.h>

#include <cstdio>
#include <exception>
#include <limits>

#include <cloudflare/error.hpp>

namespace cloudflare::server {

namespace {

constexpr std::size_t least_to_compress = 1024;
constexpr std::size_t most_shown = 2000;

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

// Values of keys are given as they were stored; JSON and SQL may be compressed.
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

// Printable text of a body for the log; bytes and what is long are cut.
std::string excerpt(std::string_view bytes) {
  std::string out;
  for (const char c : bytes.substr(0, most_shown)) out += c >= ' ' && c <= '~' ? c : '.';
  if (bytes.size() > most_shown) out += "...";
  return out;
}

std::string shown_of(Stored& body) {
  const std::string* const text = body.text();
  return text != nullptr ? excerpt(*text) : std::to_string(body.size()) + " bytes";
}

}  // namespace

Outgoing Gateway::refusal(int status, int code, std::string_view message) {
  Outgoing out{.status = status, .headers = {{"content-type", "application/json"}, {"cf-ray", "0000000000000000-LCL"}}};
  out.body->write(R"({"result":null,"success":false,"errors":[{"code":)" + std::to_string(code) + R"(,"message":")" +
                  std::string(message) + R"("}],"messages":[]})");
  return out;
}

Outgoing Gateway::ask(Incoming& incoming, std::string& shown) {
  try {
    if (level_ == LogLevel::bodies) shown = shown_of(*incoming.body);
    HttpRequest request{.method = incoming.method,
                        .url = incoming.target.starts_with('/') ? incoming.origin + incoming.target : incoming.target,
                        .headers = incoming.headers,
                        .body = as_body(incoming.body),
                        .reply_limit = std::numeric_limits<std::uint64_t>::max()};
    Outgoing out;
    request.sink = out.body;
    HttpResponse response = store_->send(request, {.stop = stop_.get_token()});
    out.status = response.status;
    out.headers = std::move(response.headers);
    if (!response.body.empty()) out.body->write(response.body);
    compress(incoming, out);
    return out;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return refusal(503, 10001, "the server is ending");
    return refusal(error.kind() == ErrorKind::too_large ? 413 : 500, 10001, error.what());
  } catch (const std::exception& error) {
    return refusal(500, 10001, "internal error");
  }
}

Outgoing Gateway::answer(Incoming incoming) {
  const auto begin = std::chrono::steady_clock::now();
  std::string shown;
  Outgoing outgoing = ask(incoming, shown);
  if (level_ != LogLevel::quiet) log(incoming, outgoing, std::chrono::steady_clock::now() - begin, shown);
  return outgoing;
}

std::string Gateway::without_secrets(std::string_view text) const {
  std::string out(text);
  const auto remove = [&out](std::size_t at, std::size_t size) { out.replace(at, size, "[removed]"); };
  for (const std::string& secret : secrets_)
    for (std::size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 1))
      remove(at, secret.size());
  // What signs the addresses of uploads and downloads.
  constexpr std::string_view signature = "?token=";
  for (std::size_t at = out.find(signature); at != std::string::npos; at = out.find(signature, at + 1))
    remove(at + signature.size(), out.find_first_of("& \"", at + signature.size()) - at - signature.size());
  return out;
}

void Gateway::log(const Incoming& incoming, Outgoing& outgoing, std::chrono::steady_clock::duration took,
                  const std::string& shown) {
  const std::string* const ray = find_header(outgoing.headers, "cf-ray");
  const double milliseconds = std::chrono::duration<double, std::milli>(took).count();
  char number[32];
  std::snprintf(number, sizeof number, "%.1f ms", milliseconds);
  std::string line = incoming.method + " " + excerpt(incoming.target) + " " + std::to_string(outgoing.status) + " " +
                     std::to_string(outgoing.body->size()) + " bytes " + number + " " + (ray ? *ray : "") + "\n";
  if (level_ == LogLevel::bodies) line += "  > " + shown + "\n  < " + shown_of(*outgoing.body) + "\n";
  line = without_secrets(line);
  const std::lock_guard lock(log_mutex_);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace cloudflare::server
