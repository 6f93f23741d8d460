// Any bytes as the reply to any operation: it returns, or it throws an Error.

#include <cloudflare/testing/fake_transport.hpp>

#include "fuzz.hpp"
#include "support/every_operation.hpp"

namespace {

namespace cf = cloudflare;
using cf::testing::FakeReply;
using cf::testing::FakeTransport;

// Replies in turn, and the last one again and again; the connection is cut at last, so that no list is endless.
std::shared_ptr<FakeTransport> transport_of(std::vector<FakeReply> replies) {
  auto fake = std::make_shared<FakeTransport>();
  fake->answer_with([replies = std::move(replies), asked = std::size_t{0}](const cf::testing::SentRequest&) mutable {
    const std::size_t at = asked++;
    return at < 40 ? replies[std::min(at, replies.size() - 1)] : cf::testing::cut();
  });
  return fake;
}

FakeReply reply_of(fuzz::Input& in) {
  static constexpr std::array<int, 12> statuses{200, 200, 200, 301, 201, 202, 204, 400, 404, 429, 500, 403};
  const std::size_t form = in.byte();
  FakeReply reply;
  reply.status = statuses[form % statuses.size()];
  if ((form & 0x80U) != 0) {  // a line of the head, or the value of one
    const std::string line = in.text();
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos)
      reply.headers.push_back({"Retry-After", line});
    else
      reply.headers.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  // Most replies are envelopes, so most inputs are the inside of one.
  reply.body =
      (form & 0x40U) != 0 ? R"({"success":true,"errors":[],"messages":[],"result":)" + in.text() + "}" : in.text();
  return reply;
}

struct Named {
  int id = 0;
  std::string name{};
  std::optional<double> weight{};
};

using support::Handles;

// What every_operation() has in another form: cells of other types, items that a bulk call sends singly, and arguments
// that are refused.
constexpr std::array further{
    support::NamedOperation{"whole numbers and text",
                            [](const Handles& h) { (void)h.d1().query<int, std::string>("SELECT id, name FROM t"); }},
    support::NamedOperation{
        "bytes and times",
        [](const Handles& h) { (void)h.d1().query<std::chrono::sys_seconds, cf::d1::Blob>("SELECT at, data FROM t"); }},
    support::NamedOperation{"one row",
                            [](const Handles& h) { (void)h.d1().query_one<bool, std::uint8_t>("SELECT a, b FROM t"); }},
    support::NamedOperation{"fields", [](const Handles& h) { (void)h.d1().query_as<Named>("SELECT * FROM t"); }},
    support::NamedOperation{"pairs with everything",
                            [](const Handles& h) {
                              const std::vector<cf::kv::Entry> entries{
                                  {.key = "a", .value = "\x80", .ttl = std::chrono::seconds(60)},
                                  {.key = "b",
                                   .value = "text",
                                   .expiration = std::chrono::sys_seconds(std::chrono::seconds(1'900'000'000)),
                                   .metadata = cf::JsonText::raw("{}")}};
                              (void)h.kv().put_many(entries);
                            }},
    support::NamedOperation{"a page too small", [](const Handles& h) { (void)h.kv().list_page({.limit = 1}); }},
    support::NamedOperation{"more matches than allowed",
                            [](const Handles& h) { (void)h.docs().query(support::every::vector(), {.top_k = 1000}); }},
    support::NamedOperation{"a vector too long",
                            [](const Handles& h) { (void)h.docs().query(std::vector<float>(2000)); }},
    support::NamedOperation{"too many ids",
                            [](const Handles& h) { (void)h.docs().get_by_ids(std::vector<std::string>(1000, "a")); }},
    support::NamedOperation{"too many of a page", [](const Handles& h) { (void)h.docs().list_page({.count = 5000}); }},
};

}  // namespace

FUZZ_TARGET(replies) {
  const auto all = support::every_operation();
  const std::size_t choice = in.below(all.size() + further.size());
  const support::NamedOperation& operation = choice < all.size() ? all[choice] : further[choice - all.size()];
  std::vector<FakeReply> replies;
  do replies.push_back(reply_of(in));
  while (!in.empty() && replies.size() < 4);

  const auto fake = transport_of(std::move(replies));
  cf::ClientOptions options;
  options.account_id = "local";
  options.transport = fake;
  options.clock = fake->clock();
  options.max_attempts = 2;
  const support::Handles handles{.client = cf::ApiClient(cf::ApiToken("token"), options),
                                 .edge = {"https://edge.example", cf::edgebase::ServiceKey("key"), options},
                                 .folder = "/tmp/cloudflare-fuzz-"};
  fuzz::succeeds([&] { operation.run(handles); });
}
