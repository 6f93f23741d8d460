// What the error of a transfer says.

#include <exception>
#include <new>
#include <string>

#include "http/curl_transfer.hpp"
#include "http/url.hpp"

namespace cloudflare::detail {

namespace {

// Errors of this library's own sources and sinks need no cause; any other exception is kept for the caller.
void explain_thrown(ErrorDetails& d, const std::exception_ptr& thrown) {
  d.text = "a sink or source of the caller threw";
  d.cause = thrown;
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::callback || error.cause()) return;
    d.text = error.details().text;
    d.cause = nullptr;
  } catch (const std::bad_alloc&) {
    d.text = "there is no memory for the reply";
  } catch (...) {  // stays the cause
  }
}

}  // namespace

Error not_begun(const std::exception_ptr& thrown) {
  ErrorDetails d{.kind = ErrorKind::callback, .delivery = Delivery::not_sent};
  explain_thrown(d, thrown);
  return Error(std::move(d));
}

Error CurlTransfer::error_of(CURLcode code) const {
  ErrorDetails d{.kind = ErrorKind::transport, .delivery = Delivery::unknown};
  d.http_status = response_.status;
  if (const std::string* ray = find_header(response_.headers, "cf-ray")) d.ray_id = *ray;
  if (too_large_) {
    d.kind = ErrorKind::too_large;
    d.text = "the reply is larger than the cap of " + std::to_string(request_->reply_limit) + " bytes";
    return Error(std::move(d));
  }
  if (thrown_) {
    d.kind = ErrorKind::callback;
    explain_thrown(d, thrown_);
    return Error(std::move(d));
  }
  if (!began()) d.delivery = Delivery::not_sent;
  d.text = curl_easy_strerror(code);
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: d.kind = ErrorKind::tls; break;
    case CURLE_OPERATION_TIMEDOUT:
      d.kind = ErrorKind::timeout;
      d.text = began() ? "the transfer stalled" : "no connection within the connect timeout";
      break;
    case CURLE_BAD_CONTENT_ENCODING: d.kind = ErrorKind::decode; break;
    case CURLE_ABORTED_BY_CALLBACK: d.text = "the connection died before the reply"; break;
    case CURLE_WEIRD_SERVER_REPLY: d.text = "the reply is not valid HTTP"; break;
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (began()) {
        d.text = "the reply is not HTTP";
        break;
      }
      [[fallthrough]];
    case CURLE_URL_MALFORMAT: d.kind = ErrorKind::invalid_argument; break;
    default: break;
  }
  const bool of_connection = d.kind == ErrorKind::transport || d.kind == ErrorKind::tls || d.kind == ErrorKind::timeout;
  const auto peer = of_connection ? url_parts(request_->url) : std::nullopt;
  if (peer) d.text.append(" (").append(peer->host).append(":").append(std::to_string(peer->port)).append(")");
  return Error(std::move(d));
}

}  // namespace cloudflare::detail
