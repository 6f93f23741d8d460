#include <cloudflare/kv/reader.hpp>

#include <functional>

#include <cloudflare/kv/async.hpp>

#include "engine/client_core.hpp"
#include "kv/common.hpp"
#include "kv/handle.hpp"
#include "kv/read_groups.hpp"

namespace cloudflare::kv {

struct Reader::State {
  State(const KvNamespace& kv, const ReaderOptions& options)
      : context(context_of(kv)), groups(std::make_shared<ReadGroups>(kv, options)) {}

  detail::Context context;  ///< Keeps the client open.
  std::shared_ptr<ReadGroups> groups;
  std::optional<std::stop_callback<std::function<void()>>> on_stop{};  ///< The handle's own token.
};

Reader::Reader(const KvNamespace& kv, const ReaderOptions& options) : state_(std::make_shared<State>(kv, options)) {
  state_->on_stop.emplace(state_->context.call.stop,
                          [groups = state_->groups] { groups->close(read_cancelled("the stop token was triggered")); });
}

Reader::~Reader() {
  state_->on_stop.reset();
  state_->groups->close(read_cancelled("the Reader was destroyed"));
}

Result<std::optional<std::string>> Reader::checked_get(std::string_view key, const GetOptions& options) const {
  const std::shared_ptr<State> state = state_;  // the Reader may be destroyed while this waits
  return read_now(state->context, *state->groups, key, options);
}

std::optional<std::string> Reader::get(std::string_view key, const GetOptions& options) const {
  return checked_get(key, options).value();
}

AsyncReader Reader::async() const { return AsyncReader(state_); }

std::size_t Reader::waiting() const { return state_->groups->waiting(); }

Operation<std::optional<std::string>> AsyncReader::get(std::string_view key, const GetOptions& options) const {
  const ReadGroups& groups = *state_->groups;
  return Async::run(groups.context(), state_->groups->get(key, options)).stop_on(options.stop);
}

}  // namespace cloudflare::kv
