// curl_get easy|multi BASE_URL COUNT [CA_FILE]: the same reads with libcurl alone, as its examples teach: one handle
// used again, or 64 of them on a multi handle, which over TLS share connections of HTTP/2. Prints the microseconds of
// CPU for one read.
#include <curl/curl.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "../measure.hpp"

namespace {

constexpr int in_flight = 64;

std::size_t append(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

struct Read {
  CURL* easy = curl_easy_init();
  std::string value{};

  void prepare(const std::string& url, curl_slist* headers, const char* ca_file) {
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &value);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (ca_file == nullptr) return;
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  }
  void check(CURLcode code) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200 || value.empty()) throw std::runtime_error("no value");
    value.clear();
  }
};

void easy(Read* reads, CURLM*, long count) {
  for (long i = 0; i < count; ++i) reads->check(curl_easy_perform(reads->easy));
}

void multi(Read* reads, CURLM* multi, long count) {
  long begun = 0, done = 0;
  for (; begun < in_flight && begun < count; ++begun) curl_multi_add_handle(multi, reads[begun].easy);
  while (done < count) {
    int running = 0, left = 0;
    curl_multi_perform(multi, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      char* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      auto* read = reinterpret_cast<Read*>(self);
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi, read->easy);
      read->check(code);
      ++done;
      if (begun < count) {
        ++begun;
        curl_multi_add_handle(multi, read->easy);
      }
    }
    if (done < count) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto run = std::string_view(argv[1]) == "easy" ? easy : multi;
  const long count = std::atol(argv[3]);
  const std::string url = std::string(argv[2]) +
                          "/accounts/0123456789abcdef0123456789abcdef/storage/kv/namespaces/"
                          "fedcba9876543210fedcba9876543210/values/settings%2Fuser-4711";
  curl_slist* headers = curl_slist_append(nullptr, "Authorization: Bearer token-of-a-benchmark-0123456789abcdef");
  std::array<Read, in_flight> reads{};
  for (Read& read : reads) read.prepare(url, headers, argc > 4 ? argv[4] : nullptr);
  CURLM* handle = curl_multi_init();
  run(reads.data(), handle, count / 10);  // warm
  const double before = bench::cpu_seconds();
  run(reads.data(), handle, count);
  bench::print_cost(before, count);
}
