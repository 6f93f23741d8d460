// Baseline of binary-size: stores a file and lists keys with libcurl and nlohmann/json, the way a program without an
// SDK would begin.
#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace {

std::size_t append(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

nlohmann::json call(const char* method, const std::string& url, const std::string& token, const std::string& body) {
  CURL* curl = curl_easy_init();
  std::string reply;
  curl_slist* headers = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
  if (!body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
  return nlohmann::json::parse(reply).at("result");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fprintf(stderr, "usage: curl_json BASE_URL TOKEN FILE\n");
    return 2;
  }
  std::ifstream file(argv[3], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const std::string base = argv[1];
  call("PUT", base + "/values/file", argv[2], bytes);
  for (const auto& key : call("GET", base + "/keys", argv[2], "")) {
    std::printf("%s %s\n", key.at("name").get<std::string>().c_str(),
                key.value("metadata", nlohmann::json()).dump().c_str());
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
