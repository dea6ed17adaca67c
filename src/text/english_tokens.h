// The tokens of an English answer, cut as spaCy's English tokenizer cuts them: the units that lemmas are made of.
//
//   english_tokens("Sus al-Aksa isn't in St. Louis.")
//   // {"Sus", "al", "-", "Aksa", "is", "n't", "in", "St.", "Louis", "."}
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chorus::text {

/// White space separates and is no token; everything else is kept. Punctuation at the ends of a word stands alone, but for
/// the full stop of an initial or a common abbreviation ("J.", "F.C.", "Inc."); 's, n't, 're and their like are tokens; a
/// hyphen or dash before a letter, a slash or colon before a letter, and a comma between letters split. NFC; ill-formed
/// UTF-8 is read as U+FFFD. The rules follow spaCy 3.6's (explosion.ai, MIT) for English, less its lists of emoticons and
/// of rare abbreviations: golden/lemmas agrees in all but a few tokens in a thousand.
std::vector<std::string> english_tokens(std::string_view text);

}  // namespace chorus::text
