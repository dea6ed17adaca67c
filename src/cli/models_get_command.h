// chorus models get: a model or a data set from a hub into the hub's cache.
//
//   add_models_get_command(*models);   // chorus models get ID|ALIAS [--revision R] [--include GLOB...]
#pragma once

namespace CLI {
class App;
}

namespace chorus::cli {

void add_models_get_command(CLI::App& models);

}  // namespace chorus::cli
