#include "text/english_tokens.h"

#include <algorithm>
#include <array>

#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

using Codes = std::u32string_view;

constexpr std::array kAbbreviations = {
    U"st.",  U"jr.",   U"sr.",  U"mr.",  U"mrs.", U"ms.",   U"dr.",  U"inc.",    U"co.",  U"corp.",
    U"ltd.", U"bros.", U"vs.",  U"v.",   U"v.s.", U"prof.", U"gen.", U"gov.",    U"rep.", U"rev.",
    U"sen.", U"e.g.",  U"i.e.", U"a.m.", U"p.m.", U"mt.",   U"ave.", U"messrs.", U"adm.", U"jan.",
    U"feb.", U"mar.",  U"apr.", U"aug.", U"sep.", U"sept.", U"oct.", U"nov.",    U"dec."};
constexpr std::array kAbbreviationsOfPlaces = {
    U"ariz.", U"calif.", U"colo.", U"conn.", U"del.",  U"fla.",  U"ill.",  U"ind.",  U"kan.",
    U"kans.", U"ky.",    U"la.",   U"mass.", U"mich.", U"minn.", U"miss.", U"mont.", U"n.c.",
    U"n.d.",  U"n.h.",   U"n.j.",  U"n.m.",  U"n.y.",  U"neb.",  U"nebr.", U"nev.",  U"okla.",
    U"ore.",  U"pa.",    U"s.c.",  U"tenn.", U"va.",   U"wash.", U"wis.",  U"d.c."};
constexpr std::array kContractions = {U"n't", U"'m", U"'re", U"'ve", U"'ll", U"'d", U"'s"};
constexpr std::array kUnits = {U"km", U"m",  U"cm", U"mm", U"ha",  U"kg",  U"g",
                               U"mg", U"lb", U"oz", U"ft", U"mph", U"kmh", U"%"};
constexpr Codes kPunctuation = U"…,:;!?¿؟()[]{}<>_#*&。？！，、；：～·।،۔؛٪";
constexpr Codes kQuotes = U"'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉";
constexpr Codes kCurrency = U"$£€¥฿₽₱₦₹¢";
constexpr Codes kDashes = U"-–—~";

bool holds(Codes set, char32_t code) {
  return set.find(code) != Codes::npos;
}
bool is_digit(char32_t code) {
  return code >= U'0' && code <= U'9';
}
bool is_letter(char32_t code) {
  return is_word_character(code) && !is_number(code) && !is_punctuation(code);
}
char32_t lower_code(char32_t code) {
  std::string utf8;
  append_utf8(utf8, code);
  return next_code_point(lower(utf8), 0).code;
}
bool is_upper(char32_t code) {
  return lower_code(code) != code;
}

/// Lower case, with the typographic apostrophe as the plain one.
std::u32string folded(Codes word) {
  std::u32string out;
  for (const char32_t code : word) out += code == U'’' ? U'\'' : lower_code(code);
  return out;
}

