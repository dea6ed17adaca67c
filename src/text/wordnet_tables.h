// WordNet's words as scripts/make_wordnet.py puts them into the program: sorted lines, a key first.
#pragma once

#include <string_view>

namespace chorus::text {

extern const std::string_view
    kWords;  // "word NOUN VERB ADJECTIVE": uses in tagged corpora, "-": not known as such
extern const std::string_view kNounExceptions;  // "men man"
extern const std::string_view kVerbExceptions;  // "won win"

}  // namespace chorus::text
