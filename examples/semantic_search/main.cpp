// Searches text by meaning, as far as shared words carry it: cuts Markdown files into passages, embeds them, stores
// them in a Vectorize index and asks it.
//
//   example_semantic_search "which failed requests are sent again"
//   example_semantic_search --folder ~/notes --top 3 "tax return"
//
// The index is in the embedded store, so no account is needed; with one, the client comes from
// cf::ApiClient::from_env().

#include <CLI/CLI.hpp>
#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <cstdio>
#include <iostream>

#include "embedder.hpp"
#include "passages.hpp"

namespace cf = cloudflare;
using namespace std::chrono_literals;

namespace {

class Search {
 public:
  explicit Search(const std::vector<Passage>& passages) : embedder_(texts_of(passages)) {
    // [index]
    client_.vectorize_indexes().create("passages", {.dimensions = Embedder::dimensions});
    std::vector<cf::vectorize::Vector> vectors;
    for (const Passage& passage : passages)
      vectors.push_back({.id = std::to_string(vectors.size()),
                         .values = embedder_.embed(text_of(passage)),
                         .metadata = {{"file", passage.file}, {"heading", passage.heading}}});
    index_.wait_for(index_.upsert_many(vectors), 5min);
    // [/index]
  }

  struct Hit {
    double score = 0;
    std::size_t passage = 0;
    std::string file{};
    std::string heading{};
  };

  [[nodiscard]] std::vector<Hit> ask(const std::string& question, int top) const {
    std::vector<Hit> hits;
    // [search]
    const auto result =
        index_.query(embedder_.embed(question), {.top_k = top, .return_metadata = cf::vectorize::ReturnMetadata::all});
    for (const cf::vectorize::Match& match : result) {
      const auto metadata = match.metadata.as<nlohmann::json>();
      hits.push_back({match.score, std::stoul(match.id), metadata.at("file"), metadata.at("heading")});
    }
    // [/search]
    return hits;
  }

 private:
  // File name and heading are part of the text; the heading counts twice.
  static std::string text_of(const Passage& passage) {
    return passage.file + '\n' + passage.heading + '\n' + passage.heading + '\n' + passage.text;
  }
  static std::vector<std::string> texts_of(const std::vector<Passage>& passages) {
    std::vector<std::string> texts;
    for (const Passage& passage : passages) texts.push_back(text_of(passage));
    return texts;
  }

  Embedder embedder_;
  cf::local::Cloudflare cloud_{};
  cf::ApiClient client_ = cloud_.client();
  cf::VectorizeIndex index_ = client_.vectorize("passages", Embedder::dimensions);
};

void print(const std::vector<Search::Hit>& hits, const std::vector<Passage>& passages) {
  for (const Search::Hit& hit : hits) {
    std::printf("%.3f  %s, %s\n", hit.score, hit.file.c_str(), hit.heading.c_str());
    const std::string& text = passages[hit.passage].text;
    const std::size_t begin = text.find_first_not_of('\n');
    std::printf("       %s\n", text.substr(begin, std::min<std::size_t>(text.find('\n', begin) - begin, 100)).c_str());
  }
}

// Asks every question of a file (question, file, heading, separated by tabs) and counts those answered first.
bool check(const Search& search, const std::string& path, int needed) {
  std::ifstream file(path);
  int first = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t a = line.find('\t');
    const std::size_t b = line.find('\t', a + 1);
    const auto hits = search.ask(line.substr(0, a), 1);
    const bool good =
        !hits.empty() && hits[0].file == line.substr(a + 1, b - a - 1) && hits[0].heading == line.substr(b + 1);
    first += good ? 1 : 0;
    std::printf("%s %s\n", good ? "first  " : "not    ", line.c_str());
    if (!good && !hits.empty()) std::printf("        but %s, %s\n", hits[0].file.c_str(), hits[0].heading.c_str());
  }
  std::printf("%d ranked first, %d needed\n", first, needed);
  return first >= needed;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Searches the Markdown files of a folder");
  std::string folder = ".";
  std::string question;
  std::string questions;
  int top = 5;
  app.add_option("question", question, "What to look for");
  app.add_option("--folder", folder, "Where to look")->capture_default_str();
  app.add_option("--top", top, "How many passages to print")->capture_default_str();
  app.add_option("--check", questions, "A file of questions of which eight must find their passage first");
  CLI11_PARSE(app, argc, argv);

  const std::vector<Passage> passages = passages_of(folder);
  if (passages.empty()) throw std::runtime_error("no Markdown files in " + folder);
  const Search search(passages);
  if (!questions.empty()) return check(search, questions, 8) ? 0 : 1;
  print(search.ask(question, top), passages);
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
