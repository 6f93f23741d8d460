#pragma once

// The flow behind every `_many`: reads items lazily, packs them by count and bytes, and keeps a bounded number of
// requests under way. It halves requests that are too large, sends an item that is too large even alone by another
// route, sends items again if the server asks for it, pauses as a whole when throttled, and keeps one outcome per item.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <cloudflare/bulk.hpp>
#include <cloudflare/detail/flow.hpp>

#include "bulk/name_table.hpp"

namespace cloudflare::detail {

/// Where an encoded item stands in its batch.
struct BulkItem {
  std::uint64_t index = 0;
  std::size_t begin = 0;
  std::size_t size = 0;  ///< 0 once a later item of the same request has replaced it.
  std::size_t name_begin = 0;
  std::size_t name_size = 0;
  std::size_t name_hash = 0;  ///< Set only if the format looks for equal names.
};

/// Items of one request. `text` is the request body from prefix to suffix.
struct Batch {
  std::string text{};
  std::string names{};
  std::vector<BulkItem> items{};
  int round = 0;                     ///< How often the server asked for these items again.
  bool maybe_executed = false;       ///< An earlier request with these items may have been executed.
  bool single = false;               ///< One item that goes by the route for single items.
  TimePoint due = TimePoint::min();  ///< Not sent before this time.

  [[nodiscard]] std::string_view name(const BulkItem& item) const {
    return std::string_view(names).substr(item.name_begin, item.name_size);
  }
};

/// A product's part of a bulk flow: encodes items and reads replies.
class BulkCodec {
 public:
  virtual ~BulkCodec() = default;

  enum class Read { item, refused, end };
  /// Appends the next item's encoding to `text` and its name to `names`. If it returns `refused`, only the name is
  /// appended and `refusal()` says why.
  virtual Read read(std::string& text, std::string& names) = 0;
  [[nodiscard]] virtual Error refusal() const { return refusal_; }

  /// Positions in a batch of the items that its reply did not settle.
  struct Open {
    std::vector<std::size_t> again{};   ///< The server wants them sent again.
    std::vector<std::size_t> singly{};  ///< To be sent by the route for single items.
  };
  virtual Result<Open> settle(const Batch& batch, Reply&& reply) = 0;
  /// The items of a refused request that were not done, if its reply says so for each item; all others are done.
  [[nodiscard]] virtual std::optional<std::vector<std::size_t>> not_done(const Batch& /*batch*/,
                                                                         const Error& /*refusal*/) const {
    return std::nullopt;
  }

  /// The request for the only item of a batch, made from its encoding; nullopt if there is no such route.
  [[nodiscard]] virtual std::optional<Request> single(const Batch& /*batch*/) { return std::nullopt; }
  /// Takes the reply to single(). True if the item is done, false if it needs another such request.
  virtual Result<bool> settle_single(const Batch& /*batch*/, Result<Reply>&& reply) {
    return reply ? Result<bool>(true) : reply.error();
  }

 protected:
  Error refusal_ = Error(ErrorKind::invalid_argument, "");
};

/// Which of two items with the same name counts. Unless both count, they are never under way at the same time, and a
/// request holds only one of them; the other shares its outcome.
enum class Twice : std::uint8_t { both, last, first };

/// How items become a request.
struct BulkFormat {
  Request request{};  ///< Complete except for the body.
  std::string prefix{};
  std::string separator{};
  std::string suffix{};
  std::size_t max_items = 0;
  std::size_t max_bytes = 0;
  bool halve_on_break = true;  ///< 524 and cut connections halve the batch; only for requests that may be repeated.
  /// The first failure, including a refused item, ends the job after the items before it. With one request at a time,
  /// the items done are then the first items of the input.
  bool in_order = false;
  bool locate_refusal = false;  ///< A refused request is halved until the refused item is found.
  Twice twice = Twice::both;