template <class List>
bool lists(const List& list, Codes word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool stays_whole(Codes word) {
  const std::u32string key = folded(word);
  return lists(kAbbreviations, key) || lists(kAbbreviationsOfPlaces, key);
}

/// How many codes at the end are a contraction: 0 where the rest would be nothing.
std::size_t contraction(Codes word) {
  const std::u32string key = folded(word);
  for (const Codes ending : kContractions)
    if (key.size() > ending.size() && key.ends_with(ending)) return ending.size();
  if (key == U"cannot") return 3;
  return key == U"gonna" || key == U"wanna" || key == U"gotta" ? 2 : 0;
}

std::size_t prefix(Codes word) {
  const char32_t first = word.front();
  if (word.starts_with(U"..")) return std::min(word.find_first_not_of(U'.'), word.size());
  if (first == U'+') return word.size() == 1 || !is_digit(word[1]) ? 1 : 0;
  return holds(kPunctuation, first) || holds(kQuotes, first) || holds(kCurrency, first) ||
                 holds(U"§%=–—", first)
             ? 1
             : 0;
}

/// A full stop ends a sentence after lower case, digits and closing marks, and after two capitals; after one it is an initial's.
bool ends_sentence(Codes word) {
  if (word.size() < 2) return false;
  const char32_t last = word[word.size() - 2];
  if (!is_letter(last))
    return is_digit(last) || holds(kPunctuation, last) || holds(kQuotes, last) || holds(U"%²-+", last);
  return !is_upper(last) || (word.size() > 2 && is_upper(word[word.size() - 3]));
}

/// A unit of measure behind a number: "10km".
std::size_t unit(Codes word) {
  for (const Codes name : kUnits)
    if (word.size() > name.size() && word.ends_with(name) && is_digit(word[word.size() - name.size() - 1]))
      return name.size();
  return 0;
}

std::size_t suffix(Codes word) {
  const char32_t last = word.back();
  if (word.ends_with(U"..")) {
    const std::size_t before = word.find_last_not_of(U'.');
    return before == Codes::npos ? word.size() : word.size() - before - 1;
  }
  if (last == U'.') return ends_sentence(word) ? 1 : 0;
  if (holds(kPunctuation, last) || holds(kQuotes, last) || holds(U"–—", last)) return 1;
  const bool after_digit = word.size() > 1 && is_digit(word[word.size() - 2]);
  if (after_digit && (last == U'+' || holds(kCurrency, last))) return 1;
  return unit(word);
}

/// Length of what splits the word at this place: a dash and its like between the right neighbours.
std::size_t infix(Codes word, std::size_t at) {
  if (at == 0) return 0;
  const char32_t before = word[at - 1], code = word[at];
  const Codes rest = word.substr(at);
  if (rest.starts_with(U".."))
    return rest.find_first_not_of(U'.') == Codes::npos ? rest.size() : rest.find_first_not_of(U'.');
  if (code == U'…') return 1;
  const std::size_t dashes = rest.starts_with(U"---") ? 3 : rest.starts_with(U"--") ? 2 : 1;
  if (at + dashes >= word.size()) return 0;
  const char32_t after = word[at + dashes];
  const bool word_before = is_letter(before) || is_digit(before);
  if (holds(kDashes, code) && word_before && is_letter(after)) return dashes;
  if (holds(U"+-*^", code) && is_digit(before) && (is_digit(after) || after == U'-')) return 1;
  if (holds(U":<>=/", code) && word_before && is_letter(after)) return 1;
  if (code == U'.' && is_letter(before) && !is_upper(before) && is_upper(after)) return 1;
  return code == U',' && is_letter(before) && is_letter(after) ? 1 : 0;
}

class Cutter {
 public:
  explicit Cutter(std::vector<std::string>& tokens) : tokens_(tokens) {}

  /// A stretch without white space.
  void cut(Codes word) {
    std::vector<Codes> ends;  // suffixes, the outermost first
    while (!word.empty() && !stays_whole(word)) {
      if (const std::size_t n = word.size() > 1 ? contraction(word) : 0; n > 0) {
        ends.push_back(word.substr(word.size() - n));
        word.remove_suffix(n);
      } else if (const std::size_t p = prefix(word); p > 0) {
        add(word.substr(0, p));
        word.remove_prefix(p);
      } else if (const std::size_t s = suffix(word); s > 0) {
        ends.push_back(word.substr(word.size() - s));
        word.remove_suffix(s);
      } else {
        break;
      }
    }
    if (stays_whole(word)) {
      add(word);
    } else {
      split(word);
    }
    for (auto end = ends.rbegin(); end != ends.rend(); ++end) add(*end);
  }

 private:
  void split(Codes word) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t n = infix(word, at);
      if (n == 0) {
        ++at;
        continue;
      }
      add(word.substr(begin, at - begin));
      add(word.substr(at, n));
      begin = at += n;
    }
    add(word.substr(begin));
  }
  void add(Codes token) {
    if (token.empty()) return;
    std::string& text = tokens_.emplace_back();
    for (const char32_t code : token) append_utf8(text, code);
  }

  std::vector<std::string>& tokens_;
};

}  // namespace

std::vector<std::string> english_tokens(std::string_view text) {
  const std::string clean = nfc(replace_bad_utf8(text));
  std::vector<std::string> tokens;
  Cutter cutter(tokens);
  std::u32string word;
  for (std::size_t at = 0; at < clean.size();) {
    const Utf8Step step = next_code_point(clean, at);
    at += step.bytes;
    if (!is_white_space(step.code)) {
      word += step.code;
    } else {
      cutter.cut(word);
      word.clear();
    }
  }
  cutter.cut(word);
  return tokens;
}

}  // namespace chorus::text
