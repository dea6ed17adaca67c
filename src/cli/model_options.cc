#include "cli/model_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "cli/option_checks.h"
#include "core/error.h"
#include "data/digest.h"

namespace chorus::cli {
namespace {

namespace fs = std::filesystem;

std::size_t memory_of_machine() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Name, size, first and last MiB, and the first 16 KiB of every 4 MiB in between.
std::string outline(const fs::path& file) {
  constexpr std::uintmax_t kPart = 1 << 20, kEvery = 4 << 20, kSample = 16 << 10;
  const std::uintmax_t size = fs::file_size(file);
  std::string bytes = fmt::format("{}\n{}\n", file.filename().string(), size);
  std::ifstream in(file, std::ios::binary);
  const auto add = [&](std::uintmax_t from, std::uintmax_t most) {
    std::string part(std::min(most, size - from), '\0');
    in.seekg(static_cast<std::streamoff>(from));
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    bytes += part;
  };
  const std::uintmax_t last = size > kPart ? size - kPart : 0;
  add(0, kPart);
  add(last, kPart);
  for (std::uintmax_t from = kPart; from < last; from += kEvery) add(from, kSample);
  if (!in)
    throw Error(ErrorKind::io, file.string() + " cannot be read", "a readable model file",
                "check its permissions");
  return bytes;
}

std::string check_device(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "cuda" || text.starts_with("cuda:")) return "";
  return fmt::format("'{}'; expected auto or cpu", text);
}

text::Tokenizer load_tokenizer(const model::Checkpoint& checkpoint) {
  if (checkpoint.gguf() != nullptr) return text::Tokenizer::from_gguf(*checkpoint.gguf());
  const fs::path file = checkpoint.path() / "tokenizer.json";
  if (!fs::exists(file))
    throw Error(ErrorKind::model, file.string() + " is not there", "a tokenizer beside the weights",
                "copy the model's tokenizer.json into the folder");
  return text::Tokenizer::from_json(file);
}

}  // namespace

void add_model_options(CLI::App& command, ModelOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)
        ->type_name(type)
        ->capture_default_str()
        ->group("Model and machine");
  };
  add("--model", options.model, "NAME",
      "An alias ('chorus models'), a hub id ORG/NAME, a folder with config.json or a .gguf file");
  add("--dtype", options.dtype, "TYPE",
      "Precision of matrix products: f32, bf16, or auto (bf16 where the processor has it)")
      ->check(one_of({"auto", "f32", "bf16"}));
  add("--device", options.device, "WHERE", "auto or cpu")->check(CLI::Validator(check_device, ""));
  add("--threads", options.threads, "N", "0: all cores. No result depends on it")
      ->check(whole_number(0, 1024));
  add("--batch-size", options.batch_size, "N", "Questions that run at once. No result depends on it")
      ->check(whole_number(1, 4096));
  add("--execution", options.execution, "HOW",
      "shared: each piece of text is computed once; packed: the literal sequence, the control")
      ->check(one_of({"shared", "packed"}));
  add("--kv-memory", options.kv_memory, "SIZE",
      "Memory for keys and values: bytes, or a number with KiB, MiB or GiB");
}

std::size_t bytes_from(const std::string& text, const char* option) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  constexpr std::pair<const char*, int> kUnits[] = {
      {"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  for (const auto& [name, shift] : kUnits)
    if (error == std::errc() && number > 0 && unit == name && number < (std::size_t{1} << (63 - shift)))
      return number << shift;
  throw Error(ErrorKind::usage, fmt::format("{} '{}'", option, text),
              "a number of bytes, such as 512MiB or 2GiB", "correct it");
}

ModelChoice choose_model(const ModelOptions& options) {
  if (options.device.starts_with("cuda"))
    throw Error(ErrorKind::device, fmt::format("--device {}", options.device),
                "cpu: models run on the processor alone", "use --device cpu or auto");
  engine_options(options);
  ModelChoice choice{model::resolve_model(options.model, model::ModelPaths::from_environment())};
  choice.compute = options.dtype == "auto"   ? model::fastest_compute()
                   : options.dtype == "bf16" ? model::Compute::bf16
                                             : model::Compute::f32;
  return choice;
}

std::string model_fingerprint(const model::ModelRef& ref) {
  if (!fs::is_directory(ref.path)) return data::sha256_hex(outline(ref.path));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(ref.path))
    if (entry.is_regular_file() &&
        (entry.path().extension() == ".safetensors" || entry.path().extension() == ".json"))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files) all += data::sha256_hex(outline(file));
  return data::sha256_hex(all);
}

std::uint64_t bytes_on_disk(const model::ModelRef& ref) {
  if (!fs::is_directory(ref.path)) return fs::file_size(ref.path);
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(ref.path))
    if (entry.is_regular_file() && entry.path().extension() == ".safetensors") bytes += entry.file_size();
  return bytes;
}

LoadedModel open_model(const ModelChoice& choice, bool with_tokenizer) {
  LoadedModel loaded;
  loaded.checkpoint = model::open_checkpoint(choice.ref.path);
  const model::ModelConfig& config = loaded.checkpoint->config();
  loaded.stop_ids = config.stop_ids;
  if (with_tokenizer) {
    loaded.tokenizer = std::make_unique<text::Tokenizer>(load_tokenizer(*loaded.checkpoint));
    if (loaded.tokenizer->vocab_size() > config.vocab)
      throw Error(ErrorKind::model,
                  fmt::format("{}: a tokenizer of {} ids for {} embeddings", choice.ref.path.string(),
                              loaded.tokenizer->vocab_size(), config.vocab),
                  "an embedding for every id", "use the tokenizer that belongs to the model");
    for (const text::TokenId id : loaded.tokenizer->end_ids())
      if (std::find(loaded.stop_ids.begin(), loaded.stop_ids.end(), id) == loaded.stop_ids.end())
        loaded.stop_ids.push_back(id);
  }
  return loaded;
}

void start_backend(LoadedModel& model, const ModelChoice& choice, int threads) {
  const model::ModelConfig& config = model.checkpoint->config();
  model.backend = model::make_cpu_backend(config, choice.compute, threads);
  model.backend->pack(1, config.hidden, [&](std::int64_t, std::int64_t count, float* out) {
    std::fill_n(out, count * config.hidden, 0.0F);
  });
}

void load_weights(LoadedModel& model) {
  model.decoder = std::make_unique<model::Decoder>(model.checkpoint, std::move(model.backend));
}

LoadedModel load_model(const ModelChoice& choice, int threads, bool with_tokenizer) {
  LoadedModel model = open_model(choice, with_tokenizer);
  start_backend(model, choice, threads);
  load_weights(model);
  return model;
}

engine::EngineOptions engine_options(const ModelOptions& options) {
  engine::EngineOptions result;
  result.execution = options.execution == "packed" ? engine::Execution::packed : engine::Execution::shared;
  result.batch_size = options.batch_size;
  result.kv_memory = bytes_from(options.kv_memory, "--kv-memory");
  const std::size_t memory = memory_of_machine();
  if (result.kv_memory > memory)
    throw Error(ErrorKind::device, fmt::format("--kv-memory {}", options.kv_memory),
                fmt::format("at most this machine's memory, {} MiB", memory >> 20), "lower it");
  return result;
}

}  // namespace chorus::cli
