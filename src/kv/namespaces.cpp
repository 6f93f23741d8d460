// The operations on the account's namespaces.

#include <array>

#include "engine/find.hpp"
#include "kv/common.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;
using detail::Reply;

constexpr std::array<std::string_view, 3> kv_jurisdictions{"eu", "fedramp", "us"};

kv::Namespace read_namespace(json::object object) {
  kv::Namespace ns;
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (name == "id")
      ns.id = detail::string(value);
    else if (name == "title")
      ns.title = detail::string(value);
    else if (name == "jurisdiction")
      ns.jurisdiction = value.is_null() ? std::string() : detail::string(value);
    else if (name == "supports_url_encoding")
      ns.supports_url_encoding = !value.is_null() && value.get_bool();
  }
  return ns;
}

Result<kv::Namespace> read_one_namespace(Reply&& reply) {
  return detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the namespace",
                           [](json::document& document) { return read_namespace(document.get_object()); });
}

Result<kv::NamespacePage> read_namespace_page(Reply&& reply, int page_number, int per_page) {
  auto page = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list of namespaces",
                                [](json::document& document) {
                                  kv::NamespacePage list;
                                  for (auto item : document.get_array())
                                    list.namespaces.push_back(read_namespace(item.get_object()));
                                  return list;
                                });
  if (!page) return page;
  auto info = detail::read_result_info(reply);
  if (!info) return info.error();
  page->info = info->info;
  page->cursor = detail::next_page(page->info, page_number, per_page, page->namespaces.size());
  return page;
}

std::optional<Error> check_title(std::string_view title, const RequestContext& context) {
  if (title.empty()) return invalid_argument("the title is empty");
  if (!detail::is_utf8(title)) return invalid_argument("the title is not UTF-8");
  const auto characters = std::count_if(title.begin(), title.end(), [](char c) { return (c & '\xC0') != '\x80'; });
  if (detail::checks_limits(context) && characters > static_cast<std::ptrdiff_t>(limits::kv_title_chars))
    return invalid_argument("the title has " + std::to_string(characters) + " characters; at most 512 are allowed");
  return std::nullopt;
}

void set_title(Result<detail::Request>& request, std::string_view title, const RequestContext& context,
               const kv::CreateOptions& options = kv::CreateOptions()) {
  if (!request) return;
  if (auto error = check_title(title, context)) {
    request = std::move(*error);
    return;
  }
  std::string body = R"({"title":)";
  detail::append_json_string(body, title);
  if (options.jurisdiction)
    detail::append_json_string(body.append(R"(,"jurisdiction":)"),
                               kv_jurisdictions.at(static_cast<std::size_t>(*options.jurisdiction)));
  detail::set_json(*request, body + "}");
}

// A 404 on a repeated removal means that an earlier attempt succeeded.
Result<void> namespace_removed(Error&& error) {
  if (error.details().repeated_unknown && error.kind() == ErrorKind::not_found) return {};
  return std::move(error);
}

}  // namespace

Call<kv::Namespace> kv_create(const RequestContext& context, std::string_view title, const kv::CreateOptions& options) {
  auto request = detail::account_request(kv_endpoint("kv.namespaces.create"), context);
  set_title(request, title, context, options);
  return {std::move(request), read_one_namespace};
}

Call<kv::Namespace> kv_get_namespace(const RequestContext& context, std::string_view id) {
  return {namespace_request(kv_endpoint("kv.namespaces.get"), context, id), read_one_namespace};
}

Call<kv::Namespace> kv_rename(const RequestContext& context, std::string_view id, std::string_view title) {
  auto request = namespace_request(kv_endpoint("kv.namespaces.rename"), context, id);
  set_title(request, title, context);
  return {std::move(request), read_one_namespace};
}

Call<void> kv_remove(const RequestContext& context, std::string_view id) {
  return {namespace_request(kv_endpoint("kv.namespaces.remove"), context, id),
          [](Reply&&) -> Result<void> { return {}; }, namespace_removed};
}

Call<kv::NamespacePage> kv_list_namespaces(const RequestContext& context, const kv::NamespaceListOptions& options) {
  auto request = detail::account_request(kv_endpoint("kv.namespaces.list"), context);
  const int per_page = options.per_page.value_or(limits::namespaces_per_page_max);
  const bool allowed = per_page >= 1 && per_page <= limits::namespaces_per_page_max;
  if (request && (per_page < 0 || (!allowed && detail::checks_limits(context))))
    request = invalid_argument("per_page is " + std::to_string(per_page) + "; 1 to 1000 are allowed");
  const auto page_number = detail::page_number(options.cursor);
  if (request && !page_number) request = invalid_argument("the cursor is not the number of a page");
  if (request) {
    detail::add_query(*request, "page", std::to_string(*page_number));
    detail::add_query(*request, "per_page", std::to_string(per_page));
    if (options.order) detail::add_query(*request, "order", *options.order == kv::NamespaceOrder::id ? "id" : "title");
    if (options.direction)
      detail::add_query(*request, "direction", *options.direction == kv::Direction::asc ? "asc" : "desc");
  }
  return {std::move(request), [number = page_number.value_or(1), per_page](Reply&& reply) {
            return read_namespace_page(std::move(reply), number, per_page);
          }};
}

std::shared_ptr<detail::PageWalk<kv::NamespacePage>> kv_namespace_walk(const RequestContext& context,
                                                                       const kv::NamespaceListOptions& options) {
  auto walk = std::make_shared<detail::PageWalk<kv::NamespacePage>>();
  walk->cursor = options.cursor;
  walk->fetch = [context, options](const std::string& cursor) {
    kv::NamespaceListOptions page = options;
    page.cursor = cursor;
    return kv_list_namespaces(context, page);
  };
  return walk;
}

FlowPtr<std::optional<kv::Namespace>> kv_find_namespace(const RequestContext& context, std::string_view title) {
  using Find = detail::Find<kv::NamespacePage, kv::Namespace>;
  if (auto error = check_title(title, context)) return std::make_unique<Find>(std::move(*error));
  return std::make_unique<Find>(
      kv_namespace_walk(context, {}),
      [whole = std::string(title)](const kv::Namespace& found) { return found.title == whole; });
}

FlowPtr<Ensured<kv::Namespace>> kv_ensure(const RequestContext& context, std::string_view title,
                                          const kv::CreateOptions& options) {
  const std::string_view asked =
      options.jurisdiction ? kv_jurisdictions.at(static_cast<std::size_t>(*options.jurisdiction)) : std::string_view();
  return std::make_unique<detail::Ensure<kv::Namespace>>(
      [context, title = std::string(title)] { return kv_find_namespace(context, title); },
      kv_create(context, title, options),
      [asked](const kv::Namespace& found) {
        return detail::other_jurisdiction("kv.namespaces.ensure", found.jurisdiction, asked);
      });
}

}  // namespace cloudflare::ops
