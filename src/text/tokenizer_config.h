// What of tokenizer_config.json (transformers' file beside tokenizer.json) bears on token ids.
//
//   TokenizerConfig config = read_tokenizer_config("llama3.1/tokenizer_config.json");
//   config.eos == "<|eot_id|>";
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace chorus::text {

struct TokenizerConfig {
  std::optional<std::string> bos, eos;  // contents
  // Set only where transformers acts on them: its Llama class puts a BOS or EOS whatever tokenizer.json says.
  std::optional<bool> add_bos, add_eos;
};

/// A file that does not exist says nothing. Throws Error(io) or Error(model), naming the field.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& path);

}  // namespace chorus::text
