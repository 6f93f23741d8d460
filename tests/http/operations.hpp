#pragma once
// One operation of each class, as text in and text out, so that a table can run each against each fault.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "http_test.hpp"
#include "support/process.hpp"

namespace http_test {

struct OperationClass {
  std::string name;
  Answer good;        ///< what a healthy server answers
  std::string value;  ///< what the operation then gives
  std::function<std::string(const cf::ApiClient&)> run;
};

/// In the order of the table's columns.
inline std::vector<OperationClass> operation_classes() {
  const auto folder = std::make_shared<support::TemporaryFolder>();
  support::write_file(folder->file("upload"), std::string(3000, 'u'));
  const auto kv = [](const cf::ApiClient& client) { return client.kv("ns"); };
  const Answer value = reply(200, "the value, 26 bytes of it\n", "application/octet-stream");
  return {
      {"read a value", value, value.body, [=](const cf::ApiClient& c) { return kv(c).get("k").value(); }},
      {"read a page", success(R"([{"name":"a"},{"name":"b"}])"), "ab",
       [=](const cf::ApiClient& c) {
         std::string names;
         for (const cf::kv::Key& key : kv(c).list_page().keys) names += key.name;
         return names;
       }},
      {"idempotent write", success("null"), "done",
       [=](const cf::ApiClient& c) { return kv(c).put("k", "small"), "done"; }},
      {"once", success(R"({"id":"n1","title":"t"})"), "n1",
       [](const cf::ApiClient& c) { return c.kv_namespaces().create("t").id; }},
      {"upload a file", success("null"), "done",
       [=](const cf::ApiClient& c) { return kv(c).put("k", cf::Body::file(folder->file("upload"))), "done"; }},
      {"upload from a callback", success("null"), "done",
       [=](const cf::ApiClient& c) {
         auto left = std::make_shared<std::size_t>(3000);
         kv(c).put("k", cf::Body::callback([left](std::span<char> to) {
                     const std::size_t n = std::min(to.size(), *left);
                     std::fill_n(to.begin(), n, 'u');
                     *left -= n;
                     return n;
                   }));
         return "done";
       }},
      {"download to a file", value, value.body,
       [=](const cf::ApiClient& c) {
         const std::string path = folder->file("download");
         std::filesystem::remove(path);
         try {
           const auto streamed = kv(c).get_to_file("k", path);
           if (!streamed || streamed->size != std::filesystem::file_size(path)) return "a size that is not the file's"s;
         } catch (const cf::Error&) {
           // A failed download may leave neither the file nor its unfinished part.
           if (std::filesystem::exists(path) || std::filesystem::exists(path + ".part")) return "leftovers"s;
           throw;
         }
         return support::read_file(path);
       }},
      {"download to a callback", value, value.body,
       [=](const cf::ApiClient& c) {
         auto text = std::make_shared<std::string>();
         (void)kv(c).get_to("k", cf::sink_to([text](std::string_view bytes) { text->append(bytes); }));
         return *text;
       }},
  };
}

}  // namespace http_test
