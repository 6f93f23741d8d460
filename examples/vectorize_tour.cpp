// A tour of Vectorize over the embedded store: no account, no network.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/files/vectorize.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/vectorize/ndjson.hpp>
#include <filesystem>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

namespace {

// Stands in for a model that embeds a text.
std::vector<float> embedding_of(int topic, float how_much) {
  std::vector<float> vector(4, 0.1F);
  vector[static_cast<std::size_t>(topic) % vector.size()] = how_much;
  return vector;
}

// [own_type]
struct Article {
  std::string url;
  std::vector<float> embedding;
};
// Beside the type: every range of articles can now be uploaded.
cf::vectorize::VectorView view_of(const Article& article) {
  return {.id = article.url, .values = article.embedding, .ns = "articles"};
}
// [/own_type]

}  // namespace

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();

  // [create]
  client.vectorize_indexes().create("docs", {.dimensions = 4, .metric = cf::vectorize::Metric::cosine});
  cf::VectorizeIndex docs = client.vectorize("docs", 4);
  docs.create_metadata_index("year", cf::vectorize::MetadataType::number);  // before what is to be filtered
  docs.create_metadata_index("lang", cf::vectorize::MetadataType::string);
  // [/create]

  // [upsert]
  std::vector<cf::vectorize::Vector> vectors;
  for (int i = 0; i < 12'000; ++i)
    vectors.push_back({.id = "page-" + std::to_string(i),
                       .values = embedding_of(i, 1 + static_cast<float>(i) / 1000),
                       .metadata = {{"year", 2015 + i % 10}, {"lang", i % 2 == 0 ? "en" : "no"}}});
  const auto done = docs.upsert_many(vectors);  // 3 uploads of up to 5000 vectors
  for (const cf::ItemFailure& failure : done.failed) std::cerr << failure.name << ": " << failure.error.what() << '\n';
  docs.wait_for(done, 5min);  // searchable from here on
  // [/upsert]

  // [query]
  const auto hits = docs.query(embedding_of(2, 3), {.top_k = 3,
                                                    .filter = cf::field("year") >= 2020 && cf::field("lang") == "en",
                                                    .return_metadata = cf::vectorize::ReturnMetadata::all});
  for (const cf::vectorize::Match& hit : hits)
    std::cout << hit.score << ' ' << hit.id << ' ' << hit.metadata.text() << '\n';
  const auto similar = docs.query_by_id("page-2", {.top_k = 5});
  // [/query]

  // [query_many]
  const std::vector<std::vector<float>> questions{embedding_of(0, 2), embedding_of(1, 2), embedding_of(3, 2)};
  const auto answers = docs.query_many(questions, {.top_k = 3}, {.in_flight = 8});
  for (const std::optional<cf::vectorize::QueryResult>& answer : answers.results)  // in the order of the questions
    std::cout << (answer ? answer->matches.front().id : "see answers.outcome.failed") << '\n';
  // [/query_many]

  // [upsert_and_wait]
  const std::vector<Article> articles{{"https://example.org/a", embedding_of(1, 2)}};
  const cf::vectorize::WaitResult written = docs.upsert_and_wait(articles, 5min);
  if (written.not_processed) std::cerr << "accepted, but not searchable yet: " << written.not_processed->what() << '\n';
  // [/upsert_and_wait]

  // [read]
  const std::vector<std::string> ids{"page-7", "https://example.org/a", "nowhere"};
  const auto found = docs.get_many(ids);  // in the order of the ids; nullopt for an unknown one
  std::size_t listed = 0;
  for (const cf::vectorize::ListedVector& vector : docs.list()) listed += vector.id.empty() ? 0 : 1;
  docs.wait_for(docs.erase_many(ids), 5min);
  // [/read]

  // [ndjson]
  const std::vector<std::string> rows{"row-0", "row-1"};
  const std::vector<float> matrix{1, 0, 0, 0, 0, 1, 0, 0};  // row after row
  const std::string lines = cf::ndjson::encode(cf::ndjson::Matrix(rows, matrix, 4));
  docs.upsert_ndjson(lines, {.unparsable = cf::vectorize::UnparsableBehavior::error});
  // [/ndjson]

  // [erase_where]
  const cf::vectorize::Where old{.prefix = "page-1", .filter = cf::field("year") < 2016};
  const auto would = docs.erase_where(old, {.dry_run = true});
  std::cout << would.matched << " of " << would.listed << " vectors would go, after " << would.requests
            << " requests\n";
  const auto gone = docs.erase_where({.prefix = "row-"});  // by ids alone: nothing is read
  // [/erase_where]

  const std::string file = std::filesystem::temp_directory_path() / "cloudflare-cpp-vectors.ndjson";
  cf::VectorizeIndex copy = client.vectorize("copy", 4);
  client.vectorize_indexes().create("copy", {.dimensions = 4});
  // [whole]
  const auto exported = cf::vectorize::export_to(docs, file, {.prefix = "page-11"});
  const auto imported = cf::vectorize::import_from(copy, file);
  copy.wait_for(imported.mutation, 5min);
  const auto differences = cf::vectorize::compare(docs, copy, {.prefix = "page-11"});
  for (const cf::vectorize::Difference& difference : differences.differences)
    std::cout << difference.id << (difference.only_in_first ? " is missing\n" : " differs\n");
  // [/whole]
  std::filesystem::remove(file);

  const bool good = done.complete() && done.requests == 3 && hits.size() == 3 && similar.size() == 5 &&
                    answers.outcome.complete() && found.vectors[0] && found.vectors[1]->ns == "articles" &&
                    !found.vectors[2] && listed == 12'001 && docs.info().vector_count == 11'999 && written.complete() &&
                    would.matched > 0 && gone.erased == 2 && exported.vectors == 1'111 && differences.equal();
  return good ? 0 : 1;
}
