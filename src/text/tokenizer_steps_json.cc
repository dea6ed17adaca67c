#include "text/tokenizer_steps_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace chorus::text {
namespace {

[[noreturn]] void refuse_type(const JsonNode& node, std::string_view known) {
  const JsonNode type = node.at("type");
  type.refuse(fmt::format("\"{}\"", type.text()), known);
}

// A Sequence's members, or the node itself. One level of nesting is all that files have.
std::vector<JsonNode> steps_of(const std::optional<JsonNode>& node, std::string_view members) {
  if (!node) return {};
  if (node->at("type").text() == "Sequence") return node->items(members);
  return {*node};
}

// {"String": ".."} or {"Regex": ".."}.
std::string_view literal_of(const JsonNode& node) {
  const JsonNode pattern = node.at("pattern");
  if (pattern.maybe("Regex")) pattern.refuse("a regular expression", "a String");
  const std::string_view literal = pattern.at("String").text();
  if (literal.empty()) pattern.refuse("empty", "text to look for");
  return literal;
}

SplitBehavior behavior_of(const JsonNode& node) {
  const JsonNode field = node.at("behavior");
  const std::string_view name = field.text();
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  field.refuse(fmt::format("\"{}\"", name),
               "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

PreTokenizerStep split_of(const JsonNode& node) {
  const SplitBehavior behavior = behavior_of(node);
  const bool invert = node.flag("invert", false);
  if (const auto regex = node.at("pattern").maybe("Regex"))
    return RegexSplit{Regex(regex->text()), behavior, invert};
  return LiteralSplit{std::string(literal_of(node)), behavior, invert};
}

PreTokenizerStep metaspace_of(const JsonNode& node) {
  Metaspace step;
  step.replacement = node.at("replacement").text();
  if (node.flag("split", true)) node.refuse("a Metaspace that splits", "split: false");
  const auto scheme = node.maybe("prepend_scheme");
  if (!scheme) {
    if (!node.flag("add_prefix_space", true)) step.prepend = Metaspace::Prepend::never;
  } else if (scheme->text() == "first") {
    step.prepend = Metaspace::Prepend::first;
  } else if (scheme->text() == "never") {
    step.prepend = Metaspace::Prepend::never;
  } else if (scheme->text() != "always") {
    scheme->refuse(fmt::format("\"{}\"", scheme->text()), "always, first or never");
  }
  return step;
}

// A template's piece: a special token, by its ids, or the text itself.
void read_template_piece(const JsonNode& piece, const JsonNode& processor, bool& past_text,
                         TokenizerParts& parts) {
  if (const auto sequence = piece.maybe("Sequence")) {
    if (sequence->at("id").text() != "A" || past_text) piece.refuse("another sequence", "one sequence A");
    past_text = true;
    return;
  }
  const std::string_view name = piece.at("SpecialToken").at("id").text();
  for (const JsonNode& id : processor.at("special_tokens").at(name).items("ids")) {
    const std::int64_t value = id.integer();
    const bool is_added = std::any_of(parts.added.begin(), parts.added.end(),
                                      [value](const AddedToken& token) { return token.id == value; });
    if (value < 0 || (!is_added && value >= static_cast<std::int64_t>(parts.spellings.size()))) {
      id.refuse(std::to_string(value), "the id of a token");
    }
    (past_text ? parts.after : parts.before).push_back(static_cast<TokenId>(value));
  }
}

}  // namespace

void read_normalizer(const JsonNode& root, TokenizerParts& parts) {
  for (const JsonNode& node : steps_of(root.maybe("normalizer"), "normalizers")) {
    const std::string_view type = node.at("type").text();
    if (type == "NFC") {
      parts.normalizer.emplace_back(NfcStep{});
    } else if (type == "Prepend") {
      parts.normalizer.emplace_back(PrependStep{std::string(node.at("prepend").text())});
    } else if (type == "Replace") {
      parts.normalizer.emplace_back(
          ReplaceStep{std::string(literal_of(node)), std::string(node.at("content").text())});
    } else {
      refuse_type(node, "NFC, Prepend, Replace or a Sequence of them");
    }
  }
}

void read_pre_tokenizer(const JsonNode& root, TokenizerParts& parts) {
  parts.rules.alphabet = Alphabet::characters;
  for (const JsonNode& node : steps_of(root.maybe("pre_tokenizer"), "pretokenizers")) {
    if (parts.rules.alphabet == Alphabet::bytes)
      node.refuse("a step after ByteLevel", "ByteLevel as the last step");
    const std::string_view type = node.at("type").text();
    if (type == "Split") {
      parts.pre_tokenizer.push_back(split_of(node));
    } else if (type == "Digits") {
      parts.pre_tokenizer.emplace_back(DigitSplit{node.flag("individual_digits", false)});
    } else if (type == "Metaspace") {
      parts.pre_tokenizer.push_back(metaspace_of(node));
    } else if (type == "ByteLevel") {
      if (node.flag("add_prefix_space", true)) parts.pre_tokenizer.emplace_back(PrefixSpace{});
      if (node.flag("use_regex", true)) parts.pre_tokenizer.emplace_back(RegexSplit{Regex(kGpt2Pattern)});
      parts.rules.alphabet = Alphabet::bytes;
    } else {
      refuse_type(node, "Split, Digits, ByteLevel, Metaspace or a Sequence of them");
    }
  }
}

void read_post_processor(const JsonNode& root, TokenizerParts& parts) {
  for (const JsonNode& node : steps_of(root.maybe("post_processor"), "processors")) {
    const std::string_view type = node.at("type").text();
    if (type == "ByteLevel") continue;  // moves offsets, not ids
    if (type != "TemplateProcessing")
      refuse_type(node, "ByteLevel, TemplateProcessing or a Sequence of them");
    if (!parts.before.empty() || !parts.after.empty()) node.refuse("a second template", "one");
    bool past_text = false;
    for (const JsonNode& piece : node.items("single")) read_template_piece(piece, node, past_text, parts);
    if (!past_text) node.at("single").refuse("without the text", "a sequence A");
  }
}

void read_decoder(const JsonNode& root, TokenizerParts& parts) {
  const auto decoder = root.maybe("decoder");
  const auto steps = steps_of(decoder, "decoders");
  const bool byte_level = parts.rules.alphabet == Alphabet::bytes;
  if (byte_level) {
    if (steps.size() != 1) root.refuse("byte-level with another decoder", "a decoder ByteLevel");
    if (steps[0].at("type").text() != "ByteLevel") refuse_type(steps[0], "ByteLevel");
    return;
  }
  static constexpr std::array<std::string_view, 4> kOrder = {"Replace", "ByteFallback", "Fuse", "Strip"};
  std::size_t reached = 0;
  for (const JsonNode& node : steps) {
    const std::string_view type = node.at("type").text();
    const auto place =
        static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), type) - kOrder.begin());
    if (place == kOrder.size() || place < reached)
      refuse_type(node, "Replace, ByteFallback, Fuse, Strip in this order");
    reached = place;
    if (type == "Replace") {
      parts.decoder.replacements.push_back(
          {std::string(literal_of(node)), std::string(node.at("content").text())});
    } else if (type == "ByteFallback") {
      parts.decoder.byte_fallback = true;
    } else if (type == "Strip") {
      node.refuse_if_set("stop", "0");
      parts.decoder.strip_left = node.at("content").text();
      const std::int64_t start = node.at("start").integer();
      if (start < 0) node.at("start").refuse(std::to_string(start), "0 or more");
      parts.decoder.strip_left_count = static_cast<std::size_t>(start);
    }
  }
  const bool fused = std::any_of(steps.begin(), steps.end(),
                                 [](const JsonNode& s) { return s.at("type").text() == "Fuse"; });
  if (!fused) root.refuse("a decoder that joins tokens with spaces", "a decoder with Fuse, or ByteLevel");
}

}  // namespace chorus::text
