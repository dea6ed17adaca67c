// Tokenizers from GGUF metadata, the keys `tokenizer.ggml.*`
// (github.com/ggml-org/ggml/blob/master/docs/gguf.md). A GGUF names its pre-tokenizer instead of spelling it
// out; the patterns are those of the models' own tokenizer.json.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "core/error.h"
#include "core/gguf.h"
#include "text/tokenizer.h"
#include "text/tokenizer_parts.h"

namespace chorus::text {
namespace {

constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kMetaspace = "\xE2\x96\x81";  // U+2581

// Token types of tokenizer.ggml.token_type.
constexpr std::int64_t kUnknownType = 2, kControlType = 3, kUserDefinedType = 4, kByteType = 6;

[[noreturn]] void refuse(const core::Gguf& file, std::string_view key, std::string_view got,
                         std::string_view expected) {
  throw Error(ErrorKind::model, fmt::format("{}: {} is {}", file.name(), key, got), std::string(expected),
              "use a GGUF of a family that chorus reads, made by a current converter");
}

void read_tokens(const core::Gguf& file, TokenizerParts& parts) {
  static constexpr std::string_view kTokens = "tokenizer.ggml.tokens", kTypes = "tokenizer.ggml.token_type";
  const auto tokens = file.texts(kTokens);
  const auto types = file.integers(kTypes);
  if (tokens.empty()) refuse(file, kTokens, "missing or empty", "the vocabulary");
  if (tokens.size() > static_cast<std::size_t>(kMaxTokenId)) {
    refuse(file, kTokens, fmt::format("{} tokens", tokens.size()), fmt::format("up to {}", kMaxTokenId));
  }
  if (!types.empty() && types.size() != tokens.size()) {
    refuse(file, kTypes, fmt::format("{} values", types.size()),
           fmt::format("one for each of {} tokens", tokens.size()));
  }
  parts.spellings.assign(tokens.begin(), tokens.end());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const bool control = types[i] == kControlType;
    if (!control && types[i] != kUserDefinedType) continue;
    AddedToken token;
    token.id = static_cast<TokenId>(i);
    token.content = tokens[i];
    token.special = control;
    parts.added.push_back(std::move(token));
  }
}

void read_merges(const core::Gguf& file, TokenizerParts& parts) {
  static constexpr std::string_view kMerges = "tokenizer.ggml.merges";
  const auto merges = file.texts(kMerges);
  if (merges.empty()) refuse(file, kMerges, "missing or empty", "the merges of a gpt2 tokenizer");
  const Vocabulary vocabulary(parts.spellings);
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::string_view both = merges[i];
    const std::size_t space = both.find(' ');
    const std::string left(both.substr(0, space));
    const std::string right(space == std::string_view::npos ? "" : both.substr(space + 1));
    const auto a = vocabulary.find(left), b = vocabulary.find(right), joined = vocabulary.find(left + right);
    if (!a || !b || !joined) {
      refuse(file, fmt::format("{}[{}]", kMerges, i), fmt::format("\"{}\"", both),
             "two tokens that join to a third");
    }
    parts.merges.push_back({*a, *b, *joined, static_cast<std::int32_t>(i)});
  }
}

// What a name of tokenizer.ggml.pre stands for.
struct PreKind {
  bool digits = false;  // single digits before the pattern
  std::string_view pattern;
  bool nfc = false;
  bool ignore_merges = false;
  bool adds_bos = false;  // where the file does not say
};

PreKind pre_kind(const core::Gguf& file) {
  static constexpr std::string_view kPre = "tokenizer.ggml.pre";
  const std::map<std::string_view, PreKind> kinds = {
      {"llama-bpe", {.pattern = kLlama3Pattern, .ignore_merges = true, .adds_bos = true}},
      {"smollm", {.digits = true, .pattern = kGpt2Pattern}},
      {"qwen2", {.pattern = kQwen2Pattern, .nfc = true}},
      {"deepseek-r1-qwen", {.pattern = kQwen2Pattern, .nfc = true}},
      {"gpt-2", {.pattern = kGpt2Pattern}},
  };
  static constexpr std::array<std::array<std::string_view, 2>, 4> kAliases = {
      {{"llama3", "llama-bpe"}, {"llama-v3", "llama-bpe"}, {"default", "gpt-2"}, {"gpt2", "gpt-2"}}};
  std::string_view name = file.text(kPre).value_or("default");
  for (const auto& [alias, kind] : kAliases) {
    if (name == alias) name = kind;
  }
  const auto found = kinds.find(name);
  if (found == kinds.end()) {
    refuse(file, kPre, fmt::format("\"{}\"", name), "llama-bpe, smollm, qwen2, deepseek-r1-qwen or gpt-2");
  }
  return found->second;
}

