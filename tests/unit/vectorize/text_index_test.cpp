// An index and an embedder put together, over the embedded store and over scripted replies.

#include <cloudflare/local.hpp>
#include <cloudflare/local/hash_embedder.hpp>
#include <cloudflare/text_index.hpp>
#include <cloudflare/workers_ai.hpp>

#include <cmath>
#include <set>

#include "vectorize_support.hpp"

using namespace vectorize_tests;
namespace cv = cf::vectorize;

namespace {

struct TextStore {
  TextStore() { client.vectorize_indexes().create("docs", {.dimensions = 384}); }
  cf::local::Cloudflare cloud{};
  cf::ApiClient client = cloud.client();
  cf::VectorizeIndex index = client.vectorize("docs");
};

/// Two dimensions: the length of the text, and 1. Throws what `trouble` throws, before the n-th call.
class Lengths final : public cf::Embedder {
 public:
  explicit Lengths(int at = 0, std::function<void()> trouble = nullptr) : at_(at), trouble_(std::move(trouble)) {}
  [[nodiscard]] int dimensions() const noexcept override { return 2; }
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) const override {
    sizes->push_back(texts.size());
    if (trouble_ && static_cast<int>(sizes->size()) == at_) trouble_();
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) vectors.push_back({static_cast<float>(text.size()), 1});
    return vectors;
  }
  std::shared_ptr<std::vector<std::size_t>> sizes = std::make_shared<std::vector<std::size_t>>();

 private:
  int at_;
  std::function<void()> trouble_;
};

std::vector<cv::Text> stored_texts(int count) {
  std::vector<cv::Text> texts;
  for (int i = 0; i < count; ++i)
    texts.push_back({.id = "t" + std::to_string(i), .text = "words of " + std::to_string(i)});
  return texts;
}

void accept_texts(const Scripted& s) {
  s.fake->answer_with([n = 0](const auto&) mutable {
    FakeReply reply = accepted("m" + std::to_string(n), date(n));
    ++n;
    return reply;
  });
}

}  // namespace

TEST_CASE("what was stored as text is found by text, with Workers AI or with a local embedder alike") {
  const TextStore s;
  const auto finds = [&](const cf::TextIndex& docs) {
    const std::vector<cv::Text> texts{
        {.id = "kv", .text = "Workers KV stores values under keys", .metadata = {{"page", 1}}},
        {.id = "d1", .text = "D1 is a database of SQL tables", .ns = "sql", .metadata = {{"page", 2}}},
        {.id = "vectorize", .text = "Vectorize searches vectors by nearness"}};
    const cv::ManyResult done = docs.upsert_many(texts);
    CHECK(done.complete());
    CHECK(done.requests == 1);
    s.index.wait_for(done, std::chrono::minutes(1));
    const cv::QueryResult hits = docs.search("which database has tables?", {.top_k = 3});
    REQUIRE(hits.size() == 3);
    CHECK(hits.matches[0].id == "d1");
    CHECK(docs.search("a key and its value", {.top_k = 1}).matches.at(0).id == "kv");
    CHECK(docs.search("vector search", {.top_k = 1, .ns = "sql"}).matches.at(0).id == "d1");
    CHECK(docs.check().vector_count == 3);
  };
  const cf::WorkersAi ai(s.client, std::string(cf::workers_ai::models::bge_small_en_v1_5));
  finds(cf::TextIndex(s.index, ai));
  finds(cf::TextIndex(s.index, cf::local::HashEmbedder(384)));
}

TEST_CASE("a text property keeps the text among the metadata, whatever that was before") {
  const TextStore s;
  const cf::TextIndex docs(s.index, cf::local::HashEmbedder(), {.text_property = "text"});
  const std::string text = "Quotes \" and\nlines";
  docs.upsert("none", text);
  docs.upsert("some", text, {{"page", 1}});
  docs.upsert("empty", text, cf::JsonText::raw(" { } "));
  (void)docs.upsert_many(std::vector{std::pair{"pair", text}});
  const auto found = s.index.get_many(std::vector<std::string>{"none", "some", "empty", "pair"});
  for (const auto& vector : found.vectors) {
    REQUIRE(vector);
    CHECK(json::parse(vector->metadata.text()).at("text") == text);
  }
  CHECK(json::parse(found.vectors[1]->metadata.text()).at("page") == 1);
  CHECK(docs.search(text, {.return_metadata = cv::ReturnMetadata::all}).matches.at(0).score > 0.999);
}

