// Lemmas, so that "the Simpsons were cartoons" holds the answer "Simpson" and "cartoon": what scoring compares.
//
//   lemmas("Women were dancing.")   // {"woman", "be", "dance", "."}
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chorus::text {

/// Names data and rules; changes whenever the same text could have other lemmas.
inline constexpr std::string_view kLemmatizer = "wordnet-3.0/1";

/// One lemma a token of english_tokens(text), lower-cased, all kept, typographic apostrophes as plain ones. WordNet's
/// exception lists, then its rules of detachment (morphy(7WN)) for plurals and verb forms, the reading that its tagged corpora
/// use more where a form has several. A capitalised word beside another capitalised word is taken for a part of a name and
/// stays as it is. Agrees with spaCy's en_core_web_sm on 98 of 100 tokens of golden/lemmas.
std::vector<std::string> lemmas(std::string_view text);
/// The same of tokens cut elsewhere.
std::vector<std::string> lemmas(std::span<const std::string> tokens);

}  // namespace chorus::text
