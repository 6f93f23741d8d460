// bulk-requests: how many requests every `_many` call makes, against the fewest that the documented limits allow.

#include <cloudflare/cloudflare.hpp>

#include "counting.hpp"
#include "measure.hpp"

namespace {

namespace cf = cloudflare;

constexpr std::uint64_t count = 100'000;

std::uint64_t least(std::uint64_t items, std::uint64_t a_request) { return (items + a_request - 1) / a_request; }

std::uint64_t total = 0;
std::uint64_t fewest = 0;

void compare(const char* name, std::uint64_t used, std::uint64_t minimum) {
  total += used;
  fewest += minimum;
  if (used != minimum)
    std::fprintf(stderr, "%s: %llu requests, %llu would do\n", name, static_cast<unsigned long long>(used),
                 static_cast<unsigned long long>(minimum));
}

void run() {
  namespace limits = cf::limits;
  const auto transport = std::make_shared<bench::CountingTransport>();
  const auto client = bench::client_over(transport);
  const auto answer = [&](const char* result) {
    transport->answer = [result](const auto&) { return bench::CountingTransport::envelope(result); };
  };
  const auto kv = client.kv("ns");
  compare("kv put_many", kv.put_many(bench::pairs(count)).requests, least(count, limits::kv_bulk_pairs));
  compare("kv erase_many", kv.erase_many(bench::keys(count)).requests, least(count, limits::kv_bulk_keys));
  answer(R"({"values":{}})");
  compare("kv get_many", kv.get_many(bench::keys(count)).outcome.requests, least(count, limits::kv_bulk_get_keys));

  answer(R"({"mutationId":"m"})");
  const auto index = client.vectorize("index");
  const std::vector<float> values(8, 0.5F);
  const auto vectors = [&] {
    return bench::Numbered(
        count, [&](std::uint64_t i) { return cf::vectorize::Vector{.id = "v" + std::to_string(i), .values = values}; });
  };
  const std::uint64_t uploads = least(count, limits::vectorize_upload_vectors);
  compare("vectorize insert_many", index.insert_many(vectors()).requests, uploads);
  compare("vectorize upsert_many", index.upsert_many(vectors()).requests, uploads);
  compare("vectorize erase_many", index.erase_many(bench::keys(count)).requests,
          least(count, limits::vectorize_erase_ids));
  answer("[]");
  compare("vectorize get_many", index.get_many(bench::keys(count)).outcome.requests,
          least(count, limits::vectorize_get_ids));

  std::vector<cf::d1::Params> rows;
  for (std::int64_t i = 0; i < 20'000; ++i) rows.push_back({i, "name"});
  const cf::d1::InsertOptions options;
  const std::uint64_t statements = least(rows.size(), limits::d1_parameters / 2);
  compare("d1 insert_many",
          client.d1("00000000-0000-0000-0000-000000000000").insert_many("t", {"id", "name"}, rows, options).requests,
          least(statements, options.max_statements));
  std::printf("minimum %llu %llu requests <=1\n", static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(fewest));
}

}  // namespace

int main() { return bench::reported(run); }
