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
  static constexpr std::array<int, 12> statuses{200, 200, 200, 200, 201, 202, 204, 400, 404, 429, 500, 403};
  const std::size_t form = in.byte();
  FakeReply reply;
  reply.status = statuses[form % statuses.size()];
  if ((form & 0x80U) != 0) reply.headers.push_back({"Retry-After", in.text()});
  // Most replies are envelopes, so most inputs are the inside of one.
  reply.body =
      (form & 0x40U) != 0 ? R"({"success":true,"errors":[],"messages":[],"result":)" + in.text() + "}" : in.text();
  return reply;
}

}  // namespace

FUZZ_TARGET(replies) {
  const auto all = support::every_operation();
  const support::NamedOperation& operation = all[in.below(all.size())];
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
