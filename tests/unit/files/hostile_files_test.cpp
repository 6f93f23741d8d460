// Malicious files and awkward streams: deep nesting, separators without end, NUL bytes, one byte at a time.

#include <cloudflare/files/readers.hpp>
#include <cloudflare/kv.hpp>
#include <cloudflare/vectorize/ndjson.hpp>
#include <random>
#include <sstream>

#include "support/catch.hpp"
#include "support/memory.hpp"
#include "support/system.hpp"

namespace cf = cloudflare;
using cf::kv::Entry;

namespace {

/// Gives `piece` bytes for each call, whatever was asked for, as a socket does.
class Dripping final : public std::streambuf {
 public:
  Dripping(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}

 private:
  int_type underflow() override { return at_ == text_.size() ? traits_type::eof() : byte(text_[at_]); }
  int_type uflow() override { return at_ == text_.size() ? traits_type::eof() : byte(text_[at_++]); }
  std::streamsize xsgetn(char* to, std::streamsize most) override {
    const std::size_t n = std::min({piece_, static_cast<std::size_t>(most), text_.size() - at_});
    text_.copy(to, n, at_);
    at_ += n;
    return static_cast<std::streamsize>(n);
  }
  static int_type byte(char c) { return traits_type::to_int_type(c); }

  std::string text_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

template <class Read>
auto items(Read read, std::istream& in, const cf::ReadOptions& options = cf::ReadOptions()) {
  auto file = read(in, options);
  std::vector<std::remove_reference_t<decltype(*file.begin())>> all;
  for (auto& item : file) all.push_back(std::move(item));
  return all;
}
constexpr auto entry_lines = [](std::istream& in, const cf::ReadOptions& o) { return cf::kv::read_ndjson(in, o); };
constexpr auto entry_rows = [](std::istream& in, const cf::ReadOptions& o) { return cf::kv::read_csv(in, o); };
constexpr auto vector_lines = [](std::istream& in, const cf::ReadOptions& o) {
  return cf::vectorize::read_ndjson(in, o);
};
constexpr auto vector_rows = [](std::istream& in, const cf::ReadOptions& o) { return cf::vectorize::read_csv(in, o); };

template <class Read>
std::string hostile_refusal(Read read, std::istream& in, const cf::ReadOptions& options = cf::ReadOptions()) {
  try {
    (void)items(read, in, options);
  } catch (const cf::Error& error) {
    CHECK(error.kind() == cf::ErrorKind::invalid_argument);
    return error.details().text;
  }
  return "nothing was refused";
}
template <class Read>
std::string hostile_refusal(Read read, const std::string& text, const cf::ReadOptions& options = cf::ReadOptions()) {
  std::istringstream in(text);
  return hostile_refusal(read, in, options);
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

std::string twice_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

}  // namespace

TEST_CASE("metadata nested more than limits::json_depth deep is refused with its line, in every reader") {
  const std::string why = "\"metadata\" is nested more than 100 deep (limits::json_depth)";
  for (const std::size_t depth : {101UL, 1'100UL, 30'000UL, 100'000UL}) {
    INFO(depth);
    const std::string array = nested(depth, "[", "]");
    const std::string object = nested(depth, "{\"a\":", "}");
    for (const std::string& deep : {array, object}) {
      const std::string pair = "{\"key\":\"k\",\"value\":\"v\"";
      CHECK(hostile_refusal(entry_lines, pair + "}\n" + pair + ",\"metadata\":" + deep + "}\n") == "line 2: " + why);
      CHECK(hostile_refusal(entry_rows, "key,value,metadata\nk,v," + twice_quoted(deep) + "\n") == "line 2: " + why);
      const std::string vector = "{\"id\":\"a\",\"values\":[1]";
      CHECK(hostile_refusal(vector_lines, vector + "}\n" + vector + ",\"metadata\":" + deep + "}\n") ==
            "line 2: " + why);
      CHECK(hostile_refusal(vector_rows, "id,values,metadata\na,[1]," + twice_quoted(deep) + "\n") == "line 2: " + why);
    }
    // In any other field it is a value of the wrong type.
    for (const char* name : {"key", "value", "expiration", "base64", "other"}) {
      const std::string said = hostile_refusal(entry_lines, "{\"" + std::string(name) + "\":" + array + "}\n");
      CHECK(said.starts_with("line 1: "));
    }
    CHECK(hostile_refusal(vector_lines, "{\"id\":\"a\",\"values\":" + array + "}\n").starts_with("line 1: "));
    CHECK(hostile_refusal(vector_rows, "id,values\na," + twice_quoted(array) + "\n").starts_with("line 2: "));
    CHECK(hostile_refusal(entry_lines, array + "\n").starts_with("line 1: "));
  }
  std::istringstream in("{\"key\":\"k\",\"value\":\"v\",\"metadata\":" + nested(100, "[", "]") + "}\n" +
                        "{\"key\":\"k\",\"value\":\"v\",\"metadata\":\"" + std::string(200, '[') + "\"}\n");
  const auto all = items(entry_lines, in);
  REQUIRE(all.size() == 2);
  CHECK(all[0].metadata.text() == nested(100, "[", "]"));
}

TEST_CASE("brackets that are never closed, or were never opened, are refused with their line") {
  for (const char* brackets : {"[", "]", "{\"a\":", "}"}) {
    const std::string many = nested(50'000, brackets, "");
    CHECK(hostile_refusal(entry_lines, "\n{\"key\":\"k\",\"value\":\"v\",\"metadata\":" + many + "}\n")
              .starts_with("line 2: "));
    CHECK(hostile_refusal(entry_rows, "key,value,metadata\nk,v," + twice_quoted(many) + "\n").starts_with("line 2: "));
  }
}

TEST_CASE("separators count towards max_item_bytes") {
  const cf::ReadOptions small{.max_item_bytes = 1'000};
  const std::string why = "longer than the 1000 bytes allowed for one item";
  CHECK(hostile_refusal(entry_rows, "key,value\n" + std::string(1'001, ',') + "\n", small) == "line 2: " + why);
  CHECK(hostile_refusal(entry_rows, std::string(1'001, ','), small) == "line 1: " + why);
  std::string quotes = "key,value\n";
  for (int i = 0; i < 501; ++i) quotes += "\"\",";
  CHECK(hostile_refusal(entry_rows, quotes, small) == "line 2: " + why);
}

TEST_CASE("a row of twenty million commas needs no memory for its fields") {
  const std::string commas = "key,value\n" + std::string(20'000'000, ',') + "\n";
  std::istringstream in(commas);
  std::istringstream heading(commas.substr(10));
  const support::PeakMemory peak;
  CHECK(hostile_refusal(entry_rows, in) == "line 2: the row has 20000001 fields; the first row names 2");
  CHECK(hostile_refusal(entry_rows, heading) ==
        "line 1: \"\" is none of key, value, expiration, expiration_ttl, metadata, base64");
  CHECK(peak.growth() < 50'000'000);
}

TEST_CASE("an unknown name of a column or member is quoted in its first bytes only") {
  const std::string name(100'000, 'x');
  CHECK(hostile_refusal(entry_rows, name + ",value\n").size() < 300);
  CHECK(hostile_refusal(entry_lines, "{\"" + name + "\":1}\n").size() < 300);
}

TEST_CASE("a NUL byte in a field of CSV is a byte of the field") {
  std::istringstream in(std::string("key,value\na\0b,\"\0\"\n\0,x\n", 22));
  const auto rows = items(entry_rows, in);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].key == std::string("a\0b", 3));
  CHECK(rows[0].value == std::string("\0", 1));
  CHECK(rows[1].key == std::string("\0", 1));
  CHECK(hostile_refusal(entry_rows, std::string("key\0,value\n", 11)).starts_with("line 1: "));
  CHECK(hostile_refusal(entry_lines, std::string("{\"key\":\"a\0\",\"value\":\"\"}\n", 24)).starts_with("line 1: "));
  CHECK(hostile_refusal(entry_lines, std::string("\0\n", 2)).starts_with("line 1: "));
}

TEST_CASE("CSV and NDJSON are the same wherever the pieces of their stream end") {
  constexpr std::size_t piece = 1U << 16;
  const std::string row = "\"k\"\"1\",v\r\n";
  const std::string line = "{\"key\":\"k\\\"1\",\"value\":\"v\"}\r\n";
  for (std::size_t shift = 0; shift <= row.size() + 2; ++shift) {
    const std::size_t fill = piece - shift;
    std::istringstream csv("key,value\r\nk," + std::string(fill - 15, 'x') + "\r\n" + row + row);
    const auto rows = items(entry_rows, csv);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].value.size() == fill - 15);
    for (const std::size_t i : {1U, 2U}) CHECK((rows[i].key == "k\"1" && rows[i].value == "v"));
    std::istringstream ndjson(std::string(fill, ' ') + "\r\n" + line + line);
    REQUIRE(items(entry_lines, ndjson).size() == 2);
  }
}

TEST_CASE("a stream that gives a byte at a time, or throws at its end, gives all its items") {
  const std::string csv = "\xEF\xBB\xBFkey,value\r\na,\"x\"\"\r\ny\"\r\n\r\nb,\r\n";
  const std::string ndjson = "\xEF\xBB\xBF{\"key\":\"a\",\"value\":\"1\"}\r\n\n{\"key\":\"b\",\"value\":\"2\"}";
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1'000UL})
    for (const auto exceptions : {std::ios::goodbit, std::ios::failbit | std::ios::badbit | std::ios::eofbit}) {
      INFO(piece);
      Dripping csv_bytes(csv, piece), ndjson_bytes(ndjson, piece);
      std::istream a(&csv_bytes), b(&ndjson_bytes);
      a.exceptions(exceptions);
      b.exceptions(exceptions);
      const auto rows = items(entry_rows, a);
      REQUIRE(rows.size() == 2);
      CHECK((rows[0].key == "a" && rows[0].value == "x\"\r\ny" && rows[1].key == "b"));
      const auto lines = items(entry_lines, b);
      REQUIRE(lines.size() == 2);
      CHECK((lines[0].value == "1" && lines[1].value == "2"));
    }
}

TEST_CASE("a stream that has failed before, a folder and a buffer that throws are errors, not ends of files") {
  std::ifstream missing("/no/such/file");
  CHECK(hostile_refusal(entry_lines, missing) == "the stream cannot be read: it has failed before");
  std::ifstream missing_too("/no/such/file");
  CHECK(hostile_refusal(entry_rows, missing_too) == "the stream cannot be read: it has failed before");
  std::istream none(nullptr);
  CHECK(hostile_refusal(entry_lines, none) == "the stream cannot be read: it has failed before");
  std::ifstream folder("/tmp");
  CHECK(hostile_refusal(entry_lines, folder) == "line 1: cannot be read");

  struct Broken final : std::streambuf {
    int_type underflow() override { throw std::runtime_error("broken"); }
  } broken;
  std::istream in(&broken);
  CHECK(hostile_refusal(entry_rows, in) == "line 1: cannot be read");
}

TEST_CASE("a file that ends before the place to go on from is refused, however far that is") {
  const support::TemporaryFolder folder;
  const std::string path = folder.file("x.ndjson");
  support::write_file(path, "{\"key\":\"a\",\"value\":\"" + std::string(199'975, 'x') + "\"}\n");
  auto said = [&](std::uint64_t offset) {
    try {
      auto file = cf::kv::read_ndjson(path, {.from = {.offset = offset, .lines = 1, .items = 1}});
      auto first = file.begin();
      return first == file.end() ? std::string("nothing") : std::string("an item");
    } catch (const cf::Error& error) {
      return error.details().text;
    }
  };
  CHECK(said(0) == "an item");
  CHECK(said(199'998) == "nothing");
  for (const std::uint64_t offset :
       {std::uint64_t(199'999), std::uint64_t(300'000), std::uint64_t(1) << 40U, ~std::uint64_t(0)})
    CHECK(said(offset).ends_with("it ends before the place to go on from, byte " + std::to_string(offset)));
}
