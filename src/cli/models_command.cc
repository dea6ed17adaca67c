#include "cli/models_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "cli/models_get_command.h"
#include "core/progress.h"
#include "data/json.h"
#include "eval/table.h"

namespace chorus::cli {
namespace {

std::string as_json(const std::vector<model::CatalogEntry>& entries) {
  auto list = data::Json::array();
  for (const auto& entry : entries) {
    data::Json object = {{"alias", entry.alias},       {"hub_id", entry.hub_id}, {"license", entry.license},
                         {"on_disk", entry.on_disk()}, {"path", nullptr},        {"bytes", nullptr}};
    if (entry.on_disk()) {
      object["path"] = entry.path.string();
      object["bytes"] = entry.bytes;
    }
    list.push_back(std::move(object));
  }
  return data::dumped(list, 2) + '\n';
}

std::string as_text(const std::vector<model::CatalogEntry>& entries, const model::ModelPaths& paths) {
  eval::Table table({{"model"}, {"on disk"}, {"size", eval::Table::number}, {"licence"}, {"hub id"}});
  for (const auto& entry : entries) {
    table.add({entry.alias, entry.on_disk() ? "yes" : "no",
               entry.on_disk() ? core::size_text(entry.bytes) : "-", entry.license, entry.hub_id});
  }
  return fmt::format(
      "{}\nLooked in {} and in the hub cache {}.\nAny other model of these families: --model with an id "
      "ORG/NAME in "
      "the hub cache, a folder with config.json, or a .gguf file. 'chorus models get' fetches them.\n",
      table.text(), (paths.chorus_home / "models").string(), paths.hub_cache.string());
}

}  // namespace

std::string models_report(const model::ModelPaths& paths, bool json) {
  const auto entries = model::catalog(paths);
  return json ? as_json(entries) : as_text(entries, paths);
}

void add_models_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("models", "List the model aliases, and which of them are on disk; fetch models");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON");
  command->require_subcommand(0, 1);
  add_models_get_command(*command);
  command->footer(
      "Examples:\n  chorus models\n  chorus models --json\n  chorus models get qwen3_0.6b\n"
      "Models are looked for in $CHORUS_HOME/models and in the hub cache (HF_HUB_CACHE, HF_HOME).");
  command->callback([command, json] {
    if (command->get_subcommands().empty())
      fmt::print(stdout, "{}", models_report(model::ModelPaths::from_environment(), *json));
  });
}

}  // namespace chorus::cli
