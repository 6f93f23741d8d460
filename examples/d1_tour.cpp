// A tour of D1 over the embedded store: no account, no network.

#include <cloudflare/cloudflare.hpp>
#include <cloudflare/local.hpp>
#include <iostream>

namespace cf = cloudflare;

// [struct]
struct User {  // its members are the columns, by name
  std::int64_t id = 0;
  std::string name{};
  std::optional<double> score{};  // NULL is nullopt; without the optional it would be an error
};
// [/struct]

// [columns]
struct Account {
  std::int64_t number = 0;
  std::string owner{};
};
auto d1_columns(const Account*) {  // other names, or members that are no columns
  return std::tuple(cf::d1::column("id", &Account::number), cf::d1::column("name", &Account::owner));
}
// [/columns]

struct Money {
  std::int64_t cents = 0;
};
// [type]
template <>
struct cloudflare::d1::Type<Money> {
  static Money from(const Cell& cell) { return {cell.as<std::int64_t>()}; }  // reading; throw Error to refuse
  static Value to(const Money& money) { return money.cents; }                // a parameter
};
// [/type]

int main() {
  cf::local::Cloudflare cloud;  // in memory; give it a folder and it stays
  cf::ApiClient client = cloud.client();

  // [basics]
  cf::D1Database db = client.d1(client.d1_databases().create("shop").uuid);
  db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score REAL)");
  db.execute("INSERT INTO users (name, score) VALUES (?, ?), (?, ?)", {"Ann", 1.5, "Bob", nullptr});

  for (const auto& [id, name] : db.query<std::int64_t, std::string>("SELECT id, name FROM users WHERE id < ?", {10}))
    std::cout << id << ' ' << name << '\n';
  // [/basics]

  // [read]
  const auto users = db.query_as<User>("SELECT * FROM users ORDER BY id");                // all of them, as structs
  const auto ann = db.query_one_as<User>("SELECT * FROM users WHERE name = ?", {"Ann"});  // nullopt if there is none
  const auto count = db.query_value<int>("SELECT count(*) FROM users");                   // of the one row
  const nlohmann::json any = db.query_json("SELECT name, score FROM users");              // rows as objects
  // [/read]

  // [views]
  const auto names = db.query<std::string_view>("SELECT name FROM users");  // no copies: the text lives in `names`
  // [/views]

  // [table]
  const cf::d1::Table table = db.query("SELECT * FROM users ORDER BY id");  // whatever the columns are
  for (const std::string& column : table.columns()) std::cout << column << '\t';
  std::cout << '\n';
  for (const cf::d1::Row& row : table)
    if (!row["score"].is_null()) std::cout << row[0].integer() << '\t' << row["name"].as<std::string>() << '\n';
  // [/table]

  // [bulk]
  std::vector<std::tuple<std::string, double>> rows;
  for (int i = 0; i < 10'000; ++i) rows.emplace_back("user " + std::to_string(i), i * 0.5);
  const cf::d1::InsertResult done = db.insert_many("users", {"name", "score"}, rows);  // 2 requests
  if (done.failure)
    std::cerr << "rows " << done.failure->first_row << " to " << done.failure->last_row << ": "
              << done.failure->error.what() << "; " << done.committed << " rows before them are in the table\n";
  // [/bulk]

  // [each]
  double total = 0;  // a result of any size: neither the reply nor the rows are kept
  const cf::d1::ReadResult read = db.for_each_row<std::string_view, std::optional<double>>(
      "SELECT name, score FROM users WHERE id > ?", {2},
      [&](std::string_view, std::optional<double> score) { total += score.value_or(0); });
  std::cout << read.rows << " rows\n";
  // [/each]

  // [in_list]
  const std::vector<int> wanted{1, 2, 3, 5, 8};  // any number of them, as one parameter
  const auto chosen = db.query_as<User>("SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                                        {cf::d1::in_list(wanted)});
  // [/in_list]

  // [batch]
  const cf::d1::Results results = db.batch({{.sql = "UPDATE users SET score = ? WHERE id = ?", .params = {2.5, 1}},
                                            {.sql = "SELECT id, name, score FROM users WHERE id = 1"}});
  const std::int64_t changed = results.changes();
  const User first = results[1].rows_as<User>().front();
  // [/batch]

  // [unknown]
  cf::Result<cf::d1::Results> sent = db.checked().execute("INSERT INTO users (name) VALUES ('Cid')");
  if (!sent && sent.error().outcome_unknown())
    std::cerr << "the row may be in the table: look before you insert it again\n";
  // [/unknown]

  const auto account = db.query_one_as<Account>("SELECT id, name FROM users WHERE id = 2");
  const auto price = db.query_value<Money>("SELECT CAST(? AS INTEGER)", {Money{250}});
  const bool good = users.size() == 2 && !users[1].score && ann && count == 2 && any[1]["score"].is_null() &&
                    names.size() == 2 && table.size() == 2 && read.rows == 10'000 && total > 2e7 && done.complete() &&
                    done.requests == 2 && chosen.size() == 5 && changed == 1 && first.score == 2.5 && sent && account &&
                    account->owner == "Bob" && price && price->cents == 250;
  return good ? 0 : 1;
}
