// Values: every type of column and parameter, NULL, and numbers that JSON cannot hold.

#include <limits>

#include "contract/d1_support.hpp"

using namespace contract;
using cloudflare::ErrorKind;
namespace d1 = cloudflare::d1;

namespace {

struct Money {
  std::int64_t cents = 0;
};

d1::Blob all_bytes() {
  d1::Blob bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::byte>(i));
  return bytes;
}

}  // namespace

template <>
struct cloudflare::d1::Type<Money> {
  static Money from(const Cell& cell) { return {cell.as<std::int64_t>()}; }
  static Value to(const Money& money) { return money.cents; }
};

CONTRACT_CASE("integers come back in every width that holds them", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto row = db->query_one<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                                 std::int64_t, std::uint64_t>(
      "SELECT -128, 255, -32768, 65535, -2147483648, 4294967295, -9007199254740991, 9007199254740991");
  REQUIRE(row);
  CHECK(*row == std::tuple<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                           std::int64_t, std::uint64_t>(-128, 255, -32768, 65535, std::numeric_limits<int>::min(),
                                                        4294967295U, -9007199254740991, 9007199254740991U));
}

CONTRACT_CASE("an integer that does not fit its type is a decode error", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  for (const char* number : {"128", "-129"})
    CHECK(error_of([&] { (void)db->query_value<std::int8_t>(std::string("SELECT ") + number); }).kind() ==
          ErrorKind::decode);
  CHECK(error_of([&] { (void)db->query_value<unsigned>("SELECT -1"); }).kind() == ErrorKind::decode);
  CHECK(error_of([&] { (void)db->query_value<bool>("SELECT 2"); }).kind() == ErrorKind::decode);
}

CONTRACT_CASE("a REAL without a fraction fits double and integer alike", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<double>("SELECT 5.0") == 5.0);
  CHECK(db->query_value<int>("SELECT 5.0") == 5);
  CHECK(db->query_value<double>("SELECT 5") == 5.0);
  CHECK(db->query_value<double>("SELECT 0.1 + 0.2") == 0.1 + 0.2);
  CHECK(error_of([&] { (void)db->query_value<int>("SELECT 5.5"); }).kind() == ErrorKind::decode);
}

CONTRACT_CASE("a double takes any number, however large or small", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<double>("SELECT 1e17") == 1e17);
  CHECK(db->query_value<double>("SELECT 1e20") == 1e20);
  CHECK(db->query_value<double>("SELECT ?", {1.5e300}) == 1.5e300);
  CHECK(db->query_value<double>("SELECT ?", {2.5e-300}) == 2.5e-300);
  CHECK(db->query_value<double>("SELECT -9223372036854775807 - 1") == -9223372036854775808.0);
  CHECK(db->query_value<float>("SELECT 0.5") == 0.5F);
}

CONTRACT_CASE("infinity arrives as NULL", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<std::optional<double>>("SELECT 9e999") == std::make_optional(std::optional<double>()));
  CHECK(error_of([&] { (void)db->query_value<double>("SELECT 9e999"); }).kind() == ErrorKind::decode);
}

// SHARP EDGE: workers-sdk#3160, cloudflare-docs PR#21738.
CONTRACT_CASE("an integer of 2^53 or more is refused with a hint, never rounded in silence", "[d1][values]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  for (const char* number : {"9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775807"}) {
    const auto error = error_of([&] { (void)db->query_value<std::int64_t>(std::string("SELECT ") + number); });
    CHECK(error.kind() == ErrorKind::decode);
    CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("CAST"));
    CHECK(db->query_value<std::string>("SELECT CAST(" + std::string(number) + " AS TEXT)") == number);
  }
  CHECK(db->query_value<std::int64_t>("SELECT 9007199254740991") == 9007199254740991);
}

