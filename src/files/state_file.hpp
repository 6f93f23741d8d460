#pragma once

// The small file that records the progress of a long job: one JSON object of text and numbers, replaced as a whole.
// Only its owner may read it.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <cloudflare/error.hpp>

namespace cloudflare::detail {

class StateFile {
 public:
  /// `job` describes the job; a state file of another job is refused.
  StateFile(std::string path, std::string job) : path_(std::move(path)), job_(std::move(job)) {}

  /// Reads the file; false if there is none. @throws Error  invalid_argument: of another job, or not a state file
  bool read();
  [[nodiscard]] std::uint64_t number(const std::string& name) const;
  [[nodiscard]] std::string text(const std::string& name) const;

  void set(const std::string& name, std::uint64_t number) { fields_[name] = std::to_string(number); }
  void set(const std::string& name, std::string_view text) { fields_[name] = text; }
  /// A crash or power cut in the middle leaves the old state; when this returns, the new one is on the disk.
  /// @throws Error  callback if the disk refuses
  void write() const;
  void remove() const;

  /// The error for a file whose size or beginning no longer matches the state.
  [[nodiscard]] Error of_another_file(const std::string& path) const;

 private:
  [[nodiscard]] Error broken(std::string_view why) const;

  std::string path_;
  std::string job_;
  std::map<std::string, std::string> fields_{};
};

/// Numbers in ascending order, kept as ranges.
class NumberSet {
 public:
  /// Parses "0-4,9". @returns false if the text is malformed
  [[nodiscard]] bool parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  /// `number` must be above all others.
  void append(std::uint64_t number);
  void remove(std::uint64_t number);
  [[nodiscard]] bool contains(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  /// The numbers from `number` on.
  [[nodiscard]] NumberSet from(std::uint64_t number) const;
  /// The numbers below `number`.
  [[nodiscard]] NumberSet below(std::uint64_t number) const;
  void append(const NumberSet& above);

 private:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  std::vector<Range> ranges_{};
};

}  // namespace cloudflare::detail
