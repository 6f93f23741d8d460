// NDJSON and CSV files as ranges of pairs and vectors.

#include <cloudflare/files/readers.hpp>

#include <cloudflare/kv.hpp>
#include <cloudflare/local.hpp>
#include <cloudflare/vectorize/ndjson.hpp>
#include <random>
#include <sstream>

#include "support/catch.hpp"
#include "support/system.hpp"

namespace cf = cloudflare;
using namespace std::chrono_literals;
using cf::kv::Entry;
using cf::vectorize::Vector;

static_assert(cf::kv::EntryRange<cf::kv::EntryFile&> && cf::kv::EntryRange<cf::kv::EntryFile>);
static_assert(cf::vectorize::VectorInput<cf::vectorize::VectorFile&>);

namespace {

std::vector<Entry> ndjson(const std::string& text) {
  std::istringstream in(text);
  std::vector<Entry> all;
  for (Entry& entry : cf::kv::read_ndjson(in)) all.push_back(std::move(entry));
  return all;
}
std::vector<Entry> csv(const std::string& text) {
  std::istringstream in(text);
  std::vector<Entry> all;
  for (Entry& entry : cf::kv::read_csv(in)) all.push_back(std::move(entry));
  return all;
}
std::vector<Vector> vector_ndjson(const std::string& text) {
  std::istringstream in(text);
  std::vector<Vector> all;
  for (Vector& vector : cf::vectorize::read_ndjson(in)) all.push_back(std::move(vector));
  return all;
}
std::vector<Vector> vector_csv(const std::string& text) {
  std::istringstream in(text);
  std::vector<Vector> all;
  for (Vector& vector : cf::vectorize::read_csv(in)) all.push_back(std::move(vector));
  return all;
}

template <class Read>
std::string refusal(Read read, const std::string& text) {
  try {
    (void)read(text);
  } catch (const cf::Error& error) {
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    return error.details().text;
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("NDJSON: every member of Cloudflare's bulk write, bytes from base64, lines that are skipped") {
  const auto all = ndjson(
      "\xEF\xBB\xBF"
      "{\"key\":\"a\",\"value\":\"1\"}\n"
      "\n"
      "  \r\n"
      "{\"value\":\"\\u00e9\\n\",\"key\":\"b\",\"expiration_ttl\":60,\"metadata\":{\"x\": [1, null, true]}}\r\n"
      "{\"key\":\"c\",\"value\":\"AAH/\",\"base64\":true,\"expiration\":2000000000.0,\"metadata\":null}\n"
      "{\"key\":\"d\",\"value\":\"AAH/\",\"base64\":false,\"metadata\":7}");
  REQUIRE(all.size() == 4);
  CHECK((all[0].key == "a" && all[0].value == "1" && !all[0].ttl && !all[0].expiration && all[0].metadata.empty()));
  CHECK((all[1].key == "b" && all[1].value == "\xC3\xA9\n" && all[1].ttl == 60s));
  CHECK(all[1].metadata.text() == R"({"x": [1, null, true]})");
  CHECK(all[2].value == std::string("\x00\x01\xFF", 3));
  CHECK_FALSE(all[2].base64);
  CHECK(all[2].expiration == std::chrono::sys_seconds(2000000000s));
  CHECK(all[2].metadata.empty());
  CHECK(all[3].value == "AAH/");
  CHECK(all[3].metadata.text() == "7");
  CHECK(ndjson("").empty());
  CHECK(ndjson("\n\n").empty());
}

TEST_CASE("NDJSON: what is wrong is named with its line") {
  const std::string good = "{\"key\":\"a\",\"value\":\"1\"}\n\n";
  auto said = [&](const std::string& line) { return refusal(ndjson, good + line + "\n" + good); };
  CHECK(said("{\"key\":\"b\"}") == "line 3: there is no \"value\"");
  CHECK(said("{\"key\":\"b\",\"value\":1}") == "line 3: \"value\" is not text");
  CHECK(said("{\"key\":null,\"value\":\"\"}") == "line 3: \"key\" is not text");
  CHECK(said("{\"key\":\"b\",\"value\":\"\",\"expires\":1}") ==
        "line 3: \"expires\" is none of key, value, expiration, expiration_ttl, metadata, base64");
  CHECK(said("{\"key\":\"b\",\"key\":\"b\",\"value\":\"\"}") == "line 3: \"key\" comes twice");
  CHECK(said("{\"key\":\"b\",\"value\":\"no base64!\",\"base64\":true}") == "line 3: \"value\" is not base64");
  CHECK(said("{\"key\":\"b\",\"value\":\"\",\"base64\":1}") == "line 3: \"base64\" is not true or false");
  CHECK(said("{\"key\":\"b\",\"value\":\"\",\"expiration\":\"5\"}") == "line 3: \"expiration\" is not a whole number");
  CHECK(said("{\"key\":\"b\",\"value\":\"\",\"metadata\":{\"a\":tru e}}") ==
        "line 3: \"metadata\" is not one JSON value");
  CHECK(said("{\"key\":\"b\",\"value\":\"\",\"metadata\":{\"a\":[1,xyz]}}") ==
        "line 3: \"metadata\" is not one JSON value");
  CHECK(said("{\"key\":\"b\",\"value\":\"\",\"metadata\":xyz}").starts_with("line 3: "));
  CHECK(said("{\"key\":\"b\",\"value\":xyz}").starts_with("line 3: "));
  CHECK(said("{\"key\":\"b\",\"value\":\"\"} {}").starts_with("line 3: "));
  CHECK(said("{\"key\":\"b\",\"value\":\"cut").starts_with("line 3: the line cannot be read"));
  CHECK(said("[]").starts_with("line 3: the line cannot be read"));
  CHECK(said("{\"key\":\"b\",\"value\":\"\xFF\"}").starts_with("line 3: the line cannot be read"));
}

TEST_CASE("CSV: columns by name in any order, quotes, commas and line ends in fields") {
  const auto all =
      csv("\xEF\xBB\xBFvalue,key,metadata,expiration,base64,expiration_ttl\r\n"
          "\"a \"\"b\"\", c\nd\r\n\",k1,\"{\"\"x\"\":1}\",,,\r\n"
          "\n"
          ",k2,,2000000000,false,60\n"
          "AAH/,k3,,,true,");
  REQUIRE(all.size() == 3);
  CHECK((all[0].key == "k1" && all[0].value == "a \"b\", c\nd\r\n" && all[0].metadata.text() == "{\"x\":1}"));
  CHECK((all[1].key == "k2" && all[1].value.empty() && all[1].ttl == 60s && all[1].metadata.empty()));
  CHECK(all[1].expiration == std::chrono::sys_seconds(2000000000s));
  CHECK(all[2].value == std::string("\x00\x01\xFF", 3));
  CHECK(csv("").empty());
  CHECK(csv("key,value\n").empty());
  // A carriage return by itself is a character of the field.
  CHECK(csv("key,value\na,b\rc\n")[0].value == "b\rc");
}

TEST_CASE("CSV: what is wrong is named with the line on which its row begins") {
  const std::string good = "key,value\n\"a\nb\",1\n";  // its row ends on line 3
  auto said = [&](const std::string& row) { return refusal(csv, good + row); };
  CHECK(said("x") == "line 4: the row has 1 fields; the first row names 2");
  CHECK(said("x,y,z\n") == "line 4: the row has 3 fields; the first row names 2");
  CHECK(said("x,\"y\n\n") == "line 4: a quoted field has no end");
  CHECK(said("x,y\"z\n").starts_with("line 4: a quote inside a field"));
  CHECK(said("x,\"y\"z\n").starts_with("line 4: something follows the closing quote"));
  CHECK(refusal(csv, "key\nx\n") == "line 1: there is no \"value\"");
  CHECK(refusal(csv, "key,value,key\n") == "line 1: \"key\" comes twice");
  CHECK(refusal(csv, "key;value\n").starts_with("line 1: \"key;value\" is none of key, value"));
  CHECK(refusal(csv, "key,value,expiration\nx,y,12h\n") == "line 2: \"expiration\" is not a whole number");
  CHECK(refusal(csv, "key,value,metadata\nx,y,{\n") == "line 2: \"metadata\" is not one JSON value");
  CHECK(refusal(csv, "key,value,metadata\nx,y,\"1,2\"\n") == "line 2: \"metadata\" is not one JSON value");
  CHECK(refusal(csv, "key,value,metadata\nx,y,\"1],[2\"\n") == "line 2: \"metadata\" is not one JSON value");
}

TEST_CASE("CSV: random fields come back as they were written") {
  std::mt19937 random(20261121);
  const std::string letters = "ab,\"\n\r \xC3\xA9";
  auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n)(random); };
  for (int round = 0; round < 200; ++round) {
    std::string text = "key,value\n";
    std::vector<std::string> fields;
    const std::size_t count = 2 * (pick(5) + 1);
    for (std::size_t i = 0; i < count; ++i) {
      std::string field = "k";
      for (std::size_t n = pick(9); n > 0; --n) field.push_back(letters[pick(letters.size() - 1)]);
      fields.push_back(field);
      text.push_back('"');
      for (const char c : field) text.append(c == '"' ? 2 : 1, c);
      text.append(i % 2 == 0 ? "\"," : pick(1) == 0 ? "\"\r\n" : "\"\n");
    }
    const auto rows = csv(text);
    REQUIRE(rows.size() * 2 == fields.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK((rows[i].key == fields[2 * i] && rows[i].value == fields[2 * i + 1]));
  }
}

TEST_CASE("vectors: NDJSON and CSV, floats rounded once") {
  const auto lines = vector_ndjson(
      "{\"id\":\"a\",\"values\":[1,-0.5,3e-1],\"namespace\":\"n\",\"metadata\":{\"x\":1}}\n"
      "{\"id\":\"b\",\"values\":[1.00000005960464477539062500001]}\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].values == std::vector<float>{1.0F, -0.5F, 0.3F});
  CHECK((lines[0].ns == "n" && lines[0].metadata.text() == "{\"x\":1}"));
  CHECK(lines[1].values == std::vector<float>{1.00000012F});  // rounded by way of double it would be 1
  const auto rows = vector_csv("metadata,id,values,namespace\n\"{\"\"x\"\":1}\",a,\"[1, -0.5,3e-1]\",n\n,b,[2],\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].values == lines[0].values);
  CHECK((rows[0].id == "a" && rows[0].ns == "n" && rows[0].metadata == lines[0].metadata));
  CHECK((rows[1].id == "b" && rows[1].ns.empty() && rows[1].metadata.empty()));
  CHECK(refusal(vector_ndjson, "{\"id\":\"a\",\"values\":\"[1]\"}") == "line 1: \"values\" is not an array of numbers");
  CHECK(refusal(vector_ndjson, "{\"id\":\"a\",\"values\":[1,null]}").starts_with("line 1: the line cannot be read"));
  CHECK(refusal(vector_csv, "id,values\na,1\n") == "line 2: \"values\" is not an array of numbers");
  CHECK(refusal(vector_csv, "id,values\na,\"[1,]\"\n") == "line 2: \"values\" is not an array of numbers");
}

TEST_CASE("a file that cannot be opened, and an item longer than allowed") {
  CHECK(refusal([](const std::string& path) { return cf::kv::read_csv(path); }, "/nowhere/x.csv") ==
        "the file /nowhere/x.csv cannot be opened");
  for (const std::string& text : {"{\"key\":\"a\",\"value\":\"" + std::string(300'000, 'x') + "\"}",
                                  "key,value\na," + std::string(300'000, 'x')}) {
    auto read = [](const std::string& all) {
      std::istringstream in(all);
      auto file = all[0] == '{' ? cf::kv::read_ndjson(in, {.max_item_bytes = 299'000})
                                : cf::kv::read_csv(in, {.max_item_bytes = 299'000});
      for (const Entry& entry : file) CHECK(entry.key.empty());
      return 0;
    };
    CHECK(refusal(read, text).find("longer than the 299000 bytes allowed") != std::string::npos);
  }
}

TEST_CASE("reading goes on exactly at a position that was saved") {
  const support::TemporaryFolder folder;
  std::string lines, rows = "key,value\n";
  for (int i = 0; i < 20'000; ++i) {
    lines += "{\"key\":\"k" + std::to_string(i) + "\",\"value\":\"some value\"}\n";
    rows += "k" + std::to_string(i) + ",\"a\nb\"\n";
  }
  support::write_file(folder.file("x.ndjson"), lines);
  support::write_file(folder.file("x.csv"), rows);
  auto open = [&](bool json, const cf::ReadOptions& options = cf::ReadOptions()) {
    return json ? cf::kv::read_ndjson(folder.file("x.ndjson"), options)
                : cf::kv::read_csv(folder.file("x.csv"), options);
  };
  for (const bool json : {true, false}) {
    for (const std::uint64_t stop : {0U, 1U, 5U, 1'000U, 19'999U, 20'000U}) {
      auto file = open(json);
      std::uint64_t at = 0;
      if (stop > 0)
        for (const Entry& entry : file) {
          CHECK(entry.key == "k" + std::to_string(at));
          if (++at == stop) break;
        }
      const cf::FilePosition position = file.position();
      CHECK(position.items == stop);
      CHECK(position.lines == (json ? stop : 1 + 2 * stop));
      auto rest = open(json, {.from = position});
      for (const Entry& entry : rest) REQUIRE(entry.key == "k" + std::to_string(at++));
      CHECK(at == 20'000);
      CHECK(rest.position().items == 20'000);
      CHECK(rest.position().lines == (json ? 20'000 : 40'001));
    }
  }
}

TEST_CASE("put_many reads a file as it goes, bytes included") {
  const support::TemporaryFolder folder;
  support::write_file(folder.file("x.ndjson"),
                      "{\"key\":\"a\",\"value\":\"text\"}\n{\"key\":\"b\",\"value\":\"/w==\",\"base64\":true}\n");
  const cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const auto space = client.kv(client.kv_namespaces().create("s").id);
  const auto done = space.put_many(cf::kv::read_ndjson(folder.file("x.ndjson")));
  CHECK((done.complete() && done.succeeded == 2));
  CHECK(space.get("a") == "text");
  CHECK(space.get("b") == "\xFF");
}

TEST_CASE("what ndjson::encode writes is read back to the same vectors") {
  std::vector<Vector> vectors = {{.id = "a", .values = {0.1F, -3e-40F}, .ns = "n"}, {.id = "\"\n", .values = {1}}};
  const auto back = vector_ndjson(cf::ndjson::encode(vectors));
  REQUIRE(back.size() == 2);
  CHECK((back[0].values == vectors[0].values && back[1].id == vectors[1].id));
}
