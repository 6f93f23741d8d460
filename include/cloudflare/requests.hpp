#pragma once

// Requests to endpoints that the library has no operations for: replies as they came, and the pages of any list.

#include <optional>
#include <string>
#include <vector>

#include <cloudflare/http/transport.hpp>
#include <cloudflare/json_text.hpp>
#include <cloudflare/pages.hpp>

namespace cloudflare {

/// Headers of a request of your own, and which replies are errors.
struct RawOptions {
  std::string content_type = "application/json";  ///< Of the body; not sent without a body.
  std::string accept = "application/json";        ///< Empty: none is sent.
  /// Sent with every attempt. Credentials, `Host`, framing and what stands above cannot be set here.
  std::vector<Header> headers{};
  /// Every status is a reply instead of an Error, and is final: a request is then repeated only if no reply arrived.
  bool any_status = false;
};

/// A reply as it came. `JsonText::raw(reply.body).as<T>()` reads a body that is JSON.
struct RawReply {
  int status = 0;
  std::vector<Header> headers{};
  std::string body{};
  ResultInfo info{};  ///< `result_info` if the body is an envelope that has one.

  /// The value of the first header with this name, or null.
  [[nodiscard]] const std::string* header(std::string_view name) const noexcept { return find_header(headers, name); }
};

/// Where a walk over a list of your own begins, and where the list is in the reply.
struct RawListOptions {
  std::string cursor{};  ///< Of an earlier walk, to go on from there.
  std::string member{};  ///< The member of `result` that is the list, where `result` is not the list itself.
};

/// A page of a list, its items as JSON.
struct RawPage {
  std::vector<JsonText> results{};
  std::string cursor{};  ///< Opaque; empty on the last page.
  ResultInfo info{};
  [[nodiscard]] const std::vector<JsonText>& items() const noexcept { return results; }
};

inline const std::string& page_item_name(const JsonText& item) noexcept { return item.text(); }

/// The items of all pages as JSON text.
using RawRange = PageRange<RawPage>;

}  // namespace cloudflare
