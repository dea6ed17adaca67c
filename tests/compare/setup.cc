#include "compare/setup.h"

#include <algorithm>

#include "model/catalog.h"

namespace chorus::compare {

void Setup::add_options(CLI::App& app) {
  app.add_option("--model", model, "An alias, a folder or a .gguf file")->capture_default_str();
  app.add_option("--dtype", dtype, "Precision of matrix products")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  app.add_option("--threads", threads, "0: all cores")->capture_default_str();
  app.add_option("--dataset", dataset.dataset, "As of chorus generate")->capture_default_str();
  app.add_option("--data", dataset.data, "Its folder or file");
  app.add_option("--relations", dataset.relations, "pararel: in this order")->delimiter(',');
  app.add_option("--questions", dataset.max_samples, "How many")->capture_default_str();
}

model::Compute Setup::compute() const {
  return dtype == "bf16" ? model::Compute::bf16 : model::Compute::f32;
}

Loaded Setup::load() const {
  const auto ref = model::resolve_model(model, model::ModelPaths::from_environment());
  const auto checkpoint = model::open_checkpoint(ref.path);
  Loaded loaded;
  loaded.tokenizer = std::make_unique<text::Tokenizer>(
      checkpoint->gguf() != nullptr ? text::Tokenizer::from_gguf(*checkpoint->gguf())
                                    : text::Tokenizer::from_json(ref.path / "tokenizer.json"));
  loaded.stop_ids = checkpoint->config().stop_ids;
  for (const text::TokenId id : loaded.tokenizer->end_ids())
    if (std::find(loaded.stop_ids.begin(), loaded.stop_ids.end(), id) == loaded.stop_ids.end())
      loaded.stop_ids.push_back(id);
  loaded.decoder = std::make_unique<model::Decoder>(
      checkpoint, model::make_cpu_backend(checkpoint->config(), compute(), threads));
  return loaded;
}

}  // namespace chorus::compare