CONTRACT_CASE("integers beyond 2^53 are refused as parameters, and pass as text", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  constexpr std::int64_t exact = 1LL << 53;
  CHECK(db->query_value<std::string>("SELECT CAST(CAST(? AS INTEGER) AS TEXT)", {exact}) == "9007199254740992");
  for (const d1::Value& value : {d1::Value(exact + 1), d1::Value(-exact - 1), d1::Value(~std::uint64_t{0})}) {
    const auto error = error_of([&] { (void)db->query<int>("SELECT ?", {value}); });
    CHECK(error.kind() == ErrorKind::invalid_argument);
    CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("CAST"));
    CHECK(error.attempts() == 0);
  }
  CHECK(db->query_value<std::string>("SELECT CAST(CAST(? AS INTEGER) AS TEXT)", {"9223372036854775807"}) ==
        "9223372036854775807");
}

CONTRACT_CASE("NaN and infinity are refused as parameters", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK(error_of([&] { (void)db->query<double>("SELECT ?", {value}); }).kind() == ErrorKind::invalid_argument);
}

CONTRACT_CASE("text comes back with every character", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  for (const std::string& text :
       {std::string(), std::string("plain"), std::string("\"quoted\" \\ back\\\\slash / 'single'"),
        std::string("line\nfeed\ttab\r\x01\x1f"), std::string("ö € 漢字 😀 \xE2\x80\xA8"), std::string("{\"a\":[1]}"),
        std::string(100'000, 'x'), std::string("\\u0041")}) {
    CHECK(db->query_value<std::string>("SELECT ?", {text}) == text);
    const auto rows = db->query<std::string_view>("SELECT ? UNION ALL SELECT ?2", {text, text + "!"});
    CHECK(std::get<0>(rows[0]) == text);
    CHECK(std::get<0>(rows[1]) == text + "!");
  }
}

CONTRACT_CASE("text that looks like a number stays text", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_one<std::string, std::string>("SELECT ?, typeof(?1)", {"007"}) ==
        std::tuple<std::string, std::string>("007", "text"));
  CHECK(error_of([&] { (void)db->query_value<int>("SELECT '7'"); }).kind() == ErrorKind::decode);
  CHECK(error_of([&] { (void)db->query_value<std::string>("SELECT 7"); }).kind() == ErrorKind::decode);
}

CONTRACT_CASE("booleans travel as 1 and 0", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (b INTEGER)");
  db->execute("INSERT INTO t VALUES (?), (?)", {true, false});
  const auto rows = db->query<bool, int>("SELECT b, b FROM t ORDER BY b DESC");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == std::tuple(true, 1));
  CHECK(rows[1] == std::tuple(false, 0));
}

// SHARP EDGE: workers-sdk#8642.
CONTRACT_CASE("a blob of all 256 bytes goes in as bytes and comes back as bytes", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (b BLOB)");
  db->execute("INSERT INTO t VALUES (?)", {all_bytes()});
  CHECK(db->query_value<d1::Blob>("SELECT b FROM t") == all_bytes());
  CHECK(db->query_one<std::string, int>("SELECT typeof(b), length(b) FROM t") ==
        std::tuple<std::string, int>("blob", 256));
  const auto rows = db->query<std::span<const std::byte>>("SELECT b FROM t");
  const auto view = std::get<0>(rows[0]);
  CHECK(d1::Blob(view.begin(), view.end()) == all_bytes());
  CHECK(db->query_value<int>("SELECT count(*) FROM t WHERE b = ?", {std::span<const std::byte>(all_bytes())}) == 1);
}

CONTRACT_CASE("an empty blob is not NULL", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  CHECK(db->query_value<std::optional<d1::Blob>>("SELECT x''") == std::optional(d1::Blob()));
  CHECK(db->query_value<std::string>("SELECT typeof(?)", {d1::Blob()}) == "blob");
}

// SHARP EDGE: workers-sdk#2527, cloudflare-typescript#2689.
CONTRACT_CASE("numbers and booleans bind as REAL, text as text, bytes as blob", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  using Types = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
  CHECK(db->query_one<std::string, std::string, std::string, std::string, std::string, std::string>(
            "SELECT typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), typeof(?)",
            {1, 1.5, true, nullptr, "t", all_bytes()}) == Types("real", "real", "real", "null", "text", "blob"));
}

