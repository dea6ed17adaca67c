// The aliases, as data. A new model of a known family is a row here; model/catalog.h finds them.
//
//   for (const CatalogRow& row : kCatalog) fmt::print("{} {}\n", row.alias, row.hub_id);
#pragma once

namespace chorus::model {

struct CatalogRow {
  const char* alias;
  const char* hub_id;
  const char* license;
  const char* gguf_file;  // in CHORUS_HOME/models; null: the alias stands for the hub id's folder
};

inline constexpr const char* kLlama31License = "Llama 3.1 Community";
inline constexpr const char* kLlama32License = "Llama 3.2 Community";
inline constexpr const char* kApache = "Apache-2.0";

inline constexpr CatalogRow kCatalog[] = {
    {"smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", kApache, "SmolLM2-135M-Instruct.Q4_1.gguf"},
    {"llama3.2_1b", "meta-llama/Llama-3.2-1B", kLlama32License, nullptr},
    {"llama3.2_1b_it", "meta-llama/Llama-3.2-1B-Instruct", kLlama32License, nullptr},
    {"llama3.2_3b", "meta-llama/Llama-3.2-3B", kLlama32License, nullptr},
    {"llama3.2_3b_it", "meta-llama/Llama-3.2-3B-Instruct", kLlama32License, nullptr},
    {"llama3.1_8b", "meta-llama/Llama-3.1-8B", kLlama31License, nullptr},
    {"llama3.1_8b_it", "meta-llama/Llama-3.1-8B-Instruct", kLlama31License, nullptr},
    {"llama3.1_70b", "meta-llama/Llama-3.1-70B", kLlama31License, nullptr},
    {"qwen2.5_3b", "Qwen/Qwen2.5-3B", "Qwen Research", nullptr},
    {"qwen2.5_3b_it", "Qwen/Qwen2.5-3B-Instruct", "Qwen Research", nullptr},
    {"qwen2.5_7b", "Qwen/Qwen2.5-7B", kApache, nullptr},
    {"qwen2.5_7b_it", "Qwen/Qwen2.5-7B-Instruct", kApache, nullptr},
    {"qwen2.5_14b", "Qwen/Qwen2.5-14B", kApache, nullptr},
    {"qwen2.5_14b_it", "Qwen/Qwen2.5-14B-Instruct", kApache, nullptr},
    {"qwen3_0.6b", "Qwen/Qwen3-0.6B", kApache, nullptr},
    {"qwen3_1.7b", "Qwen/Qwen3-1.7B", kApache, nullptr},
    {"qwen3_4b", "Qwen/Qwen3-4B", kApache, nullptr},
    {"qwen3_8b", "Qwen/Qwen3-8B", kApache, nullptr},
    {"deepseek_r1_distill_llama_8b", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "MIT, Llama 3.1 Community",
     nullptr},
    {"deepseek_r1_distill_qwen_14b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", "MIT", nullptr},
    {"deepseek_r1_distill_qwen_32b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "MIT", nullptr},
};

}  // namespace chorus::model
