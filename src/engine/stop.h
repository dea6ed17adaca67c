// When an answer ends.
//
//   StopWatch watch({.ids = stop_ids, .newline = true, .max_new_tokens = 20}, &tokenizer);
//   while (!watch.push(token = next())) fmt::print("{}", watch.piece());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace chorus::engine {

enum class StopReason { stop_token, newline, max_new_tokens };
std::string_view name(StopReason reason);

struct StopRules {
  std::vector<text::TokenId> ids;  // any of these ends the answer
  bool newline = false;            // so does a newline after visible text, by text and not by token
  std::int32_t max_new_tokens = 20;
};

/// Follows one answer token by token.
class StopWatch {
 public:
  /// Both must outlive the watch. `tokenizer` may be null when the rules do not look at text: piece() is empty then.
  StopWatch(const StopRules& rules, const text::Tokenizer* tokenizer);
  /// Why the answer ends with this token, if it does. A stop token comes before a newline, that before the length.
  std::optional<StopReason> push(text::TokenId token);
  /// Text that the last push() completed; with the last token, all that is left. Together: the decoded answer.
  const std::string& piece() const { return piece_; }

 private:
  std::optional<StopReason> follow(text::TokenId token);

  const StopRules& rules_;
  std::optional<text::StreamDecoder> decoder_;
  std::string piece_;
  std::int32_t tokens_ = 0;
  bool visible_ = false;  // something other than white space was generated
};

}  // namespace chorus::engine
