#include "local/d1/transfers.hpp"

#include <utility>

#include "local/http/request.hpp"

namespace cloudflare::local {

namespace {

// Cloudflare API reference, D1 export: "Available for one hour".
constexpr std::int64_t signed_url_seconds = 3600;

std::string key_of(const std::string& uuid, const std::string& name) { return uuid + "/" + name; }

}  // namespace

void D1Transfers::drop_expired() {
  const auto expired = [time = now()](const auto& entry) { return entry.second.expires <= time; };
  std::erase_if(uploads_, expired);
  std::erase_if(exports_, expired);
  std::erase_if(signed_exports_, expired);
}

std::string D1Transfers::begin_upload(D1Upload upload) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  upload.expires = now() + signed_url_seconds;
  std::string token = random_hex(16);
  uploads_.emplace(token, std::move(upload));
  return token;
}

bool D1Transfers::may_upload(const std::string& token, std::string_view filename) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  const auto upload = uploads_.find(token);
  return upload != uploads_.end() && upload->second.filename == filename;
}

void D1Transfers::finish_upload(const std::string& token, std::shared_ptr<detail::TemporaryFile> file,
                                std::string md5) {
  const std::lock_guard lock(mutex_);
  const auto upload = uploads_.find(token);
  if (upload == uploads_.end()) return;
  upload->second.file = std::move(file);
  upload->second.md5 = std::move(md5);
}

std::optional<D1Upload> D1Transfers::take_upload(const std::string& uuid, const std::string& filename) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  for (auto at = uploads_.begin(); at != uploads_.end(); ++at) {
    if (at->second.uuid != uuid || at->second.filename != filename || !at->second.file) continue;
    D1Upload upload = std::move(at->second);
    uploads_.erase(at);
    return upload;
  }
  return std::nullopt;
}

void D1Transfers::note_import(const std::string& uuid, const std::string& bookmark, const std::string& status) {
  const std::lock_guard lock(mutex_);
  statuses_[key_of(uuid, bookmark)] = status;
}

void D1Transfers::note_imported(const std::string& uuid, const std::string& etag, const std::string& final_bookmark,
                                const std::string& status) {
  const std::lock_guard lock(mutex_);
  imported_[uuid] = {etag, final_bookmark, status};
}

std::optional<std::string> D1Transfers::import_status(const std::string& uuid, const std::string& bookmark) {
  const std::lock_guard lock(mutex_);
  const auto found = statuses_.find(key_of(uuid, bookmark));
  return found == statuses_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> D1Transfers::imported_file(const std::string& uuid, const std::string& etag,
                                                      const std::string& current_bookmark) {
  const std::lock_guard lock(mutex_);
  const auto found = imported_.find(uuid);
  if (found == imported_.end() || found->second.etag != etag || found->second.final_bookmark != current_bookmark)
    return std::nullopt;
  return found->second.status;
}

void D1Transfers::begin_export(const D1Export& job) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  exports_[key_of(job.uuid, job.bookmark)] = job;
  exports_[key_of(job.uuid, job.bookmark)].expires = now() + signed_url_seconds;
}

std::optional<std::string> D1Transfers::sign_export(const std::string& uuid, const std::string& bookmark) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  const auto found = exports_.find(key_of(uuid, bookmark));
  if (found == exports_.end()) return std::nullopt;
  std::string token = random_hex(16);
  signed_exports_[token] = found->second;
  signed_exports_[token].expires = now() + signed_url_seconds;
  return token;
}

std::optional<D1Export> D1Transfers::signed_export(const std::string& token) {
  const std::lock_guard lock(mutex_);
  drop_expired();
  const auto found = signed_exports_.find(token);
  return found == signed_exports_.end() ? std::nullopt : std::optional(found->second);
}

void D1Transfers::forget(const std::string& uuid) {
  const std::lock_guard lock(mutex_);
  const auto of_database = [&](const auto& entry) { return entry.second.uuid == uuid; };
  std::erase_if(uploads_, of_database);
  std::erase_if(exports_, of_database);
  std::erase_if(signed_exports_, of_database);
  const auto by_key = [&](const auto& entry) { return entry.first.starts_with(uuid + "/"); };
  std::erase_if(statuses_, by_key);
  imported_.erase(uuid);
}

}  // namespace cloudflare::local
