// Requests to any endpoint: replies as they came, and the pages of any list.

#include <algorithm>

#include "account/any_path.hpp"
#include "base/json_in.hpp"
#include "engine/extra_headers.hpp"
#include "engine/paging.hpp"
#include "engine/request.hpp"

namespace cloudflare::ops {

namespace {

namespace json = detail::json;

RawReply read_raw_reply(detail::Reply&& reply) {
  RawReply raw;
  // A body that is no envelope of v4 may have any `result_info`.
  if (auto info = detail::read_result_info(reply)) raw.info = info->info;
  raw.status = reply.http.status;
  raw.headers = std::move(reply.http.headers);
  raw.body = std::move(reply.http.body);
  return raw;
}

/// Where a walk stands: the cursor that the server gave, or the number of a page. As text: "cursor=…" or "page=2".
struct Place {
  std::string cursor{};
  int page = 1;
};

std::optional<Place> place_of(std::string_view text) {
  constexpr std::string_view by_cursor = "cursor=", by_page = "page=";
  if (text.starts_with(by_cursor) && text.size() > by_cursor.size())
    return Place{.cursor = std::string(text.substr(by_cursor.size()))};
  if (!text.starts_with(by_page) || text.size() == by_page.size()) return std::nullopt;
  const auto page = detail::page_number(text.substr(by_page.size()));
  return page ? std::optional(Place{.page = *page}) : std::nullopt;
}

/// The path of a list, its query taken apart.
struct ListPath {
  std::string path{};  ///< With what stays the same on all pages.
  Place first{};
  std::string first_query{};  ///< The `page` or `cursor` of the caller.
  std::optional<int> per_page{};
};

ListPath taken_apart(std::string_view path) {
  ListPath list;
  const std::size_t mark = std::min(path.find('?'), path.size());
  list.path = path.substr(0, mark);
  std::string_view query = path.substr(std::min(mark + 1, path.size()));
  char before = '?';
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.starts_with("page=") || part.starts_with("cursor=")) {
      list.first_query = part;
      if (const auto place = place_of(part); place && place->cursor.empty()) list.first = *place;
      continue;
    }
    if (part.starts_with("per_page=")) list.per_page = detail::page_number(part.substr(part.find('=') + 1));
    list.path.append(1, std::exchange(before, '&')).append(part);
  }
  return list;
}

// `List` is the whole document or a value in it.
template <class List>
std::vector<JsonText> read_items(List&& list) {
  std::vector<JsonText> items;
  if (list.is_null()) return items;  // what some endpoints send for an empty list
  if (json::json_type(list.type()) != json::json_type::array)
    throw Error(ErrorKind::decode, "the result is no list; if a member of it is, name it in RawListOptions::member");
  for (auto item : list.get_array()) items.push_back(detail::json_text(item.value()));
  return items;
}

Result<RawPage> read_raw_page(detail::Reply&& reply, const std::string& member, const Place& place,
                              std::optional<int> per_page) {
  auto page = detail::read_json(reply.http.body, reply.result_begin, reply.result_size, "the list",
                                [&](json::document& document) {
                                  RawPage read;
                                  bool found = member.empty();
                                  if (found) read.results = read_items(document);
                                  if (!found)
                                    for (auto field : document.get_object()) {
                                      if (std::string_view(field.unescaped_key()) != member) continue;
                                      read.results = read_items(field.value().value());
                                      found = true;
                                    }
                                  if (!found) throw Error(ErrorKind::decode, "the result has no member of that name");
                                  return read;
                                });
  if (!page) return page;
  auto info = detail::read_result_info(reply);
  if (!info) return info.error();
  page->info = info->info;
  const ResultInfo& known = page->info;
  if (!info->cursor.empty()) {
    page->cursor = "cursor=" + info->cursor;
  } else if (place.cursor.empty() && (known.page || known.per_page || known.total_pages || known.total_count)) {
    const auto items = page->results.size();
    const std::string next = detail::next_page(known, place.page, per_page.value_or(static_cast<int>(items)), items);
    if (!next.empty()) page->cursor = "page=" + next;
  }
  return page;
}

detail::Call<RawPage> raw_page(const detail::RequestContext& context, const ListPath& list, const std::string& member,
                               const std::string& cursor) {
  auto request = request_to(context, "GET", list.path, account_endpoint("client.pages"));
  Place place = list.first;
  if (cursor.empty()) {
    if (request && !list.first_query.empty())
      request->http.url.append(request->http.url.find('?') == std::string::npos ? "?" : "&").append(list.first_query);
  } else if (const auto given = place_of(cursor); request && !given) {
    request = invalid_argument("the cursor is not one of this library's page walks");
  } else if (request) {
    place = *given;
    const bool by_page = place.cursor.empty();
    detail::add_query(*request, by_page ? "page" : "cursor", by_page ? std::to_string(place.page) : place.cursor);
  }
  return {std::move(request), [member, place, per_page = list.per_page](detail::Reply&& reply) {
            return read_raw_page(std::move(reply), member, place, per_page);
          }};
}

}  // namespace

detail::Call<RawReply> raw_request(const detail::RequestContext& context, std::string_view method,
                                   std::string_view path, Body body, const RawOptions& options) {
  auto request = request_to(
      context, method, path,
      options.any_status ? account_endpoint("client.request_any_status") : account_endpoint("client.request_raw"));
  if (request) {
    std::vector<Header> own;
    if (!options.accept.empty()) own.push_back({"Accept", options.accept});
    if (body.source() || !body.text().empty()) own.push_back({"Content-Type", options.content_type});
    auto refused = detail::check_extra_headers(own, {});
    std::vector<Header> reserved = own;
    reserved.push_back({"User-Agent", ""});
    if (!refused) refused = detail::check_extra_headers(options.headers, reserved);
    if (refused) {
      request = *std::move(refused);
    } else {
      request->http.headers = std::move(own);
      request->http.headers.insert(request->http.headers.end(), options.headers.begin(), options.headers.end());
      request->http.body = std::move(body);
    }
  }
  return {std::move(request),
          [](detail::Reply&& reply) -> Result<RawReply> { return read_raw_reply(std::move(reply)); }};
}

std::shared_ptr<detail::PageWalk<RawPage>> raw_walk(const detail::RequestContext& context, std::string_view path,
                                                    const RawListOptions& options) {
  auto walk = std::make_shared<detail::PageWalk<RawPage>>();
  walk->cursor = options.cursor;
  walk->fetch = [context, list = taken_apart(path), member = options.member](const std::string& cursor) {
    return raw_page(context, list, member, cursor);
  };
  return walk;
}

}  // namespace cloudflare::ops
