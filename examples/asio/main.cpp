// Asio drives the program, the SDK's I/O thread the requests: an adapter of a few lines makes an Operation an
// asynchronous operation of Asio, with its executor and its cancellation.
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <cloudflare/async.hpp>
#include <cloudflare/local.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

namespace cf = cloudflare;
using namespace std::chrono_literals;

// [adapter]
/// Begins `operation`; completes on the executor of the caller with its Result. Asio's cancellation is its stop token.
template <class T, class Token>
auto async_run(cf::Operation<T> operation, Token&& token) {
  return asio::async_initiate<Token, void(cf::Result<T>)>(
      [](auto handler, cf::Operation<T> begun) {
        const auto executor = asio::get_associated_executor(handler);
        auto slot = asio::get_associated_cancellation_slot(handler);
        std::stop_source stop;
        if (slot.is_connected()) slot.assign([stop](asio::cancellation_type) mutable { stop.request_stop(); });
        std::move(begun)
            .stop_on(stop.get_token())
            .resume_on([executor](std::function<void()> f) { asio::post(executor, std::move(f)); })
            .start([handler = std::move(handler), slot,
                    work = asio::make_work_guard(executor)](cf::Result<T> result) mutable {
              if (slot.is_connected()) slot.clear();
              std::move(handler)(std::move(result));
            });
      },
      token, std::move(operation));
}
// [/adapter]

namespace {

void expect(bool right, const char* what) {
  if (right) return;
  std::cerr << "wrong: " << what << '\n';
  std::exit(1);
}

asio::awaitable<void> read(cf::AsyncKvNamespace kv) {
  const auto before = std::this_thread::get_id();
  // [asio_read]
  cf::Result<std::optional<std::string>> value = co_await async_run(kv.get("greeting"), asio::use_awaitable);
  std::cout << value.value().value_or("nothing") << '\n';
  // [/asio_read]
  expect(value.value() == "hello", "a read");
  expect(std::this_thread::get_id() == before, "the coroutine goes on where it was");
}

/// A read of a server that does not answer, given up after a while.
asio::awaitable<void> give_up(cf::AsyncKvNamespace kv) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
  // [asio_timeout]
  auto read = async_run(kv.get("greeting"), asio::use_awaitable);
  auto first = co_await (std::move(read) || timer.async_wait(asio::use_awaitable));
  if (first.index() == 1) std::cout << "no answer in time\n";  // the read was cancelled
  // [/asio_timeout]
  expect(first.index() == 1, "the timer is first");
}

}  // namespace

int main() {
  asio::io_context context;
  cf::local::Cloudflare cloud;
  const cf::ApiClient client = cloud.client();
  const cf::KvNamespace kv = client.kv(client.kv_namespaces().create("greetings").id);
  kv.put("greeting", "hello");

  asio::ip::tcp::acceptor silent(context, {asio::ip::address_v4::loopback(), 0});
  const cf::ApiClient stuck(
      cf::ApiToken("token"),
      {.account_id = "0123abcd", .base_url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port())});
  int ended = 0;
  const auto count = [&](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    ++ended;
  };
  asio::co_spawn(context, read(kv.async()), count);
  asio::co_spawn(context, give_up(stuck.kv("00000000000000000000000000000000").async()), count);
  context.run();
  expect(ended == 2, "both coroutines ended");
}
