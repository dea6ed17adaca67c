// From paraphrases to one sequence: which segments there are, what each sees, and at which positions they stand.
//
//   LayoutOptions options{.kind = LayoutKind::shared, .cue = Cue::fused};
//   engine::Prompt prompt = build_layout(options, tokenizer, parts);     // parts: one PromptParts a paraphrase
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/prompt.h"
#include "engine/prompt.h"
#include "text/tokenizer.h"

namespace chorus::ensemble {

class LayoutFile;

/// concat: complete prompts one after the other, isolated. shared: one instruction and examples that all paraphrases see.
/// examples: every worked example in all its phrasings (MyriadLAMA). causal_*: the same tokens under plain causal attention,
/// the controls. custom: as a file says.
enum class LayoutKind { concat, shared, examples, causal_concat, causal_shared, custom };
enum class SeparatorScope { none, own };  // of no segment, or of the paraphrase it ends
enum class BosScope { own, all, first, none };
enum class Cue { own, fused };  // ends each paraphrase, or stands once after all as free rows
enum class Positions { sequential, aligned };
enum class Order { given, reversed, seeded };
enum class Calibration { none, ape };  // of attention over parallel contexts, see engine/prompt.h

struct LayoutOptions {
  LayoutKind kind = LayoutKind::concat;
  std::string separator = "\n\n[SEP]\n\n";  // concat only
  SeparatorScope separator_scope = SeparatorScope::none;
  BosScope bos_scope = BosScope::own;  // shared takes all or none
  Cue cue = Cue::own;
  Positions positions = Positions::sequential;
  Order order = Order::given;
  std::uint64_t order_seed = 0;
  Calibration calibration = Calibration::none;
  float context_temperature = 0.9F, context_scale = 0.9F;  // with Calibration::ape
  std::shared_ptr<const LayoutFile> file = nullptr;        // of LayoutKind::custom

  bool is_concat() const { return kind == LayoutKind::concat || kind == LayoutKind::causal_concat; }
  bool is_causal() const { return kind == LayoutKind::causal_concat || kind == LayoutKind::causal_shared; }
};

/// Spelling on the command line, both ways. The parsers throw Error(usage) that lists what there is.
std::string_view name(LayoutKind kind);
std::string_view name(SeparatorScope scope);
std::string_view name(BosScope scope);
std::string_view name(Cue cue);
std::string_view name(Positions positions);
std::string_view name(Calibration calibration);
std::string order_name(const LayoutOptions& options);
LayoutKind layout_kind_from(std::string_view text);
SeparatorScope separator_scope_from(std::string_view text);
BosScope bos_scope_from(std::string_view text);
Cue cue_from(std::string_view text);
Positions positions_from(std::string_view text);
Calibration calibration_from(std::string_view text);
void set_order(std::string_view text, LayoutOptions& options);  // given, reversed, seed:K

/// Throws Error(usage) for options that do not go together.
void check(const LayoutOptions& options);

/// What a sequence is put together from, as ids.
struct LayoutTokens {
  std::vector<std::vector<text::TokenId>> paraphrases;  // without BOS; with Cue::own they end in their cue
  std::vector<text::TokenId> cue;                       // Cue::fused only
  std::vector<text::TokenId> separator;                 // concat only
  std::optional<text::TokenId> bos;
  std::size_t shared = 0;  // ids at the start of every paraphrase that are S
};

/// The sequence of these tokens, of one paraphrase or more. Paraphrase p of `tokens` is marked as p whatever the order.
engine::Prompt assemble_layout(const LayoutOptions& options, const LayoutTokens& tokens);

/// The sequence of one paraphrase a part, one part or more. Complete prompts are encoded as one string, a separator and a
/// fused cue as strings of their own.
engine::Prompt build_layout(const LayoutOptions& options, const text::Tokenizer& tokenizer,
                            std::span<const data::PromptParts> parts);

/// The texts that the layout `examples` is put together from.
struct ExampleTexts {
  std::string_view instruction;
  std::span<const data::WorkedExample>
      examples;  // every phrasing of each, up to as many as the question has asked for
  std::span<const std::string> questions;  // the phrasings of the question, one or more
  std::size_t num_phrasings = 0;           // of an example, at most
};

/// The sequence of layout `examples`: instruction; per example its phrasings, then its answer; the question's phrasings; the
/// cue as free rows. Each of these strings is encoded by itself.
engine::Prompt build_examples(const LayoutOptions& options, const text::Tokenizer& tokenizer,
                              const ExampleTexts& texts);

/// A complete prompt read alone, with the BOS this tokenizer adds: what origin, per_prompt, avg and max use.
engine::Prompt build_single(const text::Tokenizer& tokenizer, const data::PromptParts& parts);

/// How many ids of the encoded prompts are S: the longest common prefix whose text does not reach past the prefix
/// (instruction and examples), given the bytes of that prefix.
std::int32_t shared_prefix(const text::Tokenizer& tokenizer, std::span<const std::vector<text::TokenId>> ids,
                           std::size_t prefix_bytes);

}  // namespace chorus::ensemble
