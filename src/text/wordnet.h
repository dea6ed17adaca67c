// What WordNet 3.0 (Princeton University) knows of English words, built into the program.
//
//   const WordUse use = word_use("saw");   // use.noun == 1, use.verb == 0, use.adjective == WordUse::kUnknown
//   noun_exception("children");            // "child"
#pragma once

#include <string_view>

namespace chorus::text {

/// How often the corpora that WordNet's authors tagged use the word as that part of speech; kUnknown where
/// WordNet does not know it as such. Adverbs count with adjectives.
struct WordUse {
  static constexpr int kUnknown = -1;
  int noun = kUnknown, verb = kUnknown, adjective = kUnknown;

  bool is_noun() const { return noun != kUnknown; }
  bool is_verb() const { return verb != kUnknown; }
  bool is_adjective() const { return adjective != kUnknown; }
};

/// Of a single lower-case word of ASCII letters; others are unknown. Adjectives and adverbs are kept only where they look
/// inflected (-s, -ed, -ing, or in an exception list) or are nouns or verbs too.
WordUse word_use(std::string_view word);
/// The lemma of an irregular plural or verb form by WordNet's exception lists; empty where there is none.
std::string_view noun_exception(std::string_view word);
std::string_view verb_exception(std::string_view word);

}  // namespace chorus::text
