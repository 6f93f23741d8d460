// Workers AI: what goes over the wire, what is made of replies, and what becomes of texts that cannot be embedded.

#include <cloudflare/async.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/workers_ai.hpp>

#include "../vectorize/vectorize_support.hpp"

using namespace vectorize_tests;
namespace ca = cf::workers_ai;

namespace {

const std::string run_path = "https://api.cloudflare.com/client/v4/accounts/acc/ai/run/";

/// A model of two dimensions.
cf::WorkersAi tiny(const Scripted& s, ca::ModelOptions options = {.dimensions = 2}) {
  return cf::WorkersAi(s.client(), "@cf/test/tiny", options);
}

std::vector<std::string> numbered_texts(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back("text " + std::to_string(i));
  return texts;
}

/// The vector of "text N" is [N, 1]. `refuses`: the number of a text that the server refuses, alone or with others.
void embed_all(const Scripted& s, int refuses = -1) {
  s.fake->answer_with([refuses](const SentRequest& sent) {
    json data = json::array();
    const json asked = json::parse(sent.body);
    for (const auto& text : asked.at("text")) {
      const int number = std::stoi(text.get<std::string>().substr(5));
      if (number == refuses) return refused(400, 5006, "AiError: Bad input");
      data.push_back({number, 1});
    }
    return ok(json({{"shape", {data.size(), 2}}, {"data", data}, {"pooling", "mean"}}).dump());
  });
}

}  // namespace

TEST_CASE("a request to a model holds its texts and nothing else; the model's path is not escaped") {
  const Scripted s({ok(R"({"shape":[2,2],"data":[[1,2],[0.1,-4]],"pooling":"mean"})")});
  const std::vector<std::string> texts{"a \"b\"", "ключ"};
  const auto vectors = tiny(s).embed(texts);
  CHECK(line(s) == "POST " + run_path + "@cf/test/tiny");
  CHECK(body(s) == R"({"text":["a \"b\"","ключ"]})");
  CHECK(type(s) == "application/json");
  CHECK(vectors == std::vector<std::vector<float>>{{1, 2}, {0.1F, -4}});
}

TEST_CASE("a reply may call the vectors `response`, as a page of bge-m3 does") {
  const Scripted s({ok(R"({"response":[[1,2]]})")});
  CHECK(tiny(s).embed(std::vector<std::string>{"a"}).at(0) == std::vector<float>{1, 2});
}

TEST_CASE("the pooling is sent only if it was chosen") {
  for (const auto& [pooling, name] : {std::pair{ca::Pooling::cls, "cls"}, {ca::Pooling::mean, "mean"}}) {
    const Scripted s({ok(R"({"data":[[1,2]]})")});
    (void)tiny(s, {.pooling = pooling}).embed(std::vector<std::string>{"a"});
    CHECK(body(s) == std::string(R"({"text":["a"],"pooling":")") + name + "\"}");
  }
}

TEST_CASE("the models of Vectorize's presets have their dimensions, others those that the caller names") {
  CHECK(ca::dimensions_of(ca::models::bge_small_en_v1_5) == 384);
  CHECK(ca::dimensions_of(cf::vectorize::presets::bge_base_en_v1_5) == 768);
  CHECK(ca::dimensions_of(cf::vectorize::presets::bge_large_en_v1_5) == 1024);
  CHECK(ca::dimensions_of(ca::models::bge_m3) == 1024);
  CHECK(ca::dimensions_of("@cf/test/tiny") == 0);
  const Scripted s;
  CHECK(cf::WorkersAi(s.client()).model().name == ca::models::bge_base_en_v1_5);
  CHECK(cf::WorkersAi(s.client()).dimensions() == 768);
  CHECK(tiny(s).dimensions() == 2);
  CHECK(tiny(s, {}).dimensions() == 0);
}

