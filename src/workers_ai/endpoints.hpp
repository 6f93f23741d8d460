#pragma once

// The endpoint of Workers AI's text embedding models. Columns as in the tables of the other products.

#include "engine/endpoint.hpp"

namespace cloudflare::ops {

// The author's and the model's name are arguments: no slash or "@" of a path is escaped.
inline constexpr std::array workers_ai_endpoints = {
    detail::Endpoint{"workers_ai.embed", "POST", "/accounts/{}/ai/run/@cf/{}/{}", detail::Repeat::read},
};

consteval const detail::Endpoint& workers_ai_endpoint(std::string_view name) {
  return detail::row(workers_ai_endpoints, name);
}

}  // namespace cloudflare::ops
