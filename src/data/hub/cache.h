// The hub's cache on disk, laid out as huggingface_hub does, so that either finds what the other fetched:
//   models--ORG--NAME/refs/main                      the name of a commit
//   models--ORG--NAME/snapshots/COMMIT/config.json   a relative link to ../../blobs/DIGEST
//   models--ORG--NAME/blobs/DIGEST                   the file; DIGEST.incomplete while it comes
//
//   const HubRepo repo{RepoKind::model, "Qwen/Qwen3-8B"};
//   if (const auto folder = find_snapshot(repo, cache)) read(*folder / "config.json");
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace chorus::data {

enum class RepoKind { model, dataset };

struct HubRepo {
  RepoKind kind = RepoKind::model;
  std::string id;  // one that is_hub_id takes

  /// "model Qwen/Qwen3-8B", for messages.
  std::string text() const;
};

/// ORG/NAME with letters, digits, '.', '_' and '-' in either part, which do not begin with '.' or '-'.
bool is_hub_id(std::string_view name);

/// Where the cache keeps the repository, whether it is there or not.
std::filesystem::path repo_folder(const HubRepo& repo, const std::filesystem::path& cache);

/// The snapshot that refs/REVISION names; without refs/main (a repository fetched by commit has none) the only snapshot
/// there is. A commit's own name will do as well. Nothing where there is none; never throws for what it cannot read.
std::optional<std::filesystem::path> find_snapshot(const HubRepo& repo, const std::filesystem::path& cache,
                                                   const std::string& revision = "main");

/// A path that stays inside the folder it is joined to: relative, no empty, "." or ".." component, no backslash or control
/// character. What a server or a person names is held to this before it becomes a path.
bool is_inner_path(std::string_view path);

/// Makes snapshots/COMMIT/PATH of the repository's folder a link to the blob, whatever stood there. Throws Error(io).
void link_blob(const std::filesystem::path& repo_folder, const std::string& commit, const std::string& path,
               const std::string& digest);

/// Makes refs/REVISION name the commit; a revision that is the commit has none. Throws Error(io).
void write_ref(const std::filesystem::path& repo_folder, const std::string& revision,
               const std::string& commit);

}  // namespace chorus::data
