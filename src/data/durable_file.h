// Files that are either there in full or not at all.
//
//   write_durable("results/origin.json", text);   // temporary file, fsync, rename, fsync of the folder
//   PendingFile a("results/x.feather", bytes), b("results/x.csv", text);   // on disk, under temporary names
//   a.commit(); b.commit(); sync_folder("results");
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/posix_file.h"

namespace chorus::data {

/// Makes the folder and its parents. Throws Error(io).
void make_folder(const std::filesystem::path& folder);

/// Makes what was renamed, made or removed in `folder` survive a power cut. Throws Error(io).
void sync_folder(const std::filesystem::path& folder);

/// Replaces `path` by `bytes`: afterwards it holds the old content or the new, never a part. Throws
/// Error(io).
void write_durable(const std::filesystem::path& path, std::string_view bytes);

/// The whole file. Throws Error(io), which says that it was to be `expected`.
std::string read_file(const std::filesystem::path& path, const std::string& expected = "a readable file");

/// A file written and synced under a temporary name beside `path`; removed unless committed.
class PendingFile {
 public:
  /// Throws Error(io): nothing is left behind then.
  PendingFile(std::filesystem::path path, std::string_view bytes);
  ~PendingFile();
  PendingFile(PendingFile&& other) noexcept;
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  PendingFile& operator=(PendingFile&&) = delete;

  /// Renames to the final name (replacing what is there). sync_folder makes it durable. Throws Error(io).
  void commit();

 private:
  std::filesystem::path path_, temporary_;  // temporary_ is empty once committed
  Descriptor file_;                         // holds the lock
};

}  // namespace chorus::data
