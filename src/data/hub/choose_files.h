// Which files of a repository a download takes: those that chorus reads, or those that were asked for.
//
//   choose_files(revision.files, {RepoKind::model, "Qwen/Qwen3-8B"}, {});            // config, tokenizer, safetensors
//   choose_files(revision.files, repo, {"*Q4_K_M.gguf"});
#pragma once

#include <string>
#include <vector>

#include "data/hub/repository.h"

namespace chorus::data {

/// Without patterns, of a model: config.json, generation_config.json, tokenizer*, chat_template*, special_tokens_map.json,
/// LICENSE*, the safetensors (model*.safetensors where there are such, else all) and their index, all of the top folder; of a
/// data set: everything but .gitattributes. With patterns: what any of them matches, as huggingface_hub's patterns do ('*' matches '/' too;
/// "folder/" is all of the folder). Throws Error(model or data): a pattern that matches nothing, with what there is; a model
/// without config.json or safetensors, with its GGUF files where it has some.
std::vector<HubFile> choose_files(const std::vector<HubFile>& files, const HubRepo& repo,
                                  const std::vector<std::string>& patterns);

}  // namespace chorus::data
