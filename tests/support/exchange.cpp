#include "exchange.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace support {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

namespace {

void append_chunk(std::string& out, std::string_view data, std::string_view size = {}) {
  std::array<char, 20> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), data.size(), 16).ptr;
  out.append(size.empty() ? std::string_view(hex.data(), static_cast<std::size_t>(end - hex.data())) : size);
  out.append("\r\n").append(data).append("\r\n");
}

}  // namespace

std::string framed_body(const Answer& answer) {
  if (answer.framing == Framing::length || answer.framing == Framing::until_close) return answer.body;
  std::string out;
  const std::size_t step = answer.chunk_size == 0 ? std::max<std::size_t>(answer.body.size(), 1) : answer.chunk_size;
  for (std::size_t at = 0; at < answer.body.size(); at += step)
    append_chunk(out, std::string_view(answer.body).substr(at, step));
  if (answer.endless) return out;
  if (answer.framing == Framing::bad_chunked)
    append_chunk(out, "broken", "xyz");
  else
    out.append("0\r\n\r\n");
  return out;
}

namespace {

std::string head(const Answer& answer) {
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
  for (const auto& [name, value] : answer.headers) out.append(name).append(": ").append(value).append("\r\n");
  const bool bodiless = answer.status == 204 || answer.status == 304;
  if (answer.framing == Framing::length && !bodiless)
    out += "Content-Length: " + std::to_string(answer.declared_length.value_or(answer.body.size())) + "\r\n";
  else if (answer.framing == Framing::until_close)
    out += "Connection: close\r\n";
  else if (!bodiless)
    out += "Transfer-Encoding: chunked\r\n";
  return out + "\r\n";
}

}  // namespace

std::string Recorded::header(std::string_view name) const {
  for (const auto& [n, value] : headers)
    if (same_name(n, name)) return value;
  return {};
}

std::size_t Recorded::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [&](const auto& h) { return same_name(h.first, name); }));
}

std::string render(const Answer& answer, std::string_view method) {
  if (answer.raw) return *answer.raw;
  return method == "HEAD" ? head(answer) : head(answer) + framed_body(answer);
}

std::string gzip(std::string_view text) {
  std::string path = "/tmp/fault-server-gzip-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0) throw std::runtime_error("gzip: no temporary file");
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t n = ::write(fd, rest.data(), rest.size());
    if (n <= 0) throw std::runtime_error("gzip: cannot write the temporary file");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  ::close(fd);
  std::FILE* pipe = ::popen(("gzip -nc " + path).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("gzip: cannot run gzip");
  std::string out;
  std::array<char, 65536> bytes;
  while (const std::size_t n = std::fread(bytes.data(), 1, bytes.size(), pipe)) out.append(bytes.data(), n);
  const int status = ::pclose(pipe);
  ::unlink(path.c_str());
  if (status != 0) throw std::runtime_error("gzip: the program failed");
  return out;
}

}  // namespace support
