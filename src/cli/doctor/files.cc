#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "cli/doctor/findings.h"
#include "cli/model_options.h"
#include "core/progress.h"
#include "data/hub/cache.h"
#include "data/hub/settings.h"
#include "model/catalog.h"
#include "model/checkpoint.h"
#include "model/hub_cache.h"

namespace chorus::cli {
namespace {

namespace fs = std::filesystem;

/// The folder, or the nearest one above it that is there: who may write in that can make the rest.
fs::path nearest_folder(fs::path folder) {
  std::error_code ignored;
  folder = fs::absolute(folder, ignored);
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

void check_folder(const char* subject, const fs::path& folder, const char* todo, Findings& findings) {
  const fs::path there = nearest_folder(folder);
  std::error_code error;
  if (!fs::is_directory(there, error) || ::access(there.c_str(), W_OK | X_OK) != 0)
    return findings.warn(subject, folder.string() + " cannot be written to", todo);
  const fs::space_info space = fs::space(there, error);
  const std::string text = fmt::format("{}: {} free", folder.string(), core::size_text(space.available));
  constexpr std::uintmax_t kLittle = 1'000'000'000;
  if (error || space.available >= kLittle) return findings.ok(subject, text);
  findings.warn(subject, text, "make room: a full disk stops a run (which then resumes)");
}

void check_hub(Findings& findings) {
  try {
    const data::HubSettings settings = data::HubSettings::from_environment();
    std::string text =
        fmt::format("{}, {}", settings.endpoint,
                    settings.token.empty() ? "no token: gated models need HF_TOKEN" : "with a token");
    if (settings.offline) text += "; HF_HUB_OFFLINE is set: nothing is fetched";
    findings.ok("hub", text);
  } catch (const Error& error) {
    findings.error("hub", error.kind(), error.got() + "; expected " + error.expected(), error.todo());
  }
}

std::uint64_t weight_bytes(const fs::path& path) {
  if (!model::is_folder(path)) return model::file_bytes(path);
  std::uint64_t bytes = 0;
  for (const fs::path& file : model::files_of(path, ".safetensors")) bytes += model::file_bytes(file);
  return bytes;
}

/// Opens it as a run would, which holds every tensor's place and shape against the file.
void check_model(const std::string& name, const fs::path& path, Findings& findings) {
  try {
    const auto checkpoint = model::open_checkpoint(path);
    const bool has_tokenizer = checkpoint->gguf() != nullptr || model::is_file(path / "tokenizer.json");
    if (!has_tokenizer)
      return findings.warn("model", fmt::format("{}: no tokenizer.json beside the weights", name),
                           "'chorus models get' fetches it, or copy it into the folder");
    findings.ok("model", fmt::format("{}: {}, whole", name, core::size_text(weight_bytes(path))));
  } catch (const Error& error) {
    findings.error("model", error.kind(), fmt::format("{}: {}", name, error.got()), error.todo());
  }
}

/// Ids in the hub cache, as "ORG/NAME"; those of which only a part is here, too.
std::vector<std::string> ids_in(const fs::path& cache) {
  constexpr std::string_view kPrefix = "models--";
  std::vector<std::string> ids;
  std::error_code error;
  for (fs::directory_iterator it(cache, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    name.erase(0, kPrefix.size());
    const auto at = name.find("--");
    if (at == std::string::npos) continue;
    name.replace(at, 2, "/");
    if (data::is_hub_id(name)) ids.push_back(name);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

void check_hub_models(const model::ModelPaths& paths, Findings& findings) {
  for (const std::string& id : ids_in(paths.hub_cache)) {
    try {
      check_model(id, model::resolve_model(id, paths).path, findings);
    } catch (const Error& error) {
      const auto snapshot = model::hub_snapshot(id, paths.hub_cache);
      findings.warn("model",
                    snapshot ? fmt::format("{}: lacks {}", id, model::missing_from(*snapshot))
                             : fmt::format("{}: its download was not finished", id),
                    fmt::format("'chorus models get {}' goes on with it, if it is a model for chorus", id));
    }
  }
}

void check_models(const std::string& model, Findings& findings) {
  const auto paths = model::ModelPaths::from_environment();
  try {
    check_model(model, model::resolve_model(model, paths).path, findings);
  } catch (const Error& error) {
    if (model == ModelOptions().model)  // of itself it is a wish; one that was named is wanted
      findings.warn("model", error.got(), error.todo());
    else
      findings.error("model", error.kind(), error.got(), error.todo());
  }
  for (const model::CatalogEntry& entry : model::catalog(paths))
    if (entry.on_disk() && entry.alias != model && !model::is_folder(entry.path))
      check_model(entry.alias, entry.path, findings);
  check_hub_models(paths, findings);
}

}  // namespace

void check_files(const std::string& model, Findings& findings) {
  const auto paths = model::ModelPaths::from_environment();
  check_folder("results", "results", "run where you may write, or give --output-dir", findings);
  check_folder("cache", paths.hub_cache, "set HF_HUB_CACHE or HF_HOME to a folder you may write to",
               findings);
  check_hub(findings);
  check_models(model, findings);
}

}  // namespace chorus::cli
