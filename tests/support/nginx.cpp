#include "support/nginx.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

namespace support {

namespace {

void make_certificates(const TemporaryFolder& folder, const std::string& names) {
  const std::vector<std::string> request = {
      "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"};
  const auto with = [](std::vector<std::string> words, std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
    return words;
  };
  run(with(request, {"-x509", "-days", "2", "-subj", "/CN=authority of a test", "-keyout", folder.file("ca.key"),
                     "-out", folder.file("ca.pem")}));
  run(with(request, {"-subj", "/CN=server of a test", "-addext", "subjectAltName=" + names, "-keyout",
                     folder.file("server.key"), "-out", folder.file("server.csr")}));
  run({"openssl", "x509", "-req", "-in", folder.file("server.csr"), "-CA", folder.file("ca.pem"), "-CAkey",
       folder.file("ca.key"), "-CAcreateserial", "-copy_extensions", "copy", "-days", "2", "-out",
       folder.file("server.pem")});
}

std::string configuration(const TemporaryFolder& folder, const NginxOptions& options, unsigned port) {
  std::ostringstream out;
  // `user root` lets the worker into our folder, which is closed to others. If we are not root, nginx only logs a
  // remark.
  out << "daemon off; worker_processes 1; user root;\n"
      << "pid " << folder.file("pid") << "; error_log " << folder.file("error.log") << ";\n"
      << "events { worker_connections 256; }\n"
      << "http {\n"
      << "  log_format evidence '$connection $server_protocol $request_method $sent_http_content_encoding';\n"
      << "  access_log " << folder.file("access.log") << " evidence;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    out << "  " << kind << "_temp_path " << folder.file(kind) << ";\n";
  out << "  server {\n"
      << "    listen 127.0.0.1:" << port << " ssl" << (options.http2 ? " http2" : "") << ";\n"
      << "    ssl_certificate " << folder.file("server.pem") << "; ssl_certificate_key " << folder.file("server.key")
      << ";\n"
      << "    client_max_body_size 0; proxy_http_version 1.1;\n"
      << "    gzip " << (options.gzip ? "on" : "off") << "; gzip_proxied any; gzip_min_length 1; gzip_types *;\n"
      << "    " << options.more << "\n"
      << "    location / { proxy_pass " << options.upstream << "; }\n"
      << "  }\n}\n";
  return out.str();
}

}  // namespace

Nginx::Nginx(const NginxOptions& options) {
  // The socket is bound here, and nginx inherits it as it does when it replaces itself. So there is no port to guess
  // and no start to wait for.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 128) != 0 || ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("Nginx: cannot listen on loopback");
  port_ = ntohs(address.sin_port);
  make_certificates(folder_, options.names);
  write_file(folder_.file("nginx.conf"), configuration(folder_, options, port_));
  // Debian installs nginx in a folder that only root's PATH names.
  process_.emplace(
      std::vector<std::string>{"sh", "-c", "PATH=$PATH:/usr/sbin exec nginx -c " + folder_.file("nginx.conf")},
      Inheritance{.file = listener,
                  .environment = {"NGINX=" + std::to_string(listener) + ";"},
                  .output = folder_.file("output")});
  ::close(listener);
}

std::string Nginx::url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/client/v4"; }

std::vector<Nginx::Logged> Nginx::stop() {
  process_->terminate();
  if (process_->wait() != 0)
    throw std::runtime_error("nginx: " + read_file(folder_.file("output")) + read_file(folder_.file("error.log")));
  std::istringstream log(read_file(folder_.file("access.log")));
  std::vector<Logged> entries;
  for (Logged one; log >> one.connection >> one.protocol >> one.method >> one.encoding;) entries.push_back(one);
  return entries;
}

}  // namespace support
