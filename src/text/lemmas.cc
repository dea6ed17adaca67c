#include "text/lemmas.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/english_tokens.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "text/wordnet.h"

namespace chorus::text {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Function words, and words whose lemma does not depend on what WordNet counts.
constexpr std::array kClosedClass = {
    Pair{"is", "be"},       Pair{"are", "be"},        Pair{"was", "be"},      Pair{"were", "be"},
    Pair{"am", "be"},       Pair{"been", "be"},       Pair{"being", "be"},    Pair{"'m", "be"},
    Pair{"'re", "be"},      Pair{"'ve", "have"},      Pair{"'ll", "will"},    Pair{"'d", "have"},
    Pair{"n't", "not"},     Pair{"did", "do"},        Pair{"does", "do"},     Pair{"done", "do"},
    Pair{"had", "have"},    Pair{"has", "have"},      Pair{"having", "have"}, Pair{"me", "i"},
    Pair{"him", "he"},      Pair{"us", "we"},         Pair{"them", "they"},   Pair{"her", "her"},
    Pair{"ca", "can"},      Pair{"wo", "will"},       Pair{"an", "an"},       Pair{"as", "as"},
    Pair{"his", "his"},     Pair{"this", "this"},     Pair{"its", "its"},     Pair{"best", "best"},
    Pair{"might", "might"}, Pair{"united", "united"}, Pair{"gon", "go"},      Pair{"children", "child"}};

// After these 's is a verb, elsewhere the genitive.
constexpr std::array kBeforeVerb = {"it",    "he",   "she",   "that", "this", "what", "who",
                                    "there", "here", "where", "how",  "when", "why"};

// Endings of plurals and verb forms, and what stands in their place in the lemma: WordNet's rules of detachment.
constexpr std::array kNounEndings = {Pair{"ses", "s"},   Pair{"ves", "f"},   Pair{"xes", "x"},
                                     Pair{"zes", "z"},   Pair{"ches", "ch"}, Pair{"shes", "sh"},
                                     Pair{"men", "man"}, Pair{"ies", "y"},   Pair{"s", ""}};
constexpr std::array kVerbEndings = {Pair{"ies", "y"}, Pair{"es", "e"}, Pair{"s", ""},    Pair{"es", ""},
                                     Pair{"ed", "e"},  Pair{"ed", ""},  Pair{"ing", "e"}, Pair{"ing", ""}};
constexpr std::string_view kDoubled = "bdfgklmnprtvz";  // "stopped", "running"

std::string replaced(std::string_view word, Pair ending) {
  return std::string(word.substr(0, word.size() - ending.first.size())).append(ending.second);
}

/// The lemma of the word read as a noun's plural; empty where it is none.
std::string singular(std::string_view word) {
  if (const auto lemma = noun_exception(word); !lemma.empty()) return std::string(lemma);
  if (word.size() < 3 || word.ends_with("ss") || word.ends_with("us")) return {};
  for (const Pair& ending : kNounEndings)
    if (word.ends_with(ending.first))
      if (auto lemma = replaced(word, ending); word_use(lemma).is_noun()) return lemma;
  return {};
}

/// Read as an inflected verb; empty where it is none.
std::string infinitive(std::string_view word) {
  if (const auto lemma = verb_exception(word); !lemma.empty()) return std::string(lemma);
  for (const Pair& ending : kVerbEndings)
    if (word.ends_with(ending.first) && word.size() > ending.first.size() + 1)
      if (auto lemma = replaced(word, ending); word_use(lemma).is_verb()) return lemma;
  const std::size_t tail = word.ends_with("ing") ? 3 : word.ends_with("ed") ? 2 : 0;
  if (tail == 0 || word.size() < tail + 3) return {};
  const std::string_view stem = word.substr(0, word.size() - tail);
  const bool doubled =
      stem.back() == stem[stem.size() - 2] && kDoubled.find(stem.back()) != std::string_view::npos;
  const std::string_view lemma = stem.substr(0, stem.size() - 1);
  return doubled && word_use(lemma).is_verb() ? std::string(lemma) : "";
}

int count(int uses) {
  return std::max(uses, 0);
}

/// Of a lower-case word, whatever stands beside it.
std::string lemma_of_word(const std::string& word) {
  const WordUse use = word_use(word);
  if (std::string noun = singular(word); !noun.empty() && noun != word) {
    const bool own_noun = count(use.noun) > count(word_use(noun).noun);  // "glasses", "news"
    if (!own_noun && count(use.adjective) == 0) return noun;
  }
  std::string verb = infinitive(word);
  if (verb.empty() || verb == word) return word;
  if (!use.is_noun() && !use.is_adjective()) return verb;
  const bool marked = word.ends_with("ing") || word.ends_with("ed") || !verb_exception(word).empty();
  return marked && count(word_use(verb).verb) > count(use.noun) + count(use.adjective) ? verb : word;
}

std::string folded(std::string_view token) {
  std::string word = lower(token);
  for (std::size_t at = 0; (at = word.find("’", at)) != std::string::npos;)
    word.replace(at, std::string_view("’").size(), "'");
  return word;
}

bool is_capitalised(std::string_view token) {
  const std::string_view first = token.substr(0, next_code_point(token, 0).bytes);
  return lower(first) != first;
}

/// A part of a name: capitalised, and beside a capitalised word or within a text that is not.
bool is_in_name(std::span<const std::string> tokens, std::size_t at) {
  if (!is_capitalised(tokens[at])) return false;
  if (at > 0) return true;
  return at + 1 < tokens.size() && is_capitalised(tokens[at + 1]);
}

}  // namespace

std::vector<std::string> lemmas(std::span<const std::string> tokens) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    std::string word = folded(tokens[at]);
    const auto* const closed = std::find_if(kClosedClass.begin(), kClosedClass.end(),
                                            [&](const Pair& p) { return p.first == word; });
    if (closed != kClosedClass.end()) {
      word = closed->second;
    } else if (word == "'s") {
      const std::string before = at > 0 ? folded(tokens[at - 1]) : "";
      if (std::find(kBeforeVerb.begin(), kBeforeVerb.end(), before) != kBeforeVerb.end()) word = "be";
    } else if (!is_in_name(tokens, at)) {
      word = lemma_of_word(word);
    }
    found.push_back(std::move(word));
  }
  return found;
}

std::vector<std::string> lemmas(std::string_view text) {
  return lemmas(english_tokens(text));
}

}  // namespace chorus::text