TEST_CASE("101 texts make two requests, 100 make one, no texts none; vectors keep the order of their texts") {
  for (const auto& [count, requests] : {std::pair{0, 0U}, {1, 1U}, {100, 1U}, {101, 2U}, {450, 5U}}) {
    const Scripted s;
    embed_all(s);
    const auto vectors = tiny(s).embed(numbered_texts(count));
    CHECK(s.count() == requests);
    REQUIRE(vectors.size() == static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      CHECK(vectors[static_cast<std::size_t>(i)] == std::vector<float>{static_cast<float>(i), 1});
  }
}

TEST_CASE("an embedding is repeated like a read: after a cut, a 500, a 408, and when there is no capacity") {
  for (const FakeReply& trouble :
       {cut(), refused(500, 0, "?"), refused(408, 3007, "Request timeout"), refused(429, 3040, "Out of capacity")}) {
    const Scripted s({trouble, ok(R"({"data":[[1,2]]})")});
    CHECK(tiny(s).embed(std::vector<std::string>{"a"}).size() == 1);
    CHECK(s.count() == 2);
  }
}

TEST_CASE("the daily quota ends the call at once, and so does a model that does not exist") {
  const Scripted quota({refused(429, 3036, "You have used up your daily free allocation of 10,000 neurons.")});
  CHECK(error_of([&] { (void)tiny(quota).embed(numbered_texts(250)); }).kind() == cf::ErrorKind::quota_exceeded);
  const Scripted model({refused(400, 5007, "No such model @cf/test/tiny or task")});
  const auto error = error_of([&] { (void)tiny(model).embed(numbered_texts(1)); });
  CHECK(error.kind() == cf::ErrorKind::not_found);
  CHECK(error.has(cf::ErrorCode::workers_ai_no_model));
  CHECK(model.count() == 1);
}

TEST_CASE("vectors of other dimensions, too few vectors and a reply without vectors are errors that say so") {
  const auto fails = [](std::string_view result, ca::ModelOptions options, std::string_view text) {
    const Scripted s({ok(std::string(result))});
    const auto error = error_of([&] { (void)tiny(s, options).embed(numbered_texts(2)); });
    INFO(error.what());
    CHECK(error.kind() == cf::ErrorKind::decode);
    CHECK(std::string_view(error.what()).find(text) != std::string_view::npos);
    CHECK(s.count() == 1);
  };
  fails(R"({"data":[[1,2,3],[1,2,3]]})", {.dimensions = 2}, "3 dimensions; 2 were expected");
  fails(R"({"data":[[1,2],[1]]})", {}, "1 dimensions; 2 were expected");
  fails(R"({"data":[[],[]]})", {}, "0 dimensions");
  fails(R"({"data":[[1,2]]})", {}, "1 vectors for 2 texts");
  fails(R"({"status":"queued","request_id":"x"})", {}, "embeddings");
}

TEST_CASE("a text that is empty or not UTF-8 costs that text; embed() names its position") {
  const Scripted s;
  embed_all(s);
  const std::vector<std::string> texts{"text 0", "", "text 2", "\xff"};
  const ca::EmbedManyResult done = tiny(s).embed_many(texts);
  CHECK(done.outcome.items == 4);
  CHECK(done.outcome.succeeded == 2);
  REQUIRE(done.outcome.failed.size() == 2);
  CHECK(done.outcome.failed[0].index == 1);
  CHECK(done.outcome.failed[1].index == 3);
  CHECK(done.outcome.failed[1].name.empty());
  CHECK(done.vectors == std::vector<std::vector<float>>{{0, 1}, {}, {2, 1}, {}});

  const auto error = error_of([&] { (void)tiny(s).embed(texts); });
  CHECK(error.kind() == cf::ErrorKind::invalid_argument);
  CHECK(std::string_view(error.what()).find("text 1: the text is empty") != std::string_view::npos);
}

TEST_CASE("a refused request is halved until the refused text is found, and the others have their vectors") {
  const Scripted s;
  embed_all(s, 57);
  std::vector<std::uint64_t> taken;
  const ca::EmbedManyResult done =
      tiny(s).embed_many(numbered_texts(100), {.on_vector = [&](std::uint64_t index, std::vector<float>&& vector) {
                           CHECK(vector.front() == static_cast<float>(index));
                           taken.push_back(index);
                         }});
  CHECK(done.vectors.empty());
  CHECK(taken.size() == 99);
  REQUIRE(done.outcome.failed.size() == 1);
  CHECK(done.outcome.failed[0].index == 57);
  CHECK(done.outcome.failed[0].error.has(cf::ErrorCode::workers_ai_bad_input));
  CHECK(s.count() < 20);
}

TEST_CASE("a name that is no model's never reaches the server") {
  for (const char* name : {"", "bge", "@cf/", "@cf/a", "@cf/a/", "@cf//b", "@cf/a/b/c", "@cf/../b", "@cf/a/b?x=1",
                           "@hf/a/b", "openai/text-embedding-ada-002"}) {
    const Scripted s;
    INFO(name);
    refuses(
        s, [&] { (void)cf::WorkersAi(s.client(), name).embed(numbered_texts(1)); }, "@cf/author/name");
  }
}

TEST_CASE("the three views embed alike, over the embedded store too, which has the documented errors") {
  const cf::local::Cloudflare cloud;
  const cf::WorkersAi ai(cloud.client(), std::string(ca::models::bge_small_en_v1_5));
  const std::vector<std::string> texts = numbered_texts(130);
  const auto vectors = ai.embed(texts);
  REQUIRE(vectors.size() == 130);
  CHECK(vectors[129].size() == 384);
  CHECK(ai.checked().embed(texts).value() == vectors);
  CHECK(cf::sync_wait(ai.async().embed(texts)) == vectors);
  CHECK(ai.with({.in_flight = 1}).embed(texts) == vectors);

  const auto code_of = [&](const std::string& path, const json& body) {
    return error_of([&] { (void)cloud.client().request("POST", path, body); }).details().messages.at(0).code;
  };
  const std::string small = "/accounts/local/ai/run/@cf/baai/bge-small-en-v1.5";
  CHECK(code_of("/accounts/local/ai/run/@cf/baai/none", {{"text", "a"}}) == 5007);
  CHECK(code_of(small, {{"prompt", "a"}}) == 5006);
  CHECK(code_of(small, {{"text", json::array()}}) == 5006);
  CHECK(code_of(small, {{"text", {"a", ""}}}) == 5006);
  CHECK(code_of(small, {{"text", {"a", 1}}}) == 5006);
  CHECK(code_of(small, {{"text", numbered_texts(101)}}) == 5006);
  CHECK(code_of(small, {{"text", "a"}, {"pooling", "max"}}) == 5006);
  const auto one = cloud.client().request("POST", small, json({{"text", "text 0"}, {"pooling", "cls"}}));
  CHECK(one.at("shape") == json({1, 384}));
  CHECK(one.at("pooling") == "cls");
}
