// How a Result keeps its value or its Error: copies, moves, assignments, and values that throw.

#include <cloudflare/result.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace cf = cloudflare;

namespace {

// Counts those that live. A move throws when it is told to.
struct Counted {
  static inline int alive = 0;
  static inline bool moves_throw = false;

  explicit Counted(std::string given) : text(std::move(given)) { ++alive; }
  Counted(const Counted& other) : text(other.text) { ++alive; }
  Counted(Counted&& other) : text(std::move(other.text)) {  // NOLINT(*-noexcept-move*)
    if (moves_throw) throw std::runtime_error("cannot move");
    ++alive;
  }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&& other) {  // NOLINT(*-noexcept-move*)
    if (moves_throw) throw std::runtime_error("cannot move");
    text = std::move(other.text);
    return *this;
  }
  ~Counted() { --alive; }
  Counted* operator&() = delete;  // NOLINT(*-runtime-operator, *-unary-operator*): nobody may need it

  std::string text;
};

using Checked = cf::Result<Counted>;

Checked value(const std::string& text) { return Counted(text); }
Checked error(const std::string& text) { return cf::invalid_argument(text); }

// What it holds, said in one word.
std::string held(const Checked& result) {
  return result ? "value " + result->text : "error " + result.error().details().text;
}

}  // namespace

TEST_CASE("a Result is copied and moved as what it holds, and every value is destroyed once") {
  REQUIRE(Counted::alive == 0);
  {
    const std::vector<Checked> both{value("a"), error("b")};
    for (const Checked& one : both) {
      const Checked copied(one);
      Checked moved_from(one);
      const Checked moved(std::move(moved_from));
      CHECK(held(copied) == held(one));
      CHECK(held(moved) == held(one));
      for (const Checked& other : both) {
        Checked assigned(other);
        assigned = one;
        CHECK(held(assigned) == held(one));
        Checked given(one);
        assigned = other;
        assigned = std::move(given);
        CHECK(held(assigned) == held(one));
        Checked& itself = assigned;
        assigned = itself;
        CHECK(held(assigned) == held(one));
      }
    }
    std::vector<Checked> grown;
    for (int i = 0; i < 20; ++i) grown.push_back(i % 3 == 0 ? error("e") : value("v"));
    CHECK(Counted::alive == 1 + 13);
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("a value that throws while it is assigned leaves the error that was there, and nothing is lost or leaked") {
  REQUIRE(Counted::alive == 0);
  {
    const Checked from = value("new");
    Checked refused = error("old");
    Checked kept = value("old");
    Checked copy = from;
    Counted::moves_throw = true;
    CHECK_THROWS_AS(refused = from, std::runtime_error);
    CHECK_THROWS_AS(kept = from, std::runtime_error);
    CHECK_THROWS_AS(Checked(std::move(copy)), std::runtime_error);
    Counted::moves_throw = false;
    CHECK(held(refused) == "error old");
    CHECK(held(kept) == "value old");
    refused = from;
    CHECK(held(refused) == "value new");
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("what a Result can do follows what its value can do") {
  using Only = cf::Result<std::unique_ptr<int>>;
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Only>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Only>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<Only>);
  STATIC_REQUIRE(std::is_copy_constructible_v<cf::Result<std::string>>);
  STATIC_REQUIRE(std::is_copy_assignable_v<cf::Result<std::string>>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_constructible_v<Checked>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_assignable_v<Checked>);
  STATIC_REQUIRE_FALSE(std::is_default_constructible_v<cf::Result<int>>);
  STATIC_REQUIRE(std::is_default_constructible_v<cf::Result<void>>);

  Only pointer = std::make_unique<int>(1);
  pointer = Only(std::make_unique<int>(2));
  CHECK(**pointer == 2);
  pointer = cf::invalid_argument("gone");
  CHECK_FALSE(pointer);
  pointer = std::make_unique<int>(3);
  CHECK(*std::move(pointer).value() == 3);

  cf::Result<void> done;
  CHECK(done);
  done = cf::invalid_argument("no");
  CHECK_FALSE(done);
  done = cf::Result<void>();
  CHECK(done);
}
