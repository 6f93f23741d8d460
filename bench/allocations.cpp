// allocations BASE_URL: how often the heap is asked for memory: by one KV get, against libcurl alone writing into a
// string, and by each row of a D1 reply with texts as views.
#include <curl/curl.h>
#include <cloudflare/cloudflare.hpp>

#include <atomic>
#include <cstdlib>
#include <string>

#include "arrived.hpp"
#include "measure.hpp"

namespace {
std::atomic<std::uint64_t> counted{0};
}

// glibc's own functions stay behind these, so that libcurl's requests count too.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* malloc(std::size_t size) {
  ++counted;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++counted;
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  ++counted;
  return __libc_realloc(block, size);
}
}

namespace {

namespace cf = cloudflare;

constexpr int calls = 100;

template <class F>
std::uint64_t count(F f) {
  const std::uint64_t before = counted;
  f();
  return counted - before;
}

template <class F>
double each(F call) {
  call();  // connects
  return static_cast<double>(count([&] {
           for (int i = 0; i < calls; ++i) call();
         })) /
         calls;
}

std::size_t append(char* data, std::size_t size, std::size_t n, void* out) {
  static_cast<std::string*>(out)->append(data, size * n);
  return size * n;
}

double curl_get(const std::string& base) {
  CURL* easy = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "Authorization: Bearer token-of-a-benchmark-0123456789abcdef");
  curl_easy_setopt(easy, CURLOPT_URL, (base + "/accounts/a/storage/kv/namespaces/n/values/settings").c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
  return each([easy] {
    std::string value;
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &value);
    if (curl_easy_perform(easy) != CURLE_OK || value.empty()) throw std::runtime_error("no value");
  });
}

double our_get(const std::string& base) {
  const cf::ApiClient client(cf::ApiToken("token-of-a-benchmark-0123456789abcdef"),
                             {.account_id = "a", .base_url = base});
  const auto kv = client.kv("n");
  return each([&kv] {
    if (kv.get("settings").value_or("").empty()) throw std::runtime_error("no value");
  });
}

std::string reply_with(int rows) {
  std::string text = R"({"result":[{"results":{"columns":["id","name"],"rows":[)";
  for (int i = 0; i < rows; ++i)
    text +=
        (i == 0 ? "[" : ",[") + std::to_string(i) + R"(,"a name of some length, customer )" + std::to_string(i) + "\"]";
  return text + R"(]},"success":true,"meta":{}}],"errors":[],"messages":[],"success":true})";
}

std::uint64_t query(int rows) {
  const auto arrived = std::make_shared<bench::Arrived>();
  const cf::ApiClient client(cf::ApiToken("token"), {.account_id = "a", .transport = arrived});
  const auto db = client.d1("00000000-0000-4000-8000-000000000000");
  const std::string reply = reply_with(rows);
  arrived->next(bench::padded(reply));
  (void)db.query<std::int64_t, std::string_view>("SELECT id, name FROM t");  // warm
  arrived->next(bench::padded(reply));
  return count([&] {
    const auto all = db.query<std::int64_t, std::string_view>("SELECT id, name FROM t");
    if (all.size() != static_cast<std::size_t>(rows)) throw std::runtime_error("rows are missing");
  });
}

int run(const char* base) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  std::printf("curl/get %.2f %.2f allocations <=2\n", our_get(base), curl_get(base));
  // 99 000 rows more may only let a few arrays grow.
  std::printf("1000-rows %llu %llu allocations <=1.5\n", static_cast<unsigned long long>(query(100'000)),
              static_cast<unsigned long long>(query(1'000)));
  return 0;
}

}  // namespace

int main(int, char** argv) {
  try {
    return run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
