// The words of an answer, as the scoring compares them: lower-cased, every token kept, punctuation apart.
//
//   words("Sus al-Aksa, 1,500 m")    // {"sus", "al", "-", "aksa", ",", "1,500", "m"}
//   normalize_answer("  The  U.S.")  // "the u . s ."
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chorus::text {

/// Runs of letters, marks and digits are words; every other character that is no white space is a word of its
/// own, but for a comma or full stop between two digits. Hyphens and apostrophes split. NFC, lower case;
/// ill-formed UTF-8 is read as U+FFFD. The same text gives the same words wherever it stands between spaces
/// or punctuation.
std::vector<std::string> words(std::string_view text);
/// The words with one space between them: equal for answers that scoring takes for the same.
std::string normalize_answer(std::string_view text);

}  // namespace chorus::text
