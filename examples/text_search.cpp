// Text in, matches out: a handful of questions and answers, stored and searched by what they say. The embedded store
// stands in for Cloudflare, with an embedder that knows words instead of meanings, so this needs no account.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/local/hash_embedder.hpp>
#include <cloudflare/text_index.hpp>
#include <cloudflare/workers_ai.hpp>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

namespace {

const std::vector<cf::vectorize::Text> answers{
    {.id = "backup", .text = "Export a namespace to make a backup of all its keys.", .metadata = {{"product", "kv"}}},
    {.id = "expire",
     .text = "Keys expire after the ttl that was given when they were written.",
     .metadata = {{"product", "kv"}}},
    {.id = "migrate",
     .text = "Migrations change the tables of a database, one file after the other.",
     .metadata = {{"product", "d1"}}},
    {.id = "undo", .text = "Time travel restores a database to an earlier state.", .metadata = {{"product", "d1"}}},
    {.id = "nearest",
     .text = "A query finds the vectors nearest to a given one.",
     .metadata = {{"product", "vectorize"}}},
};

}  // namespace

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();

  // [text_index]
  const cf::WorkersAi model(client, std::string(cf::workers_ai::models::bge_small_en_v1_5));
  client.vectorize_indexes().create("answers", {.preset = model.model().name});
  cf::VectorizeIndex index = client.vectorize("answers", model.dimensions());
  index.create_metadata_index("product", cf::vectorize::MetadataType::string);

  const cf::TextIndex docs(index, model, {.text_property = "text"});
  docs.check();  // the index has the dimensions of the model
  index.wait_for(docs.upsert_many(answers), 5min);
  // [/text_index]

  // [text_search]
  const auto hits =
      docs.search("how do I make a backup?", {.top_k = 1, .return_metadata = cf::vectorize::ReturnMetadata::all});
  for (const cf::vectorize::Match& hit : hits)
    std::cout << hit.id << ": " << hit.metadata.as<nlohmann::json>().at("text").get<std::string>() << '\n';
  // [/text_search]

  const auto filtered = docs.search("restore the earlier keys", {.top_k = 1, .filter = cf::field("product") == "d1"});
  std::cout << filtered.matches.at(0).id << '\n';

  // [local_embedder]
  const cf::TextIndex offline(index, cf::local::HashEmbedder(384));  // the same texts, without any request to a model
  // [/local_embedder]
  std::cout << offline.search("which vectors are nearest?", {.top_k = 1}).matches.at(0).id << '\n';

  // [embed]
  const std::vector<std::string> texts{"a text", "another one"};
  const std::vector<std::vector<float>> vectors = model.embed(texts);
  // [/embed]
  std::cout << vectors.size() << " vectors of " << vectors.front().size() << '\n';
}
