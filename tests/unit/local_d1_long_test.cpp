// Import and export of 200 MB through the embedded store: the memory stays small.
#include <openssl/evp.h>

#include <memory>

#include "local_d1_support.hpp"
#include "support/memory.hpp"

using namespace cloudflare_tests;

namespace {

constexpr std::uint64_t wanted_bytes = 200'000'000;
constexpr std::uint64_t memory_limit = 32ULL << 20;

// SQL text made while it is read: a table, then rows of about 1 KB.
class GeneratedSql final : public cloudflare::Source {
 public:
  std::size_t read(std::span<char> to) override {
    while (pending_.size() < to.size() && made_ < wanted_bytes) make();
    const std::size_t n = std::min(to.size(), pending_.size());
    std::copy_n(pending_.data(), n, to.data());
    pending_.erase(0, n);
    return n;
  }
  bool rewind() override {
    pending_.clear();
    made_ = 0;
    rows_ = 0;
    return true;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  void make() {
    const std::size_t before = pending_.size();
    if (made_ == 0) {
      pending_ += "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);\n";
    } else {
      ++rows_;
      pending_ += "INSERT INTO \"t\" VALUES(" + std::to_string(rows_) + ",'" + std::string(1000, 'x') + "');\n";
    }
    made_ += pending_.size() - before;
  }
  std::string pending_{};
  std::uint64_t made_ = 0;
  std::uint64_t rows_ = 0;
};

std::string md5_of(cloudflare::Source& source) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr);
  std::string piece(1 << 16, '\0');
  while (const std::size_t n = source.read(piece)) EVP_DigestUpdate(context.get(), piece.data(), n);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest, &size);
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += "0123456789abcdef"[digest[i] >> 4U];
    out += "0123456789abcdef"[digest[i] & 15U];
  }
  source.rewind();
  return out;
}

}  // namespace

TEST_CASE("embedded D1: 200 MB of SQL are imported and exported again within 32 MiB of memory above idle") {
  const TemporaryFolder folder;
  LocalApi api({.folder = folder.path()});
  LocalD1 db(api);
  const auto source = std::make_shared<GeneratedSql>();
  const std::string md5 = md5_of(*source);

  const support::PeakMemory import_memory;
  const Json begun = db.post("/import", {{"action", "init"}, {"etag", md5}}).result();
  CHECK(db.at_url("PUT", begun.at("upload_url").get<std::string>(), cloudflare::Body(source)).header("etag") ==
        "\"" + md5 + "\"");
  const Json started =
      db.post("/import", {{"action", "ingest"}, {"etag", md5}, {"filename", begun.at("filename")}}).result();
  const Json done = db.post("/import", {{"action", "poll"}, {"current_bookmark", started.at("at_bookmark")}}).result();
  CHECK(done.at("status") == "complete");
  CHECK(done.at("result").at("num_queries") == source->rows() + 1);
  CHECK(import_memory.growth() < memory_limit);

  const support::PeakMemory export_memory;
  std::uint64_t bytes = 0;
  const std::string url = db.signed_export();
  const Answer answer = api.send({.method = "GET", .url = url, .sink = cloudflare::sink_to([&](std::string_view piece) {
                                                                 bytes += piece.size();
                                                               })});
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
  CHECK(bytes >= wanted_bytes);
  CHECK(export_memory.growth() < memory_limit);
  WARN("above idle: import " << import_memory.growth() / 1024 << " KiB, export " << export_memory.growth() / 1024
                             << " KiB");
}
