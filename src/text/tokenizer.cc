#include "text/tokenizer.h"

#include <algorithm>
#include <array>

#include "text/byte_alphabet.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

// Special tokens that end a text or a turn in the families we know, whatever the metadata say.
constexpr std::array<std::string_view, 8> kEndNames = {"</s>",
                                                       "<|endoftext|>",
                                                       "<|end_of_text|>",
                                                       "<|eot_id|>",
                                                       "<|eom_id|>",
                                                       "<|im_end|>",
                                                       "<\xEF\xBD\x9C"
                                                       "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
                                                       "<|end|>"};

std::string replace_all(std::string_view text, const ReplaceStep& step) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = text.find(step.from, at)) != std::string_view::npos; at = done) {
    out += text.substr(done, at - done);
    out += step.to;
    done = at + step.from.size();
  }
  out += text.substr(done);
  return out;
}

std::string normalize(const std::vector<NormalizerStep>& steps, std::string text) {
  for (const auto& step : steps) {
    if (std::holds_alternative<NfcStep>(step)) {
      text = nfc(text);
    } else if (const auto* prepend = std::get_if<PrependStep>(&step)) {
      if (!text.empty()) text = prepend->prefix + text;
    } else {
      text = replace_all(text, std::get<ReplaceStep>(step));
    }
  }
  return text;
}

// "<0x0A>" -> 10; nothing for other spellings.
std::optional<unsigned char> fallback_byte(std::string_view spelling) {
  if (spelling.size() != 6 || !spelling.starts_with("<0x") || spelling[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char c : spelling.substr(3, 2)) {
    const bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'F';
    if (!digit && !letter) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'A' + 10);
  }
  return static_cast<unsigned char>(value);
}

}  // namespace

struct Tokenizer::Impl {
  Vocabulary spellings;  // with the added tokens
  Vocabulary outputs;    // what each token stands for
  Vocabulary pretokens;  // what merges work on: bytes, or the spellings themselves
  Bpe bpe;
  AddedTokens added_raw, added_normalized;
  std::vector<NormalizerStep> normalizer;
  PreTokenizer pre_tokenizer;
  DecoderRules decoder;
  std::vector<TokenId> before, after, ends;
  std::vector<bool> special, fallback;  // by id

  void fill_vocabularies(const TokenizerParts& parts);
  void fill_added(const TokenizerParts& parts);
  void encode_text(std::string_view text, bool starts_text, Bpe::Scratch& scratch,
                   std::vector<TokenId>& out) const;
};

void Tokenizer::Impl::fill_vocabularies(const TokenizerParts& parts) {
  std::vector<std::string> all = parts.spellings;
  for (const auto& token : parts.added) {
    if (static_cast<std::size_t>(token.id) >= all.size()) all.resize(static_cast<std::size_t>(token.id) + 1);
    all[static_cast<std::size_t>(token.id)] = token.content;
  }
  spellings = Vocabulary(all);
  // As `tokenizers` 0.23 decodes them: a token looked for in normalised text stands for normalised text.
  for (const auto& token : parts.added) {
    if (token.normalized) all[static_cast<std::size_t>(token.id)] = normalize(normalizer, token.content);
  }
  fallback.assign(all.size(), false);
  std::vector<std::string> mergeable = parts.spellings;
  const bool bytes = parts.rules.alphabet == Alphabet::bytes;
  if (bytes) {
    // A spelling that leaves the alphabet cannot come out of a pretoken.
    for (auto& text : mergeable) text = byte_alphabet_bytes(text).value_or("");
  }
  for (std::size_t id = 0; id < all.size(); ++id) {
    if (bytes) {
      if (auto mapped = byte_alphabet_bytes(all[id])) all[id] = std::move(*mapped);
      continue;
    }
    const auto byte = parts.decoder.byte_fallback ? fallback_byte(all[id]) : std::nullopt;
    fallback[id] = byte.has_value();
    if (byte) all[id] = std::string(1, static_cast<char>(*byte));
    for (const auto& step : parts.decoder.replacements) {
      if (!byte) all[id] = replace_all(all[id], step);
    }
  }
  outputs = Vocabulary(all);
  pretokens = Vocabulary(mergeable);
}

