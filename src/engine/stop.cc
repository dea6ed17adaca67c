#include "engine/stop.h"

#include <algorithm>

#include "core/white_space.h"

namespace chorus::engine {

std::string_view name(StopReason reason) {
  switch (reason) {
    case StopReason::stop_token:
      return "stop-token";
    case StopReason::newline:
      return "newline";
    case StopReason::max_new_tokens:
      return "max-new-tokens";
  }
  return "";
}

StopWatch::StopWatch(const StopRules& rules, const text::Tokenizer* tokenizer) : rules_(rules) {
  if (tokenizer != nullptr) decoder_.emplace(*tokenizer);
}

std::optional<StopReason> StopWatch::push(text::TokenId token) {
  const auto reason = follow(token);
  if (reason && decoder_) piece_ += decoder_->finish();
  return reason;
}

std::optional<StopReason> StopWatch::follow(text::TokenId token) {
  ++tokens_;
  piece_ = decoder_ ? decoder_->push(token) : std::string();
  if (std::find(rules_.ids.begin(), rules_.ids.end(), token) != rules_.ids.end())
    return StopReason::stop_token;
  for (const char c : piece_) {
    if (rules_.newline && visible_ && c == '\n') return StopReason::newline;
    visible_ = visible_ || core::kWhiteSpace.find(c) == std::string_view::npos;
  }
  if (tokens_ >= rules_.max_new_tokens) return StopReason::max_new_tokens;
  return std::nullopt;
}

}  // namespace chorus::engine
