// The operations on the account's indexes, and on the metadata indexes of one.

#include <algorithm>
#include <array>

#include "engine/find.hpp"
#include "vectorize/common.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;
using vectorize::Index;
using vectorize::MetadataIndex;
using vectorize::MetadataType;
using vectorize::Metric;
using vectorize::Mutation;

constexpr std::array<std::string_view, 3> metrics{"cosine", "euclidean", "dot-product"};
constexpr std::array<std::string_view, 3> types{"string", "number", "boolean"};

template <class E>
std::optional<E> find_name(const std::array<std::string_view, 3>& names, json::value name) {
  if (name.type() != json::json_type::string) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), std::string_view(name.get_string()));
  if (found == names.end()) return std::nullopt;
  return static_cast<E>(found - names.begin());
}

void read_config(Index& index, json::value config) {
  detail::each_member(config, [&](std::string_view name, json::value value) {
    if (value.is_null()) return;
    if (name == "dimensions")
      index.dimensions = static_cast<int>(detail::integer(value));
    else if (name == "metric")
      index.metric = read_metric(value);
  });
}

Index read_index(json::object object) {
  Index index;
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (value.is_null()) continue;
    if (name == "name")
      index.name = detail::string(value);
    else if (name == "description")
      index.description = value.type() == json::json_type::string ? detail::string(value) : std::string();
    else if (name == "created_on")
      index.created_on = read_time(value);
    else if (name == "modified_on")
      index.modified_on = read_time(value);
    else if (name == "config")
      read_config(index, value);
  }
  return index;
}

Result<Index> read_one_index(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the index",
                           [](json::document& document) { return read_index(document.get_object()); });
}

Result<std::vector<Index>> read_indexes(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list of indexes",
                           [](json::document& document) {
                             std::vector<Index> list;
                             for (auto item : document.get_array()) list.push_back(read_index(item.get_object()));
                             return list;
                           });
}

Result<detail::Request> named_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                      std::string_view name) {
  return index_request(endpoint, context, {.name = std::string(name)});
}

bool is_no_such_index(const Error& error) noexcept {
  return error.kind() == ErrorKind::not_found &&
         (error.has(ErrorCode::vectorize_index_not_found) || error.has(ErrorCode::vectorize_index_deleted));
}

// A 404 on a repeated removal means that an earlier attempt succeeded.
Result<void> removed_if_repeated(Error&& error) {
  if (error.details().repeated_unknown && error.kind() == ErrorKind::not_found) return {};
  return std::move(error);
}

Result<Mutation> erased_if_repeated(Error&& error) {
  if (error.details().repeated_unknown && error.http_status() == 404 && !is_no_such_index(error)) return Mutation();
  return std::move(error);
}

std::optional<Error> check_create(const vectorize::CreateOptions& options, bool limits) {
  if (!options.preset.empty() && options.dimensions != 0)
    return invalid_argument("a preset takes the place of dimensions; give one of them");
  if (!options.preset.empty()) return std::nullopt;
  if (options.dimensions < 1 || (limits && options.dimensions > limits::vectorize_max_dimensions))
    return invalid_argument("the index is to have " + std::to_string(options.dimensions) +
                            " dimensions; 1 to 1536 are allowed");
  return std::nullopt;
}

std::string create_body(std::string_view name, const vectorize::CreateOptions& options) {
  std::string body = R"({"name":)";
  detail::append_json_string(body, name);
  if (!options.description.empty()) detail::append_json_string(body.append(R"(,"description":)"), options.description);
  if (!options.preset.empty()) {
    detail::append_json_string(body.append(R"(,"config":{"preset":)"), options.preset);
  } else {
    detail::append_number(body.append(R"(,"config":{"dimensions":)"), options.dimensions);
    detail::append_json_string(body.append(R"(,"metric":)"), metrics.at(static_cast<std::size_t>(options.metric)));
  }
  return body + "}}";
}

Result<detail::Request> property_request(const detail::Endpoint& endpoint, const RequestContext& context,
                                         const VectorizeTarget& index, std::string_view property,
                                         std::optional<MetadataType> type) {
  auto request = index_request(endpoint, context, index);
  if (!request) return request;
  if (property.empty()) return invalid_argument("the name of the property is empty");
  if (!detail::is_utf8(property)) return invalid_argument("the name of the property is not UTF-8");
  std::string body = R"({"propertyName":)";
  detail::append_json_string(body, property);
  if (type) detail::append_json_string(body.append(R"(,"indexType":)"), types.at(static_cast<std::size_t>(*type)));
  detail::set_json(*request, body + "}");
  return request;
}

MetadataIndex read_metadata_index(json::value value) {
  MetadataIndex index{.type = std::nullopt};
  detail::each_member(value, [&](std::string_view name, json::value member) {
    if (name == "propertyName") {
      index.property = detail::string(member);
    } else if (name == "indexType") {
      index.type = find_name<MetadataType>(types, member);
    }
  });
  return index;
}

