// The options that name a model and say how it runs, and the loading of it; shared by every subcommand that runs one.
//
//   const ModelChoice choice = choose_model(options);               // found and checked, nothing is loaded
//   LoadedModel model = load_model(choice, options.threads);
//   engine::Engine engine(*model.decoder, model.tokenizer.get(), engine_options(options));
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "model/catalog.h"
#include "model/decoder.h"
#include "text/tokenizer.h"

namespace CLI {
class App;
}

namespace chorus::cli {

struct ModelOptions {
  std::string model = "smollm2-135m";
  std::string dtype = "auto";        // auto, f32, bf16
  std::string device = "auto";       // auto, cpu
  std::string execution = "shared";  // shared, packed
  int threads = 0;                   // 0: all cores
  std::string kv_memory = "1GiB";
  int batch_size = 16;
};

/// Adds --model, --dtype, --device, --threads, --execution, --kv-memory and --batch-size.
void add_model_options(CLI::App& command, ModelOptions& options);

/// Where the model is and in which precision it will run; nothing is loaded. Checks all model options. Throws
/// Error(usage), Error(model), Error(device).
struct ModelChoice {
  model::ModelRef ref;
  model::Compute compute = model::Compute::f32;
  std::string compute_name() const { return compute == model::Compute::bf16 ? "bf16" : "f32"; }
};
ModelChoice choose_model(const ModelOptions& options);

/// What tells one model file from another: SHA-256 over its files' names, sizes, first and last MiB, and the first
/// 16 KiB of every 4 MiB in between. A change of a few bytes elsewhere is not seen.
std::string model_fingerprint(const model::ModelRef& ref);

/// Of its weights, as they lie there.
std::uint64_t bytes_on_disk(const model::ModelRef& ref);

/// A model: its configuration and tokenizer read and checked; after start_backend() and load_weights() ready to run.
struct LoadedModel {
  std::shared_ptr<const model::Checkpoint> checkpoint;
  std::unique_ptr<text::Tokenizer> tokenizer;  // null when a folder has none and none is asked for
  std::unique_ptr<model::Backend> backend;     // between start_backend() and load_weights()
  std::unique_ptr<model::Decoder> decoder;
  std::vector<text::TokenId> stop_ids;  // of generation_config.json, config.json and the tokenizer
};
LoadedModel open_model(const ModelChoice& choice, bool with_tokenizer = true);
/// What will compute: its threads run, and the processor has multiplied a matrix of this type. Throws Error(device).
void start_backend(LoadedModel& model, const ModelChoice& choice, int threads);
void load_weights(LoadedModel& model);
/// All three.
LoadedModel load_model(const ModelChoice& choice, int threads, bool with_tokenizer = true);

engine::EngineOptions engine_options(const ModelOptions& options);

/// "512MiB", "2GiB", "800000000". Throws Error(usage).
std::size_t bytes_from(const std::string& text, const char* option);

}  // namespace chorus::cli
