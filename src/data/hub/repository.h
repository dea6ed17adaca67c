// What a hub says of a repository: the commit a revision stands for, and its files with sizes and digests.
//
//   const HubRevision revision = find_revision(http, settings, {RepoKind::model, "Qwen/Qwen3-8B"}, "main", note);
//   for (const HubFile& file : revision.files) fmt::print("{} {}\n", file.path, file.bytes);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/hub/cache.h"
#include "data/hub/http.h"

namespace chorus::data {

struct HubFile {
  std::string path;  // inside the repository: "data/test-00000-of-00001.parquet"
  std::uint64_t bytes = 0;
  std::string
      digest;  // 64 digits: SHA-256 of the bytes; 40: SHA-1 of a git blob; empty until complete_file()
};

struct HubRevision {
  std::string commit;          // 40 hexadecimal digits
  std::vector<HubFile> files;  // sorted by path
};

/// Asks the hub's API. Throws Error: no such repository or revision, no access, no connection, an answer that is none of a
/// hub, each with what to do; kind model or data as the repository is, io for the connection.
HubRevision find_revision(Http& http, const HubSettings& settings, const HubRepo& repo,
                          const std::string& revision, const HubNote& note);

/// Where the file's bytes are.
std::string file_url(const HubSettings& settings, const HubRepo& repo, const std::string& commit,
                     const std::string& path);

/// Size and digest by a question about the file itself, where the list had none. Throws as find_revision does.
void complete_file(Http& http, const HubSettings& settings, const HubRepo& repo, const std::string& commit,
                   HubFile& file, const HubNote& note);

/// The Error for an answer that is no success: what 401, 403, 404, 429, 5xx and a failed connection mean here.
[[noreturn]] void throw_refusal(const HttpReply& reply, const HubSettings& settings, const HubRepo& repo,
                                const std::string& what);

}  // namespace chorus::data