// What a reply does not say, or a preset leaves open, is not compared.
std::optional<Error> differs(const Index& found, const vectorize::CreateOptions& asked) {
  if (!asked.preset.empty()) return std::nullopt;
  const bool dimensions = found.dimensions == 0 || found.dimensions == asked.dimensions;
  const bool metric = !found.metric || *found.metric == asked.metric;
  if (dimensions && metric) return std::nullopt;
  const auto text = [](int size, Metric by) {
    return std::to_string(size) + " dimensions and the metric " + std::string(metrics.at(static_cast<std::size_t>(by)));
  };
  return detail::exists_otherwise("vectorize.indexes.ensure",
                                  "the index exists with " +
                                      text(found.dimensions, found.metric.value_or(asked.metric)) + ", not with " +
                                      text(asked.dimensions, asked.metric));
}

}  // namespace

std::optional<Metric> read_metric(json::value name) { return find_name<Metric>(metrics, name); }

Call<std::vector<Index>> vectorize_list_indexes(const RequestContext& context) {
  return {detail::account_request(vectorize_endpoint("vectorize.indexes.list"), context), read_indexes};
}

Call<Index> vectorize_create(const RequestContext& context, std::string_view name,
                             const vectorize::CreateOptions& options) {
  const bool limits = detail::checks_limits(context);
  auto request = detail::account_request(vectorize_endpoint("vectorize.indexes.create"), context);
  if (request) {
    auto error = check_index_name(name, limits);
    if (!error) error = check_create(options, limits);
    if (!error && (!detail::is_utf8(name) || !detail::is_utf8(options.description) || !detail::is_utf8(options.preset)))
      error = invalid_argument("name, description or preset of the index is not UTF-8");
    if (error)
      request = std::move(*error);
    else
      detail::set_json(*request, create_body(name, options));
  }
  return {std::move(request), read_one_index};
}

Call<Index> vectorize_get_index(const RequestContext& context, std::string_view name) {
  return {named_request(vectorize_endpoint("vectorize.indexes.get"), context, name), read_one_index};
}

Call<std::optional<Index>> vectorize_find_index(const RequestContext& context, std::string_view name) {
  return {named_request(vectorize_endpoint("vectorize.indexes.get"), context, name),
          [](Reply&& reply) -> Result<std::optional<Index>> {
            return read_one_index(std::move(reply)).transform([](Index&& index) {
              return std::optional(std::move(index));
            });
          },
          [](Error&& error) -> Result<std::optional<Index>> {
            if (is_no_such_index(error)) return std::optional<Index>();
            return std::move(error);
          }};
}

FlowPtr<Ensured<Index>> vectorize_ensure(const RequestContext& context, std::string_view name,
                                         const vectorize::CreateOptions& options) {
  using Find = Call<std::optional<Index>>;
  return std::make_unique<detail::Ensure<Index>>(
      [context, name = std::string(name)] { return std::make_unique<Find>(vectorize_find_index(context, name)); },
      vectorize_create(context, name, options), [options](const Index& found) { return differs(found, options); });
}

Call<void> vectorize_remove(const RequestContext& context, std::string_view name) {
  return {named_request(vectorize_endpoint("vectorize.indexes.remove"), context, name),
          [](Reply&&) -> Result<void> { return {}; }, removed_if_repeated};
}

Call<Mutation> vectorize_create_metadata_index(const RequestContext& context, const VectorizeTarget& index,
                                               std::string_view property, MetadataType type) {
  return {property_request(vectorize_endpoint("vectorize.create_metadata_index"), context, index, property, type),
          read_mutation_reply};
}

Call<std::vector<MetadataIndex>> vectorize_list_metadata_indexes(const RequestContext& context,
                                                                 const VectorizeTarget& index) {
  return {index_request(vectorize_endpoint("vectorize.list_metadata_indexes"), context, index),
          [](Reply&& reply) -> Result<std::vector<MetadataIndex>> {
            return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the metadata indexes",
                                     [](json::document& document) {
                                       std::vector<MetadataIndex> list;
                                       if (document.is_null()) return list;
                                       for (auto field : document.get_object()) {
                                         const std::string_view name = field.unescaped_key();
                                         json::value value = field.value();
                                         if (name != "metadataIndexes" || value.is_null()) continue;
                                         for (auto item : value.get_array())
                                           list.push_back(read_metadata_index(item.value()));
                                       }
                                       return list;
                                     });
          }};
}

Call<Mutation> vectorize_erase_metadata_index(const RequestContext& context, const VectorizeTarget& index,
                                              std::string_view property) {
  return {
      property_request(vectorize_endpoint("vectorize.erase_metadata_index"), context, index, property, std::nullopt),
      read_mutation_reply, erased_if_repeated};
}

}  // namespace cloudflare::ops
