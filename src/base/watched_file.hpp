#pragma once

// A small file that is read again when it has changed: one that holds a secret, and is replaced from time to time.

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>

#include <cloudflare/error.hpp>

#include "base/files.hpp"

namespace cloudflare::detail {

class WatchedFile {
 public:
  /// `what` names the file in errors, for example "the token file".
  WatchedFile(std::string what, std::string path) : what_(std::move(what)), path_(std::move(path)) {}

  /// What it holds now. It is read again if its modification time, size or inode is another; a file that was written
  /// less than two seconds before it was read might change within the same tick of its clock, so it is read again too.
  /// @throws Error  invalid_argument if it cannot be read, is not a regular file or is larger than `most`
  [[nodiscard]] std::string text(std::size_t most);
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// An Error about this file, with its path.
  [[nodiscard]] Error refused(const std::string& why) const;

 private:
  const std::string what_;
  const std::string path_;
  std::mutex mutex_{};
  std::optional<files::Status> read_{};  // of what was read; absent if it must be read again
  std::string text_{};
};

}  // namespace cloudflare::detail
