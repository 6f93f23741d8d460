// [vectorize]
#include <cloudflare/local.hpp>
#include <cloudflare/vectorize.hpp>
#include <iostream>

namespace cf = cloudflare;
using namespace std::chrono_literals;

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();
  client.vectorize_indexes().create("pages", {.dimensions = 3, .metric = cf::vectorize::Metric::cosine});
  cf::VectorizeIndex pages = client.vectorize("pages");
  pages.create_metadata_index("year", cf::vectorize::MetadataType::number);  // before the vectors that it filters

  std::vector<cf::vectorize::Vector> vectors;  // any range and any number of them
  for (int i = 0; i < 300; ++i)
    vectors.push_back({.id = "page-" + std::to_string(i),
                       .values = {1, static_cast<float>(i), 0},
                       .metadata = {{"year", 2000 + i % 30}}});
  const auto stored = pages.upsert_and_wait(vectors, 5min);  // until a query finds them
  std::cout << stored.outcome.succeeded << " vectors\n";

  const std::vector<float> near{1, 42, 0};
  for (const auto& hit : pages.query(near, {.top_k = 3, .filter = cf::field("year") >= 2010}))
    std::cout << hit.id << '\n';
}
// [/vectorize]