TEST_CASE("dimensions that do not match are refused: by the handles, by check(), by the embedder's own vectors") {
  const Scripted s({ok(R"({"dimensions":768,"vectorCount":0})")});
  const auto message = [](const cf::Error& error) { return std::string(error.what()); };
  CHECK(message(error_of([&] { cf::TextIndex(index_of(s, 3), Lengths()); })).find("3 dimensions, the embedder 2") !=
        std::string::npos);
  CHECK(error_of([&] { cf::TextIndex(index_of(s), std::shared_ptr<const cf::Embedder>()); }).kind() ==
        cf::ErrorKind::invalid_argument);
  const cf::TextIndex docs(index_of(s), Lengths());
  CHECK(message(error_of([&] { docs.check(); })).find("768 dimensions, the embedder 2") != std::string::npos);

  class Liar final : public cf::Embedder {
   public:
    explicit Liar(std::vector<std::vector<float>> vectors) : vectors_(std::move(vectors)) {}
    [[nodiscard]] int dimensions() const noexcept override { return 2; }
    [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string>) const override {
      return vectors_;
    }

   private:
    std::vector<std::vector<float>> vectors_;
  };
  CHECK(error_of([&] {
          (void)cf::TextIndex(index_of(s), Liar({{1, 2, 3}})).search("a");
        }).kind() == cf::ErrorKind::invalid_argument);
  CHECK(error_of([&] { (void)cf::TextIndex(index_of(s), Liar({})).search("a"); }).kind() == cf::ErrorKind::decode);
  CHECK(s.count() == 1);
}

TEST_CASE("an empty text and one that is not UTF-8 never reach the embedder") {
  const Scripted s;
  accept_texts(s);
  const Lengths lengths;
  const cf::TextIndex docs(index_of(s), lengths);
  for (const char* text : {"", "\xff"}) {
    CHECK(error_of([&] { (void)docs.search(text); }).kind() == cf::ErrorKind::invalid_argument);
    CHECK(error_of([&] { docs.upsert("a", text); }).kind() == cf::ErrorKind::invalid_argument);
  }
  CHECK(lengths.sizes->empty());
  const std::vector<std::pair<std::string, std::string>> texts{{"a", "one"}, {"b", ""}, {"", "three"}, {"d", "four"}};
  const cv::ManyResult done = docs.upsert_many(texts);
  CHECK(done.items == 4);
  CHECK(done.succeeded == 2);
  REQUIRE(done.failed.size() == 2);
  CHECK(done.failed[0].index == 1);
  CHECK(done.failed[0].name == "b");
  CHECK(done.failed[1].index == 2);
  CHECK(*lengths.sizes == std::vector<std::size_t>{3});
}

TEST_CASE("many texts go in chunks: each is embedded, uploaded and counted; the last mutation stands for all") {
  const Scripted s;
  accept_texts(s);
  const Lengths lengths;
  const cf::TextIndex docs(index_of(s), lengths);
  std::vector<std::uint64_t> done_so_far;
  std::vector<std::uint64_t> totals;
  std::set<std::uint64_t> positions;
  const cv::ManyResult done =
      docs.upsert_many(stored_texts(25), {.batch_vectors = 10,
                                          .on_progress =
                                              [&](const cf::BulkProgress& now) {
                                                done_so_far.push_back(now.items_done);
                                                totals.push_back(now.items_total.value_or(0));
                                                CHECK(now.requests == done_so_far.size());
                                              },
                                          .on_outcome =
                                              [&](const cf::ItemOutcome& item) {
                                                CHECK(item.name == "t" + std::to_string(item.index));
                                                positions.insert(item.index);
                                              }});
  CHECK(*lengths.sizes == std::vector<std::size_t>{10, 10, 5});
  CHECK(done.succeeded == 25);
  CHECK(done.requests == 3);
  CHECK(done.mutation.id == "m2");
  CHECK(positions.size() == 25);
  CHECK(done_so_far == std::vector<std::uint64_t>{10, 20, 25});
  CHECK(totals == std::vector<std::uint64_t>{25, 25, 25});
  CHECK(body(s).starts_with(R"({"id":"t0","values":[10,1]})"
                            "\n"));
}

