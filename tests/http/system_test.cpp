// What the system around libcurl does: it runs out of memory within a callback, keeps what is freed, or allows old
// versions of TLS.

#include <curl/curl.h>

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "http/http_test.hpp"
#include "support/catch.hpp"
#include "support/nginx.hpp"

using namespace http_test;
using support::Nginx;

namespace {

// The largest allocation that this thread may make; 0: any.
thread_local std::size_t most_memory = 0;

// What this thread gives back with a secret in it, while it has one: blocks of C++, and lines of libcurl.
thread_local const char* secret = nullptr;
thread_local int leftovers = 0;

void watch_freed(void* memory) {
  if (secret == nullptr || memory == nullptr) return;
  const std::string_view block(static_cast<const char*>(memory), ::malloc_usable_size(memory));
  if (block.find(secret) != std::string_view::npos) ++leftovers;
}

// libcurl's buffers, which hold whole heads of requests, are its own.
void watch_line(void* memory) {
  if (secret != nullptr && memory != nullptr) {
    const std::string_view block(static_cast<const char*>(memory), ::malloc_usable_size(memory));
    for (const std::string_view name : {"Authorization: Bearer ", "X-Auth-Key: "})
      if (block.starts_with(name) && block.substr(name.size()).starts_with(secret)) ++leftovers;
  }
  std::free(memory);
}

// A configuration of OpenSSL that allows the old TLS it refuses by default. OpenSSL reads it once, on first use.
class OldTls {
 public:
  OldTls() {
    support::write_file(folder_.file("openssl.cnf"),
                        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = TLSv1\n"
                        "CipherString = ALL:@SECLEVEL=0\n"
                        "[req]\ndistinguished_name = d\nx509_extensions = e\n[d]\n[e]\nbasicConstraints = CA:true\n");
    ::setenv("OPENSSL_CONF", folder_.file("openssl.cnf").c_str(), 1);
  }

 private:
  support::TemporaryFolder folder_{};
};
const OldTls old_tls;

// Before anything else uses libcurl, and after OpenSSL was configured, which libcurl begins.
const CURLcode watched_curl =
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, watch_line, std::realloc, ::strdup, std::calloc);

CURLcode status_of_plain_curl(const Nginx& nginx) {
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, nginx.url().c_str());
  curl_easy_setopt(easy, CURLOPT_CAINFO, nginx.ca_file().c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_0));
  curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_cleanup(easy);
  return code;
}

}  // namespace

void* operator new(std::size_t size) {
  if (most_memory != 0 && size > most_memory) throw std::bad_alloc();
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  // What libcurl left in a block is not ours.
  if (secret != nullptr) std::memset(memory, 0, ::malloc_usable_size(memory));
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size != 0 ? size : 1); }
void operator delete(void* memory) noexcept {
  watch_freed(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  watch_freed(memory);
  std::free(memory);
}

TEST_CASE("memory that runs out while headers arrive ends the call, and the next one gets a connection of its own") {
  FaultServer server;
  server.on_request([](const Recorded& r) {
    return r.target.ends_with("large") ? with_header(reply(200, "v"), "X-Large", std::string(90'000, 'x'))
                                       : reply(200, "value");
  });
  const auto kv = client_of(server, [](cf::ClientOptions& o) { o.max_attempts = 1; }).kv("ns");
  for (int i = 0; i < 3; ++i) {
    most_memory = 60'000;
    const auto result = kv.checked().get("large");
    most_memory = 0;
    REQUIRE_FALSE(result);
    CHECK(result.error().kind() == cf::ErrorKind::callback);
    CHECK(result.error().operation() == "kv.get");
    CHECK_THROWS_AS(std::rethrow_exception(result.error().cause()), std::bad_alloc);
    CHECK(kv.get("k") == "value");
  }
  CHECK(kv.get("large") == "v");
  CHECK(server.connections() == 4);
}

TEST_CASE("a credential is overwritten before its memory is given back, wherever the client had it") {
  REQUIRE(watched_curl == CURLE_OK);
  static constexpr const char* text = "secret-of-the-system-test-0123456789";
  const auto rotating = [turn = std::make_shared<int>(0)] { return text + std::to_string(++*turn); };
  for (int kind = 0; kind < 3; ++kind) {
    INFO(kind);
    FaultServer server;
    server.on_request([n = 0](const Recorded&) mutable { return ++n == 1 ? reply(503, "") : reply(200, "value"); });
    secret = text;
    leftovers = 0;
    {
      cf::Credential credential = kind == 0   ? cf::Credential(cf::ApiToken(text))
                                  : kind == 1 ? cf::Credential(cf::EmailKey("user@example.com", text))
                                              : cf::Credential(cf::TokenProvider(rotating));
      const cf::ApiClient client(std::move(credential), fast(server.url()));
      CHECK(client.kv("ns").get("a") == "value");
      CHECK(client.kv("ns").get("b") == "value");
      CHECK(error_of([&] { (void)client.kv("ns").get(""); }).kind() == cf::ErrorKind::invalid_argument);
    }
    secret = nullptr;
    CHECK(leftovers == 0);
  }
}

TEST_CASE("a server that has only TLS 1.1 is refused, although the system would allow it") {
  FaultServer upstream;
  upstream.on_request([](const Recorded&) { return reply(200, "value"); });
  for (const char* version : {"TLSv1.1", "TLSv1.2"}) {
    Nginx nginx(
        {.upstream = upstream.origin(), .more = "ssl_protocols "s + version + "; ssl_ciphers ALL:@SECLEVEL=0;"});
    CHECK(status_of_plain_curl(nginx) == CURLE_OK);
    cf::ClientOptions options = fast(nginx.url());
    options.ca_file = nginx.ca_file();
    const auto value = cf::ApiClient(cf::ApiToken(token), options).kv("ns").checked().get("k");
    if (version == "TLSv1.2"sv) {
      CHECK(value.value() == "value");
    } else {
      REQUIRE_FALSE(value);
      CHECK(value.error().kind() == cf::ErrorKind::tls);
      CHECK_FALSE(value.error().outcome_unknown());
    }
  }
  CHECK(upstream.requests().size() == 3);
}
