// chorus models: the aliases, and which of them are on disk.
//
//   CLI::App app;
//   add_models_command(app);   // chorus models [--json], chorus models get NAME
#pragma once

#include <string>

#include "model/catalog.h"

namespace CLI {
class App;
}

namespace chorus::cli {

/// Adds the subcommand; its callback prints models_report of this machine to stdout, unless `get` follows.
void add_models_command(CLI::App& app);

/// A table (alias, on disk, size, licence, hub id) and where it looked; as JSON an array of one object an
/// alias: alias, hub_id, license, on_disk, and path and bytes (of the weights), null where the model is not
/// on disk.
std::string models_report(const model::ModelPaths& paths, bool json);

}  // namespace chorus::cli
