// The handles of Workers AI.

#include <cloudflare/workers_ai.hpp>

#include <array>
#include <utility>

#include "engine/client_core.hpp"

namespace cloudflare {

template class WorkersAiVerbs<Throwing>;
template class WorkersAiVerbs<Checked>;

int workers_ai::dimensions_of(std::string_view model) noexcept {
  constexpr std::array<std::pair<std::string_view, int>, 4> known{{{models::bge_small_en_v1_5, 384},
                                                                   {models::bge_base_en_v1_5, 768},
                                                                   {models::bge_large_en_v1_5, 1024},
                                                                   {models::bge_m3, 1024}}};
  for (const auto& [name, dimensions] : known)
    if (name == model) return dimensions;
  return 0;
}

WorkersAi::WorkersAi(const ApiClient& client, std::string model, const workers_ai::ModelOptions& options)
    : WorkersAiVerbs(client.context(), {.name = std::move(model), .pooling = options.pooling}) {
  model_.dimensions = options.dimensions != 0 ? options.dimensions : workers_ai::dimensions_of(model_.name);
}

std::vector<std::vector<float>> WorkersAi::embed(std::span<const std::string> texts) const {
  return WorkersAiVerbs::embed(texts);
}

CheckedWorkersAi WorkersAi::checked() const { return {context_, model_}; }
WorkersAi WorkersAi::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), model_};
}

}  // namespace cloudflare
