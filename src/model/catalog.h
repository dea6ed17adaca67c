// How a model is named and found: an alias, a Hugging Face id in the local hub cache, a folder, or a .gguf
// file.
//
//   const ModelRef ref = resolve_model("llama3.2_3b_it", ModelPaths::from_environment());
//   const auto checkpoint = open_checkpoint(ref.path);   // results go to results/DATASET/<ref.name>/
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/hub/settings.h"

namespace chorus::model {

/// Where models lie on this machine.
struct ModelPaths {
  std::filesystem::path chorus_home;  // models/ in it holds the GGUF files that aliases name
  std::filesystem::path hub_cache;    // models--ORG--NAME/ folders, as huggingface_hub lays them out

  /// chorus_home: $CHORUS_HOME, else chorus in data::cache_home(). hub_cache: data::hub_cache_folder(). A leading ~/ is the home
  /// folder; an empty variable counts as unset.
  static ModelPaths from_environment(const data::Variable& variable);
  static ModelPaths from_environment();
};

/// A model that is on disk.
struct ModelRef {
  std::filesystem::path path;  // the .gguf file, or the folder with config.json and *.safetensors
  std::string name;  // as a folder of result paths: one component, no separators or control characters
};

/// Tried in this order: an alias (any case, underscores and hyphens alike), a file or folder at that path, an
/// id ORG/NAME in the hub cache (its folder, or its GGUF file where it holds one and no config.json). `ref.name` is the alias, also for the id that an alias stands for; ORG--NAME
/// for other ids; the last component of a folder; the stem of a file. Looks at names and file kinds only, and
/// downloads nothing: the contents are the loader's to check. Throws Error(model): an unknown name, with
/// names close to it; a known model that is not on disk or only in part, with the place looked at and how to
/// get it; a folder without config.json; a file that is not GGUF.
ModelRef resolve_model(const std::string& name, const ModelPaths& paths);

/// The hub id that `name` stands for: an alias's, or `name` itself where it is an id. Throws Error(model): an unknown name, and an
/// alias whose file comes from elsewhere.
std::string hub_id_of(const std::string& name);

/// One alias, and what of it is on disk.
struct CatalogEntry {
  std::string alias;
  std::string hub_id;
  std::string license;
  std::filesystem::path path;  // as ModelRef::path; empty where the model is not on disk
  std::uint64_t bytes = 0;     // of the weights on disk

  bool on_disk() const { return !path.empty(); }
};

/// Every alias, in a fixed order by family and size. Throws nothing for what is missing or unreadable: not on
/// disk.
std::vector<CatalogEntry> catalog(const ModelPaths& paths);

}  // namespace chorus::model