TEST_CASE("an embedder that fails ends the call: its chunk fails with its error, later texts are not read") {
  for (const int at : {1, 2}) {
    const Scripted s;
    accept_texts(s);
    const Lengths lengths(at, [] { throw cf::Error(cf::ErrorKind::quota_exceeded, "no neurons left"); });
    const cf::TextIndex docs(index_of(s), lengths);
    const cv::UploadManyOptions options{.batch_vectors = 10};
    if (at == 1) {
      CHECK(error_of([&] { (void)docs.upsert_many(stored_texts(25), options); }).kind() ==
            cf::ErrorKind::quota_exceeded);
      CHECK(docs.checked().upsert_many(stored_texts(5), options).has_value());
      continue;
    }
    const cv::ManyResult done = docs.upsert_many(stored_texts(25), options);
    REQUIRE(done.stopped);
    CHECK(done.stopped->kind() == cf::ErrorKind::quota_exceeded);
    CHECK(done.items == 20);
    CHECK(done.succeeded == 10);
    CHECK(done.failed.size() == 10);
    CHECK(done.mutation.id == "m0");
  }
}

TEST_CASE("what an embedder or a hook throws reaches the caller of the throwing view; the checked view has an Error") {
  struct OutOfMemory {};
  const Scripted s;
  accept_texts(s);
  const cf::TextIndex docs(index_of(s), Lengths(1, [] { throw OutOfMemory(); }));
  CHECK_THROWS_AS((void)docs.search("a"), OutOfMemory);
  const cf::TextIndex again(index_of(s), Lengths(1, [] { throw OutOfMemory(); }));
  CHECK(again.checked().search("a").error().kind() == cf::ErrorKind::callback);
  const cf::TextIndex hooked(index_of(s), Lengths());
  const cv::UploadManyOptions throws{.on_outcome = [](const cf::ItemOutcome&) { throw OutOfMemory(); }};
  CHECK_THROWS_AS(hooked.upsert_many(stored_texts(3), throws), OutOfMemory);
  CHECK(hooked.checked().upsert_many(stored_texts(3), throws).error().kind() == cf::ErrorKind::callback);
}

TEST_CASE("the local embedder gives the same floats everywhere, of length 1, and puts shared words near each other") {
  const cf::local::HashEmbedder embedder(8);
  const std::vector<std::string> texts{"Workers KV", "workers kv!", "?!", "Schlüssel", "the"};
  const auto vectors = embedder.embed(texts);
  for (const auto& vector : vectors) {
    REQUIRE(vector.size() == 8);
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    CHECK(std::abs(square - 1) < 1e-6);
  }
  CHECK(vectors[0] == vectors[1]);
  CHECK(vectors[0] != vectors[2]);
  CHECK(vectors[0] == std::vector<float>{0.198029503F, 0.396059006F, -0.495073766F, -0.396059006F, 0, 0.495073766F,
                                         -0.396059006F, 0});

  const cf::local::HashEmbedder wide;
  CHECK(wide.dimensions() == 384);
  const std::vector<std::string> three{"encode a request", "the encoder of requests", "rain in the north"};
  const auto wide_vectors = wide.embed(three);
  const auto nearness = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < 384; ++i) sum += static_cast<double>(wide_vectors[a][i]) * wide_vectors[b][i];
    return sum;
  };
  CHECK(nearness(0, 1) > 0.3);
  CHECK(std::abs(nearness(0, 2)) < 0.2);
  for (const int dimensions : {0, -1, 1537})
    CHECK(error_of([&] { (void)cf::local::HashEmbedder(dimensions); }).kind() == cf::ErrorKind::invalid_argument);
}
