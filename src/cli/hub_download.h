// A download as a person at a terminal sees it: what comes, how fast, how long it takes.
//
//   const auto fetched = download({data::RepoKind::dataset, "stanfordnlp/web_questions"}, {.quiet = quiet});
//   load(fetched.folder);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/hub/download.h"

namespace chorus::cli {

struct DownloadRequest {
  std::string revision = "main";
  std::vector<std::string> include;  // patterns; none: what choose_files() takes
  bool verify = false;               // files that are here are held against their digests, too
  bool list_only = false;            // nothing is fetched
  bool quiet = false;                // warnings alone
};

struct Downloaded {
  std::filesystem::path folder;  // the snapshot; there unless list_only and nothing was
  std::string commit;
  std::vector<data::HubFile> files;
  std::uint64_t bytes = 0;    // of all files
  std::uint64_t fetched = 0;  // of these, what came now (list_only: would come)
};

/// From the hub of the environment's settings, with progress on stderr; an interrupt keeps what came. Throws as
/// data::HubDownload does.
Downloaded download(const data::HubRepo& repo, const DownloadRequest& request);

/// The folder of data::hub_dataset(dataset) in the cache. Where it has data files there nothing is asked of the network; else it is
/// fetched. Says on stderr which, unless quiet. Throws as hub_dataset() and download() do.
std::filesystem::path hub_dataset_folder(const std::string& dataset, bool quiet);

}  // namespace chorus::cli