  /// Items form groups of this many (0: no groups). The text between two items may be the end of a group, which depends
  /// on how many items the group has, and the beginning of the next.
  std::size_t group = 0;
  std::vector<std::string> group_ends{};  ///< Element n - 1 ends a group of n items.
  std::string group_separator{};
  bool last_alone = false;                  ///< The last request is sent only when all others are answered.
  bool names_batch = false;                 ///< The error of a failed request names its first and last item.
  std::optional<std::uint64_t> expected{};  ///< Items in the input, if known.
};

class BulkFlow final : public FlowOf<BulkResult> {
 public:
  BulkFlow(BulkFormat format, std::unique_ptr<BulkCodec> codec, BulkOptions options, int in_flight);
  /// Refused before any request.
  explicit BulkFlow(Error refused);

  void begin(Outbox& out) override;
  void on_reply(unsigned tag, Result<Reply>&& reply, Outbox& out) override;
  void on_wake(Outbox& out) override;
  void abort(Error error) override;
  [[nodiscard]] bool bounded() const noexcept override { return false; }
  [[nodiscard]] std::size_t under_way() const noexcept { return open_.size(); }
  /// Whether an earlier request with the same items may have been executed.
  [[nodiscard]] bool maybe_executed(unsigned tag) const { return open_.at(tag).maybe_executed; }

 private:
  void fill(Outbox& out);
  [[nodiscard]] bool prepares_ahead() const;
  void conclude();
  [[nodiscard]] bool read_batch(Batch& batch);
  [[nodiscard]] bool has_room(const Batch& batch) const;
  void separate(std::string& text, std::size_t items) const;
  void close(std::string& text, std::size_t items) const;
  void look_ahead();
  void read_refused(std::string_view name);
  enum class Place : std::uint8_t { here, with_another, next_request };
  [[nodiscard]] Place place(Batch& batch, BulkItem& item, std::uint64_t first_index);
  void drop_replaced(Batch& batch) const;
  void release(const BulkItem& item);
  void send(Batch batch, Outbox& out);
  void take_reply(unsigned tag, Result<Reply> reply, Outbox& out);
  void take_failure(Batch batch, const Error& error, Outbox& out);
  [[nodiscard]] bool pause(const Error& error, Outbox& out);
  [[nodiscard]] bool divides(const Batch& batch, const Error& error) const;
  void end_in_failure(const Batch& batch, const Error& error);
  void succeed(const Batch& batch, const BulkCodec::Open& open);
  void fail(const Batch& batch, const Error& error);
  void settle(const BulkItem& item, std::string_view name, const Error* error);
  void succeed(std::uint64_t index, std::string_view name);
  void fail(std::uint64_t index, std::string_view name, const Error& error);
  void fail_waiting(const Error& error);
  void give_up(Error error);
  [[nodiscard]] Batch subset(const Batch& batch, const std::vector<std::size_t>& positions) const;
  [[nodiscard]] Batch slice(const Batch& batch, std::size_t from, std::size_t to) const;
  void report(const Outbox& out) const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> estimate(const BulkProgress& progress) const;

  BulkFormat format_{};
  std::unique_ptr<BulkCodec> codec_{};
  BulkOptions options_{};
  int in_flight_ = 1;

  BulkResult done_{};
  std::uint64_t bytes_done_ = 0;
  TimePoint started_{};
  std::uint64_t next_index_ = 0;
  bool input_ended_ = false;
  std::string carry_text_{};  ///< An item that was read but did not fit the previous batch.
  std::string carry_name_{};
  std::deque<Batch> again_{};       ///< Encoded and ready to be sent.
  std::optional<Batch> waiting_{};  ///< Sent when none of its names is under way; `shared_names_` still are.
  std::size_t shared_names_ = 0;
  NameTable names_{};  ///< Names of the items under way and waiting; all differ except the shared ones.
  /// Maps an item to another one with the same name, which shares its outcome.
  std::unordered_map<std::uint64_t, std::uint64_t> namesakes_{};
  std::deque<Batch> resting_{};              ///< To be sent again when they are due.
  TimePoint held_until_ = TimePoint::min();  ///< When throttled, nothing is sent before this time.
  int throttled_ = 0;                        ///< Pauses in a row.
  std::uint64_t refused_ = 0;                ///< Requests refused during the search for refused items.
  std::map<unsigned, Batch> open_{};
  unsigned next_tag_ = 0;
  std::size_t largest_ = 0;  ///< Largest body so far; the next one reserves as much.
  std::size_t largest_item_ = 0;
};

}  // namespace cloudflare::detail
