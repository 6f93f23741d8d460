// [sql]
#include <cloudflare/d1.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;

struct User {  // its members are the columns, by name
  std::int64_t id = 0;
  std::string name{};
  std::optional<double> score{};  // NULL is nullopt; without the optional it would be an error
};

int main() {
  cf::local::Cloudflare cloud;
  cf::ApiClient client = cloud.client();
  cf::D1Database db = client.d1(client.d1_databases().create("shop").uuid);

  db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL)");
  db.execute("INSERT INTO users (name, score) VALUES (?, ?), (?, ?)", {"Ann", 1.5, "Bob", nullptr});

  for (const auto& [id, name] : db.query<std::int64_t, std::string>("SELECT id, name FROM users WHERE id < ?", {10}))
    std::cout << id << ' ' << name << '\n';
  if (const auto ann = db.query_one_as<User>("SELECT * FROM users WHERE name = ?", {"Ann"}))
    std::cout << ann->name << " has " << ann->score.value_or(0) << '\n';

  std::vector<std::tuple<std::string, double>> rows;
  for (int i = 0; i < 10'000; ++i) rows.emplace_back("user " + std::to_string(i), i * 0.5);
  const cf::d1::InsertResult done = db.insert_many("users", {"name", "score"}, rows);
  std::cout << done.committed << " rows, " << done.requests << " requests\n";
  if (done.failure) std::cerr << "from row " << done.failure->first_row << ": " << done.failure->error.what() << '\n';

  std::cout << db.query_value<int>("SELECT count(*) FROM users").value() << " in all\n";
}
// [/sql]
