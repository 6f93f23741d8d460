// Any items and any replies: a bulk job gives each item one outcome, and sends no more requests than it must.

#include <cloudflare/kv.hpp>
#include <cloudflare/testing/fake_transport.hpp>
#include <nlohmann/json.hpp>

#include <set>

#include "base/encode.hpp"
#include "fuzz.hpp"

namespace {

namespace cf = cloudflare;
using fuzz::require;

struct Choices {
  std::vector<cf::kv::Entry> entries{};
  std::vector<std::uint8_t> replies{};
  std::uint64_t most_bytes = 0;
  int in_flight = 1;
  std::size_t stop_at = 0;  ///< The request that triggers the stop token; 0: none.
  bool lists_failures = false;
  bool throws = false;
  bool tells_progress = false;
};

Choices choices_of(fuzz::Input& in) {
  Choices made;
  made.most_bytes = 60 + in.below(400);
  const std::size_t form = in.byte();
  made.in_flight = static_cast<int>((form + 1) % 5);  // 0 is refused
  made.tells_progress = (form & 0x10U) != 0;
  made.lists_failures = (form & 0x20U) != 0;
  made.throws = (form & 0x40U) != 0;
  made.stop_at = (form & 0x80U) != 0 ? 1 + in.below(8) : 0;
  const std::size_t replies = in.below(8);
  for (std::size_t i = 0; i < replies; ++i) made.replies.push_back(in.byte());
  while (!in.empty() && made.entries.size() < 200) {
    cf::kv::Entry entry;
    const std::size_t size = in.below(70);
    entry.key = std::string(1, static_cast<char>('a' + in.below(26))) + std::to_string(in.below(3));
    entry.value = std::string(size, in.below(9) == 0 ? '\x80' : 'v');  // some are not UTF-8
    made.entries.push_back(std::move(entry));
  }
  return made;
}

// What a server may say to the write of `keys`.
cf::testing::FakeReply reply_of(std::uint8_t choice, const std::vector<std::string>& keys) {
  if (choice >= 0xF8U) return cf::testing::refused(choice == 0xFFU ? 403 : 500, choice == 0xFEU ? 10'048 : 10'000, "");
  switch (choice % 8) {
    case 0: return cf::testing::cut();
    case 1: return cf::testing::no_connection();
    case 2: return cf::testing::refused(429, 971, "slow down");
    case 3: return cf::testing::refused(413, 10'021, "too large");
    case 4: return cf::testing::refused(400, 10'012, "no");
    case 5: return cf::testing::refused(500, 10'001, "oops");
    default: {
      nlohmann::json again = nlohmann::json::array();
      if (choice % 8 == 6 && !keys.empty()) again.push_back(keys[choice / 8 % keys.size()]);
      return cf::testing::ok(
          nlohmann::json{{"successful_key_count", keys.size() - again.size()}, {"unsuccessful_keys", again}}.dump());
    }
  }
}

}  // namespace

FUZZ_TARGET(packing) {
  const Choices made = choices_of(in);
  std::map<std::string, std::string> stored;
  std::stop_source stop;
  const auto fake = std::make_shared<cf::testing::FakeTransport>();
  fake->answer_with([&, asked = std::size_t{0}](const cf::testing::SentRequest& request) mutable {
    std::vector<std::string> keys;
    const auto body = request.method == "PUT" && request.url.ends_with("/bulk") ? nlohmann::json::parse(request.body)
                                                                                : nlohmann::json::array();
    for (const auto& item : body) keys.push_back(item.at("key"));
    require(keys.empty() || std::set(keys.begin(), keys.end()).size() == keys.size(), "a request names a key once");
    require(request.body.size() <= made.most_bytes || keys.size() <= 1, "a request keeps its limit", request.body);
    const std::size_t at = asked++;
    if (at + 1 == made.stop_at) stop.request_stop();
    auto reply = reply_of(at < made.replies.size() ? made.replies[at] : 7, keys);
    if (reply.failure || reply.status != 200) return reply;
    if (const auto at_value = request.url.find("/values/"); at_value != std::string::npos)
      stored[request.url.substr(at_value + 8)] = request.body;
    const auto again = nlohmann::json::parse(reply.body)["result"]["unsuccessful_keys"];
    for (const auto& item : body)
      if (std::find(again.begin(), again.end(), item["key"]) == again.end()) {
        const std::string value = item["value"];
        stored[item["key"]] = item.value("base64", false) ? cf::detail::base64_decoded(value).value() : value;
      }
    return reply;
  });
  cf::ClientOptions options;
  options.account_id = "acc";
  options.transport = fake;
  options.clock = fake->clock();
  options.rate_budget = made.tells_progress;
  std::vector<int> outcomes(made.entries.size(), 0);
  std::vector<cf::Outcome> last(made.entries.size(), cf::Outcome::failed);
  cf::BulkOptions bulk;
  bulk.in_flight = made.in_flight;
  bulk.max_request_bytes = made.most_bytes;
  const auto settle = [&](std::uint64_t index, cf::Outcome outcome) {
    require(index < outcomes.size() && ++outcomes[index] == 1, "an item has one outcome");
    last[index] = outcome;
  };
  if (!made.lists_failures)
    bulk.on_outcome = [&](const cf::ItemOutcome& item) {
      if (made.throws && item.outcome != cf::Outcome::done) throw std::domain_error("on_outcome threw");
      require((item.outcome == cf::Outcome::done) == (item.error == nullptr), "what is not done has an error");
      settle(item.index, item.outcome);
    };
  if (made.tells_progress)
    bulk.on_progress = [&](const cf::BulkProgress& progress) {
      require(progress.items_done <= made.entries.size() && progress.items_failed <= progress.items_done,
              "progress counts items");
    };
  const cf::TokenProvider token([] { return std::string("token"); });  // a token's budget is not shared by runs then
  try {
    const auto kv = cf::ApiClient(token, options).kv("ns").with({.stop = stop.get_token()});
    const auto result = kv.put_many(made.entries, bulk);
    require(result.items <= made.entries.size() && result.succeeded + result.not_done == result.items,
            "the counts add up");
    require(result.stopped || result.items == made.entries.size(), "a job that was not stopped has read all");
    if (made.lists_failures) {
      for (const auto& failure : result.failed) settle(failure.index, failure.outcome());
      for (std::size_t i = 0; i < result.items; ++i)
        if (outcomes[i] == 0) settle(i, cf::Outcome::done);
    }
    for (std::size_t i = 0; i < result.items; ++i) require(outcomes[i] == 1, "each item that was read has an outcome");
  } catch (const std::domain_error&) {
    require(made.throws, "an exception is the caller's");
    return;
  } catch (const cf::Error& error) {
    const bool begun = error.kind() != cf::ErrorKind::invalid_argument;
    require(!begun || std::find(last.begin(), last.end(), cf::Outcome::done) == last.end(),
            "a job that has done something reports", error.what());
    return;
  }
  // The last item of a name is what the store holds, if its outcome is known.
  std::map<std::string, std::size_t> newest;
  for (std::size_t i = 0; i < made.entries.size(); ++i) newest[made.entries[i].key] = i;
  for (const auto& [key, i] : newest)
    if (last[i] == cf::Outcome::done)
      require(stored.contains(key) && stored[key] == made.entries[i].value, "what is done is stored",
              key + ": " + made.entries[i].value + " / " + stored[key]);
}
