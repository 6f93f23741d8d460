#pragma once

// Imports and exports under way: the uploaded files, and what the signed URLs stand for. They are kept in memory only;
// signed URLs expire after an hour anyway.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <cloudflare/clock.hpp>

#include "base/temporary_file.hpp"
#include "local/d1/dump.hpp"

namespace cloudflare::local {

struct D1Upload {
  std::string uuid{};
  std::string etag{};  ///< The MD5 that the client announced.
  std::string filename{};
  std::string md5{};  ///< The MD5 of the file that arrived; empty before that.
  std::shared_ptr<detail::TemporaryFile> file{};
  std::int64_t expires = 0;
};

struct D1Export {
  std::string uuid{};
  std::string bookmark{};
  D1DumpOptions options{};
  std::int64_t expires = 0;
};

/// Any thread may call.
class D1Transfers {
 public:
  explicit D1Transfers(const Clock& clock) : clock_(clock) {}

  /// Makes an upload and returns the token of its signed URL.
  [[nodiscard]] std::string begin_upload(D1Upload upload);
  /// False if the token is unknown, stands for a file of another name or has expired.
  [[nodiscard]] bool may_upload(const std::string& token, std::string_view filename);
  void finish_upload(const std::string& token, std::shared_ptr<detail::TemporaryFile> file, std::string md5);
  /// Removes and returns an uploaded file with this name.
  [[nodiscard]] std::optional<D1Upload> take_upload(const std::string& uuid, const std::string& filename);

  /// Keeps the status of an import that ended, as JSON, by the bookmark it began at.
  void note_import(const std::string& uuid, const std::string& bookmark, const std::string& status);
  /// Notes that the file was imported and left the database in the state of `final_bookmark`.
  void note_imported(const std::string& uuid, const std::string& etag, const std::string& final_bookmark,
                     const std::string& status);
  [[nodiscard]] std::optional<std::string> import_status(const std::string& uuid, const std::string& bookmark);
  /// The status of the import of this file, if the database still is in the state that the import left.
  [[nodiscard]] std::optional<std::string> imported_file(const std::string& uuid, const std::string& etag,
                                                         const std::string& current_bookmark);

  void begin_export(const D1Export& job);
  /// The token of a signed URL, or nothing if there is no such export.
  [[nodiscard]] std::optional<std::string> sign_export(const std::string& uuid, const std::string& bookmark);
  [[nodiscard]] std::optional<D1Export> signed_export(const std::string& token);

  /// Forgets everything of a database.
  void forget(const std::string& uuid);

 private:
  [[nodiscard]] std::int64_t now() const { return clock_.wall().time_since_epoch().count(); }
  void drop_expired();

  const Clock& clock_;
  std::mutex mutex_{};
  std::unordered_map<std::string, D1Upload> uploads_{};  // by token
  struct Imported {
    std::string etag{};
    std::string final_bookmark{};
    std::string status{};
  };
  std::unordered_map<std::string, std::string> statuses_{};                 // by database and bookmark
  std::unordered_map<std::string, Imported> imported_{};                    // the newest one, by database
  std::unordered_map<std::string, D1Export> exports_{}, signed_exports_{};  // by database and bookmark; by token
};

}  // namespace cloudflare::local