CONTRACT_CASE("the affinity of the column decides what is stored", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  db->execute("CREATE TABLE t (i INTEGER, r REAL, t TEXT, n)");
  db->execute("INSERT INTO t VALUES (?, ?, ?, ?)", {1, 1, 1, 1});
  const auto types = db->query_one<std::string, std::string, std::string, std::string>(
      "SELECT typeof(i), typeof(r), t, typeof(n) FROM t");
  CHECK(types == std::tuple<std::string, std::string, std::string, std::string>("integer", "real", "1.0", "real"));
}

CONTRACT_CASE("NULL fits an optional of every type, and nothing else", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto row =
      db->query_one<std::optional<int>, std::optional<double>, std::optional<bool>, std::optional<std::string>,
                    std::optional<d1::Blob>, std::optional<std::chrono::sys_seconds>>(
          "SELECT NULL, NULL, NULL, NULL, NULL, NULL");
  REQUIRE(row);
  CHECK_FALSE(std::apply([](const auto&... values) { return (values.has_value() || ...); }, *row));

  const auto error = error_of([&] { (void)db->query<int, std::string>("SELECT 1, 'a' UNION ALL SELECT 2, NULL"); });
  CHECK(error.kind() == ErrorKind::decode);
  CHECK_THAT(contract::text_of(error),
             Catch::Matchers::ContainsSubstring("row 1, column 1: ") && Catch::Matchers::ContainsSubstring("NULL"));
}

CONTRACT_CASE("an optional parameter is its value or NULL", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const std::optional<std::string> some = "x";
  const std::optional<int> none;
  CHECK(db->query_one<std::string, std::optional<int>>("SELECT ?, ?", {some, none}) ==
        std::tuple<std::string, std::optional<int>>("x", std::nullopt));
  CHECK(db->query_value<std::optional<int>>("SELECT ?", {std::nullopt}) == std::make_optional(std::optional<int>()));
}

CONTRACT_CASE("times come from seconds and from the text of SQLite's date functions", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  using std::chrono::sys_seconds;
  const sys_seconds time{std::chrono::seconds(1'700'000'000)};
  CHECK(db->query_value<sys_seconds>("SELECT 1700000000") == time);
  CHECK(db->query_value<sys_seconds>("SELECT datetime(1700000000, 'unixepoch')") == time);
  CHECK(db->query_value<sys_seconds>("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000, 'unixepoch')") == time);
  CHECK(db->query_value<sys_seconds>("SELECT ?", {time}) == time);
  CHECK(error_of([&] { (void)db->query_value<sys_seconds>("SELECT 'yesterday'"); }).kind() == ErrorKind::decode);
}

CONTRACT_CASE("a type of the user's reads and binds through d1::Type", "[d1][values]", Embedded, Real) {
  const auto db = cloud.fresh_database();
  const auto row = db->query_one<Money, std::optional<Money>>("SELECT CAST(? AS INTEGER), NULL", {Money{250}});
  REQUIRE(row);
  CHECK(std::get<0>(*row).cents == 250);
  CHECK_FALSE(std::get<1>(*row).has_value());
  CHECK_THAT(contract::text_of(error_of([&] { (void)db->query_value<Money>("SELECT 'no'"); })),
             Catch::Matchers::ContainsSubstring("row 0, column 0"));
}

CONTRACT_CASE("string_view columns live as long as the rows, wherever these are moved", "[d1][values]", Embedded,
              Real) {
  const auto db = cloud.fresh_database();
  auto rows = db->query<std::string_view>("SELECT 'short' UNION ALL SELECT 'with \"quotes\" and \n'");
  const auto moved = std::move(rows);
  const auto copy = moved;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(std::get<0>(moved[0]) == "short");
  CHECK(std::get<0>(copy[1]) == "with \"quotes\" and \n");
}

CONTRACT_CASE("a value of 2 000 000 bytes is stored, a longer one is refused with the limit named", "[d1][values]",
              Embedded, Real) {
  const auto db = cloud.fresh_database();
  const std::string longest(1'999'000, 'v');
  CHECK(db->query_value<int>("SELECT length(?)", {longest}) == 1'999'000);
  const auto error = error_of([&] { (void)db->query<int>("SELECT length(?)", {std::string(2'000'001, 'v')}); });
  CHECK(error.kind() == ErrorKind::invalid_argument);
  CHECK_THAT(contract::text_of(error), Catch::Matchers::ContainsSubstring("2000000"));
}