// tokenizer.ggml.NAME_token_id, checked against the vocabulary.
std::optional<TokenId> token_id(const core::Gguf& file, std::string_view name, const TokenizerParts& parts) {
  const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
  const auto id = file.integer(key);
  if (!id) return std::nullopt;
  if (*id < 0 || *id >= static_cast<std::int64_t>(parts.spellings.size())) {
    refuse(file, key, std::to_string(*id), fmt::format("an id below {}", parts.spellings.size()));
  }
  return static_cast<TokenId>(*id);
}

void read_special_ids(const core::Gguf& file, bool adds_bos, TokenizerParts& parts) {
  const auto bos = token_id(file, "bos", parts), eos = token_id(file, "eos", parts);
  for (const char* name : {"eos", "eot", "eom"}) {
    if (const auto id = token_id(file, name, parts)) parts.ends.push_back(*id);
  }
  if (file.flag("tokenizer.ggml.add_bos_token").value_or(adds_bos)) {
    if (!bos) refuse(file, "tokenizer.ggml.bos_token_id", "missing", "the BOS that add_bos_token puts first");
    parts.before.push_back(*bos);
  }
  if (file.flag("tokenizer.ggml.add_eos_token").value_or(false) && eos) parts.after.push_back(*eos);
}

TokenizerParts byte_level(const core::Gguf& file) {
  TokenizerParts parts;
  read_tokens(file, parts);
  read_merges(file, parts);
  const PreKind kind = pre_kind(file);
  parts.rules.ignore_merges = kind.ignore_merges;
  if (kind.nfc) parts.normalizer.emplace_back(NfcStep{});
  if (kind.digits) parts.pre_tokenizer.emplace_back(DigitSplit{true});
  if (file.flag("tokenizer.ggml.add_space_prefix").value_or(false))
    parts.pre_tokenizer.emplace_back(PrefixSpace{});
  parts.pre_tokenizer.emplace_back(RegexSplit{Regex(kind.pattern)});
  read_special_ids(file, kind.adds_bos, parts);
  return parts;
}

// SentencePiece's BPE (Llama 1 and 2) has scores in place of merges: two neighbours may be joined if that
// gives a token, the one with the highest score first. As merges: every way to cut a token in two, ranked by
// its score.
void merges_from_scores(const core::Gguf& file, const std::vector<std::int64_t>& types,
                        TokenizerParts& parts) {
  static constexpr std::string_view kScores = "tokenizer.ggml.scores";
  const auto scores = file.floats(kScores);
  if (scores.size() != parts.spellings.size()) {
    refuse(file, kScores, fmt::format("{} values", scores.size()),
           fmt::format("one for each of {} tokens", parts.spellings.size()));
  }
  std::vector<float> descending = scores;
  std::erase_if(descending, [](float score) { return !(score == score); });
  std::sort(descending.begin(), descending.end(), std::greater<>());
  descending.erase(std::unique(descending.begin(), descending.end()), descending.end());
  const Vocabulary vocabulary(parts.spellings);
  for (std::size_t id = 0; id < scores.size(); ++id) {
    const auto type = types.empty() ? std::int64_t{1} : types[id];
    if (type == kControlType || type == kUnknownType || type == kByteType) continue;
    const auto rank = std::lower_bound(descending.begin(), descending.end(), scores[id], std::greater<>());
    const std::string_view whole = parts.spellings[id];
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      const auto left = vocabulary.find(whole.substr(0, cut)), right = vocabulary.find(whole.substr(cut));
      if (!left || !right) continue;
      parts.merges.push_back(
          {*left, *right, static_cast<TokenId>(id), static_cast<std::int32_t>(rank - descending.begin())});
    }
  }
}

TokenizerParts sentence_piece(const core::Gguf& file) {
  TokenizerParts parts;
  read_tokens(file, parts);
  merges_from_scores(file, file.integers("tokenizer.ggml.token_type"), parts);
  parts.rules.alphabet = Alphabet::characters;
  parts.rules.byte_fallback = true;
  parts.rules.fuse_unknown = true;
  parts.rules.unknown = token_id(file, "unknown", parts);
  if (file.flag("tokenizer.ggml.add_space_prefix").value_or(true)) {
    parts.normalizer.emplace_back(PrependStep{std::string(kMetaspace)});
    parts.decoder.strip_left = " ";
    parts.decoder.strip_left_count = 1;
  }
  parts.normalizer.emplace_back(ReplaceStep{" ", std::string(kMetaspace)});
  parts.decoder.replacements.push_back({std::string(kMetaspace), " "});
  parts.decoder.byte_fallback = true;
  read_special_ids(file, true, parts);
  return parts;
}

}  // namespace

Tokenizer Tokenizer::from_gguf(const core::Gguf& file) {
  static constexpr std::string_view kModel = "tokenizer.ggml.model";
  const auto model = file.text(kModel);
  if (!model) refuse(file, kModel, "missing", "gpt2 or llama");
  if (*model == "gpt2") return Tokenizer(byte_level(file));
  if (*model == "llama") return Tokenizer(sentence_piece(file));
  refuse(file, kModel, fmt::format("\"{}\"", *model), "gpt2 or llama");
}

}  // namespace chorus::text
