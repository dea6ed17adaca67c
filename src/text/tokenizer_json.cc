// tokenizer.json, as huggingface/tokenizers writes it, and what of tokenizer_config.json bears on ids.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "text/json_node.h"
#include "text/tokenizer.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_parts.h"
#include "text/tokenizer_steps_json.h"

namespace chorus::text {
namespace {

void read_vocabulary(const JsonNode& model, TokenizerParts& parts) {
  const JsonNode vocab = model.at("vocab");
  for (const auto [spelling, id] : vocab.object()) {
    const JsonNode entry(id, fmt::format("{}[\"{}\"]", vocab.path(), spelling));
    const std::int64_t value = entry.integer();
    if (value < 0 || value > kMaxTokenId)
      entry.refuse(std::to_string(value), fmt::format("0 to {}", kMaxTokenId));
    const auto at = static_cast<std::size_t>(value);
    if (at >= parts.spellings.size()) parts.spellings.resize(at + 1);
    if (!parts.spellings[at].empty()) {
      entry.refuse(fmt::format("{}, the id of \"{}\" too", value, parts.spellings[at]),
                   "one token for each id");
    }
    parts.spellings[at] = spelling;
  }
  if (parts.spellings.empty()) vocab.refuse("empty", "tokens");
}

// "left right", or since 2024 ["left", "right"].
std::pair<std::string_view, std::string_view> halves_of(const JsonNode& entry) {
  if (!entry.is_text()) {
    const auto pair = entry.array();
    std::string_view left, right;
    if (pair.size() != 2 || pair.at(0).get(left) || pair.at(1).get(right)) {
      entry.refuse("not a pair", "two strings");
    }
    return {left, right};
  }
  const std::string_view both = entry.text();
  const std::size_t space = both.find(' ');
  if (space == std::string_view::npos || both.find(' ', space + 1) != std::string_view::npos) {
    entry.refuse(fmt::format("\"{}\"", both), "two tokens with one space between");
  }
  return {both.substr(0, space), both.substr(space + 1)};
}

void read_merges(const JsonNode& model, TokenizerParts& parts) {
  const Vocabulary vocabulary(parts.spellings);
  const JsonNode merges = model.at("merges");
  parts.merges.reserve(merges.array().size());
  for (const auto element : merges.array()) {
    const JsonNode entry(element, merges.path());
    const auto rank = static_cast<std::int32_t>(parts.merges.size());
    const auto [left, right] = halves_of(entry);
    const auto id_of = [&](std::string_view spelling) {
      const auto id = vocabulary.find(spelling);
      if (!id) {
        throw Error(ErrorKind::model, fmt::format("{}[{}] names \"{}\"", merges.path(), rank, spelling),
                    "tokens of the vocabulary", "download the file again");
      }
      return *id;
    };
    parts.merges.push_back({id_of(left), id_of(right), id_of(std::string(left) + std::string(right)), rank});
  }
}

void read_model(const JsonNode& model, TokenizerParts& parts) {
  // Files older than the field are told by their merges.
  if (const auto type = model.maybe("type"); type && type->text() != "BPE") {
    type->refuse(fmt::format("\"{}\"", type->text()), "BPE");
  }
  model.refuse_if_set("dropout", "none");
  model.refuse_if_set("continuing_subword_prefix", "none");
  model.refuse_if_set("end_of_word_suffix", "none");
  read_vocabulary(model, parts);
  read_merges(model, parts);
  parts.rules.ignore_merges = model.flag("ignore_merges", false);
  parts.rules.byte_fallback = model.flag("byte_fallback", false);
  parts.rules.fuse_unknown = model.flag("fuse_unk", false);
  if (const auto unknown = model.maybe("unk_token")) {
    const auto found = std::find(parts.spellings.begin(), parts.spellings.end(), unknown->text());
    if (found == parts.spellings.end())
      unknown->refuse(fmt::format("\"{}\"", unknown->text()), "a token of the vocabulary");
    parts.rules.unknown = static_cast<TokenId>(found - parts.spellings.begin());
  }
}

void read_added_tokens(const JsonNode& root, TokenizerParts& parts) {
  const Vocabulary vocabulary(parts.spellings);
  for (const JsonNode& node : root.items("added_tokens")) {
    AddedToken token;
    const std::int64_t id = node.at("id").integer();
    if (id < 0 || id > kMaxTokenId)
      node.at("id").refuse(std::to_string(id), fmt::format("0 to {}", kMaxTokenId));
    token.id = static_cast<TokenId>(id);
    token.content = node.at("content").text();
    const auto spelled = vocabulary.find(token.content);
    const bool taken = !vocabulary.text(token.id).empty();
    if ((spelled && *spelled != token.id) || (!spelled && taken)) {
      node.refuse(fmt::format("\"{}\" with id {}", token.content, id), "the id that the vocabulary gives it");
    }
    token.special = node.flag("special", false);
    token.lstrip = node.flag("lstrip", false);
    token.rstrip = node.flag("rstrip", false);
    token.single_word = node.flag("single_word", false);
    token.normalized = node.flag("normalized", !token.special);
    parts.added.push_back(std::move(token));
  }
}

std::optional<TokenId> id_of(const TokenizerParts& parts, const std::optional<std::string>& content) {
  if (!content) return std::nullopt;
  for (const auto& token : parts.added) {
    if (token.content == *content) return token.id;
  }
  const auto found = std::find(parts.spellings.begin(), parts.spellings.end(), *content);
  if (found == parts.spellings.end()) return std::nullopt;
  return static_cast<TokenId>(found - parts.spellings.begin());
}

void apply(const TokenizerConfig& config, TokenizerParts& parts) {
  const auto bos = id_of(parts, config.bos), eos = id_of(parts, config.eos);
  if (eos) parts.ends.push_back(*eos);
  const auto put = [](std::vector<TokenId>& ids, const std::optional<bool>& add,
                      const std::optional<TokenId>& id) {
    if (!add) return;
    ids.clear();
    if (*add && id) ids.push_back(*id);
  };
  put(parts.before, config.add_bos, bos);
  put(parts.after, config.add_eos, eos);
}

TokenizerParts read(const JsonNode& root) {
  TokenizerParts parts;
  read_model(root.at("model"), parts);
  read_added_tokens(root, parts);
  root.refuse_if_set("truncation", "none");
  root.refuse_if_set("padding", "none");
  read_normalizer(root, parts);
  read_pre_tokenizer(root, parts);
  read_post_processor(root, parts);
  read_decoder(root, parts);
  return parts;
}

}  // namespace

Tokenizer Tokenizer::from_json(const std::filesystem::path& tokenizer_json) {
  TokenizerParts parts = read(JsonFile(tokenizer_json).root());
  apply(read_tokenizer_config(tokenizer_json.parent_path() / "tokenizer_config.json"), parts);
  return Tokenizer(std::move(parts));
}

Tokenizer Tokenizer::from_json_text(std::string_view json, std::string name) {
  return Tokenizer(read(JsonFile(simdjson::padded_string(json), std::move(name)).root()));
}

}  // namespace chorus::text
