// Random text, CSV or not: libcsv accepts all that our reader accepts, and both read the same rows from it.

#include <csv.h>

#include <cloudflare/files/readers.hpp>
#include <optional>
#include <random>

#include "files/text_input.hpp"
#include "support/catch.hpp"

#include <sstream>

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::optional<Rows> ours(const std::string& text) {
  std::istringstream in(text);
  try {
    cloudflare::detail::TextInput input(in, 1U << 20);
    Rows rows;
    for (std::vector<std::string> fields; input.row(fields, 100) != 0;) rows.push_back(fields);
    return rows;
  } catch (const cloudflare::Error&) {
    return std::nullopt;
  }
}

std::optional<Rows> libcsv(const std::string& text) {
  struct Reading {
    Rows rows{};
    std::vector<std::string> fields{};
  } reading;
  csv_parser parser{};
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) return std::nullopt;
  csv_set_space_func(&parser, [](unsigned char) { return 0; });  // spaces belong to fields (RFC 4180)
  csv_set_term_func(&parser, [](unsigned char c) { return c == '\n' ? 1 : 0; });
  const auto field = [](void* bytes, std::size_t size, void* to) {
    static_cast<Reading*>(to)->fields.emplace_back(static_cast<const char*>(bytes), size);
  };
  const auto row = [](int, void* to) {
    static_cast<Reading*>(to)->rows.push_back(std::move(static_cast<Reading*>(to)->fields));
    static_cast<Reading*>(to)->fields.clear();
  };
  const bool good = csv_parse(&parser, text.data(), text.size(), field, row, &reading) == text.size() &&
                    csv_fini(&parser, field, row, &reading) == 0;
  csv_free(&parser);
  if (!good) return std::nullopt;
  return reading.rows;
}

}  // namespace

TEST_CASE("CSV is read as libcsv reads it") {
  std::mt19937 random(4180);
  const std::string letters = "aab,,\"\"\n\n ";
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto n = std::uniform_int_distribution<std::size_t>(0, 14)(random); n > 0; --n)
      text.push_back(letters[std::uniform_int_distribution<std::size_t>(0, letters.size() - 1)(random)]);
    const auto mine = ours(text);
    const auto theirs = libcsv(text);
    INFO(text);
    REQUIRE(mine.has_value() == theirs.has_value());
    if (mine) REQUIRE(*mine == *theirs);
    taken += mine ? 1 : 0;
  }
  CHECK(taken > 2'000);
}