void Tokenizer::Impl::fill_added(const TokenizerParts& parts) {
  std::vector<AddedToken> raw, normalized;
  special.assign(spellings.size(), false);
  for (AddedToken token : parts.added) {
    special[static_cast<std::size_t>(token.id)] = token.special;
    if (token.special && std::find(kEndNames.begin(), kEndNames.end(), token.content) != kEndNames.end()) {
      ends.push_back(token.id);
    }
    if (token.normalized) token.content = normalize(normalizer, token.content);
    (token.normalized ? normalized : raw).push_back(std::move(token));
  }
  added_raw = AddedTokens(raw);
  added_normalized = AddedTokens(normalized);
  ends.insert(ends.end(), parts.ends.begin(), parts.ends.end());
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

Tokenizer::Tokenizer(TokenizerParts parts) {
  auto impl = std::make_shared<Impl>();
  impl->normalizer = parts.normalizer;
  impl->fill_vocabularies(parts);
  impl->fill_added(parts);
  impl->bpe = Bpe(impl->pretokens, parts.merges, parts.rules);
  impl->pre_tokenizer = PreTokenizer(std::move(parts.pre_tokenizer));
  impl->decoder = std::move(parts.decoder);
  impl->before = std::move(parts.before);
  impl->after = std::move(parts.after);
  impl_ = std::move(impl);
}

// Text between added tokens that are looked for before normalisation.
void Tokenizer::Impl::encode_text(std::string_view text, bool starts_text, Bpe::Scratch& scratch,
                                  std::vector<TokenId>& out) const {
  const std::string normal = normalize(normalizer, std::string(text));
  bool first = starts_text;
  for (const auto& piece : added_normalized.split(normal)) {
    if (piece.token) {
      out.push_back(*piece.token);
    } else {
      pre_tokenizer.for_each(piece.text, first,
                             [&](std::string_view pretoken) { bpe.encode(pretoken, scratch, out); });
    }
    first = false;
  }
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool add_special) const {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = replace_bad_utf8(text);
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + 8);
  if (add_special) ids = impl_->before;
  Bpe::Scratch scratch;
  bool first = true;
  for (const auto& piece : impl_->added_raw.split(text)) {
    if (piece.token) {
      ids.push_back(*piece.token);
    } else {
      impl_->encode_text(piece.text, first, scratch, ids);
    }
    first = false;
  }
  if (add_special) ids.insert(ids.end(), impl_->after.begin(), impl_->after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  StreamDecoder stream(*this, skip_special);
  std::string text;
  for (const TokenId id : ids) text += stream.push(id);
  return text + stream.finish();
}

std::string_view Tokenizer::token_bytes(TokenId id) const {
  return impl_->outputs.text(id);
}

std::optional<TokenId> Tokenizer::bos() const {
  return impl_->before.empty() ? std::nullopt : std::optional(impl_->before.front());
}

const std::vector<TokenId>& Tokenizer::end_ids() const {
  return impl_->ends;
}

bool Tokenizer::is_special(TokenId id) const {
  return id >= 0 && static_cast<std::size_t>(id) < impl_->special.size() &&
         impl_->special[static_cast<std::size_t>(id)];
}

std::int64_t Tokenizer::vocab_size() const {
  return static_cast<std::int64_t>(impl_->spellings.size());
}

std::optional<TokenId> Tokenizer::token_to_id(std::string_view spelling) const {
  return impl_->spellings.find(spelling);
}

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special)
    : tokenizer_(tokenizer), skip_special_(skip_special) {}

// Byte-level tokens are one stream of bytes: all but a tail that more bytes may complete can go.
// Byte-fallback tokens are judged as a run, so a run waits for its end.
std::string StreamDecoder::push(TokenId id) {
  const std::string_view bytes = tokenizer_.token_bytes(id);
  if (bytes.empty() || (skip_special_ && tokenizer_.is_special(id))) return {};
  std::string out;
  const bool fallback = tokenizer_.impl_->fallback[static_cast<std::size_t>(id)];
  if (in_byte_run_ && !fallback) out = end_byte_run();
  pending_ += bytes;
  in_byte_run_ = fallback;
  if (!fallback) out += take(pending_.size() - incomplete_tail(pending_));
  return at_start_ ? strip_start(std::move(out)) : out;
}

std::string StreamDecoder::finish() {
  std::string out = in_byte_run_ ? end_byte_run() : take(pending_.size());
  if (at_start_) out = strip_start(std::move(out));
  at_start_ = true;
  stripped_ = 0;
  return out;
}

std::string StreamDecoder::take(std::size_t bytes) {
  std::string out = replace_bad_utf8(std::string_view(pending_).substr(0, bytes));
  pending_.erase(0, bytes);
  return out;
}

std::string StreamDecoder::end_byte_run() {
  std::string out;
  if (is_valid_utf8(pending_)) {
    out = pending_;
  } else {
    for (std::size_t i = 0; i < pending_.size(); ++i) out += kReplacement;
  }
  pending_.clear();
  in_byte_run_ = false;
  return out;
}

std::string StreamDecoder::strip_start(std::string text) {
  const DecoderRules& rules = tokenizer_.impl_->decoder;
  while (stripped_ < rules.strip_left_count && !text.empty() && text.starts_with(rules.strip_left)) {
    text.erase(0, rules.strip_left.size());
    ++stripped_;
  }
  if (!text.empty() || stripped_ >= rules.strip_left_count) at_start_ = false;
  return text;
}

}  // namespace chorus::text
