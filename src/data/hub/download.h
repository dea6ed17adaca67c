// A repository of a hub, or the part of it that is wanted, brought into the hub's cache.
//
//   HubDownload download(settings, {RepoKind::model, "Qwen/Qwen3-0.6B"}, "main", {}, events);   // asks what there is
//   fmt::print("{} of {} bytes are here\n", download.present(), download.bytes());
//   const std::filesystem::path folder = download.run();                                       // .../snapshots/COMMIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/hub/blob.h"
#include "data/hub/http.h"
#include "data/hub/repository.h"

namespace chorus::data {

struct DownloadEvents {
  std::function<void(std::int64_t bytes)> advance;  // as BlobEvents
  std::function<bool()> cancelled;
  HubNote note;
};

class HubDownload {
 public:
  /// Asks the hub for the revision and chooses files (choose_files()). Throws Error as find_revision and choose_files do;
  /// Error(usage) for an id or a revision that is none, and when HF_HUB_OFFLINE is set. `settings` is kept.
  HubDownload(const HubSettings& settings, HubRepo repo, std::string revision,
              const std::vector<std::string>& patterns, DownloadEvents events);

  const std::string& commit() const { return commit_; }
  const std::vector<HubFile>& files() const { return files_; }
  std::uint64_t bytes() const;    // of all chosen files
  std::uint64_t present() const;  // of these, how many are on disk already
  std::filesystem::path snapshot() const;

  /// Blobs that are here are held against their digests; those that are damaged are removed, to come again. Returns their
  /// names. Throws Error(io, interrupted).
  std::vector<std::string> verify() const;

  /// Brings every file that is not here, links them into the snapshot, and names the revision last, so that an older
  /// snapshot serves until the new one is whole. Returns snapshot(). Throws Error(io): too little room (before anything is fetched), and as
  /// fetch_blob does; Error(interrupted) says how much is here.
  std::filesystem::path run();

 private:
  BlobPlace place_of(const HubFile& file) const;
  void check_room() const;
  void fetch(const HubFile& file);

  const HubSettings& settings_;
  HubRepo repo_;
  std::string revision_, commit_;
  DownloadEvents events_;
  Http http_;
  std::filesystem::path folder_;
  std::vector<HubFile> files_;
};

/// The repository on the hub that the experiment's data set of this name comes from: webqa, myriadlama. Throws Error(usage) for
/// others, with where they are to be had.
HubRepo hub_dataset(const std::string& dataset);

}  // namespace chorus::data
