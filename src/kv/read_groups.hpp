#pragma once

// Reads that arrive within a window, gathered into groups and sent together: the works of kv::Reader and kv::Cache.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <cloudflare/async/operation.hpp>
#include <cloudflare/kv/reader.hpp>

namespace cloudflare::kv {

using Read = Result<std::optional<std::string>>;

/// How long a read may take: at most the handle's limit.
[[nodiscard]] std::chrono::milliseconds read_limit(const detail::RequestContext& context, const GetOptions& options);
/// What is left of the time until `until`, rounded up; 0 if it has passed.
[[nodiscard]] std::chrono::milliseconds time_left(TimePoint now, TimePoint until);
/// The error of a read that took longer.
[[nodiscard]] Error read_too_late();
/// An error of kind cancelled for a read that was not sent.
[[nodiscard]] Error read_cancelled(std::string why);

/// The groups of one Reader. It does not keep the client open, so flows and callbacks may own it.
class ReadGroups : public std::enable_shared_from_this<ReadGroups> {
 public:
  /// @throws Error  invalid_argument: max_keys is not 1 to 100
  ReadGroups(const KvNamespace& kv, const ReaderOptions& options);

  /// One read: it joins a group, or opens one and sends it when the window ends.
  [[nodiscard]] detail::FlowPtr<std::optional<std::string>> get(std::string_view key, const GetOptions& options);
  /// Ends all current and future reads.
  void close(const Error& error);
  [[nodiscard]] std::size_t waiting() const;

  /// For operations on the client's I/O thread.
  [[nodiscard]] const detail::AsyncContext& context() const noexcept { return context_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

 private:
  class GroupRead;

  struct Group {
    std::vector<std::string> keys{};
    std::unordered_map<std::string, std::size_t> places{};
    std::vector<std::optional<Read>> reads{};
    std::vector<std::function<void()>> wakers{};  ///< Of all its reads.
    std::vector<std::function<void()>> hasty{};   ///< Of reads that may end before the group's request does.
    std::size_t waiting = 0;
    TimePoint window_end{};
    TimePoint deadline{};  ///< The latest deadline of its reads.
    bool sent = false;
    std::stop_source stop{};  ///< Stops its requests when no read waits any more.

    std::size_t place_of(std::string_view key);
    void settle(std::size_t place, Read read);
    void settle_all(const Error& error);
    void take(Result<GetManyResult> result);
  };

  /// Sends the group's request; unlocks while callbacks may run.
  void send(const std::shared_ptr<Group>& group, TimePoint now, std::unique_lock<std::mutex>& lock);
  void send_one(const detail::AsyncContext& timed, const std::shared_ptr<Group>& group);
  void send_many(const detail::AsyncContext& timed, const std::shared_ptr<Group>& group);

  std::string id_;
  ReaderOptions options_;
  detail::AsyncContext context_;
  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
  std::shared_ptr<Group> open_{};  ///< The group that takes further reads.
  std::unordered_set<std::shared_ptr<Group>> groups_{};
  std::optional<Error> closed_{};
};

/// A blocking read through `groups`. On the I/O thread, which the group's request would need, it is an ordinary one.
[[nodiscard]] Read read_now(const detail::Context& context, ReadGroups& groups, std::string_view key,
                            const GetOptions& options);

}  // namespace cloudflare::kv
