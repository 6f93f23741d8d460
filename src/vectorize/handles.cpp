// The handles of Vectorize.

#include <cloudflare/vectorize.hpp>

#include "engine/client_core.hpp"

namespace cloudflare {

template class VectorStore<Throwing>;
template class VectorStore<Checked>;
template class VectorizeVerbs<Throwing>;
template class VectorizeVerbs<Checked>;
template class VectorizeIndexesVerbs<Throwing>;
template class VectorizeIndexesVerbs<Checked>;

VectorizeIndex::VectorizeIndex(const ApiClient& client, std::string name, int dimensions)
    : VectorizeVerbs(client.context(), {std::move(name), dimensions}) {}
VectorizeIndexes::VectorizeIndexes(const ApiClient& client) : VectorizeIndexesVerbs(client.context()) {}

VectorizeIndex ApiClient::vectorize(std::string index_name, int dimensions) const {
  return {*this, std::move(index_name), dimensions};
}
VectorizeIndexes ApiClient::vectorize_indexes() const { return VectorizeIndexes(*this); }

vectorize::VectorRange VectorizeIndex::list(const vectorize::ListOptions& options) const {
  return vectorize::VectorRange(pages(options));
}
CheckedVectorizeIndex VectorizeIndex::checked() const { return {context_, index_}; }
VectorizeIndex VectorizeIndex::with(const CallOptions& options) const {
  return {detail::with_options(context_, options), index_};
}

CheckedVectorizeIndexes VectorizeIndexes::checked() const { return CheckedVectorizeIndexes(context_); }
VectorizeIndexes VectorizeIndexes::with(const CallOptions& options) const {
  return VectorizeIndexes(detail::with_options(context_, options));
}

}  // namespace cloudflare
