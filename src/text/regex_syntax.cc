// Oniguruma's syntax, as far as tokenizers use it, rewritten in PCRE2's.
#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "text/regex.h"

namespace chorus::text {
namespace {

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  std::string run() {
    while (at_ < in_.size()) {
      switch (in_[at_]) {
        case '\\':
          escape(false);
          break;
        case '[':
          character_class();
          break;
        case '(':
          group();
          break;
        case '{':
          if (next_is("{,")) refuse("{,");  // {0,n} there, literal here
          copy(1);
          break;
        case '}':
          closing_brace();
          break;
        default:
          out_ += in_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  bool next_is(std::string_view what) const { return in_.substr(at_).starts_with(what); }

  [[noreturn]] void refuse(std::string_view construct) const {
    throw Error(ErrorKind::model,
                "\"" + std::string(construct) + "\" in the pattern \"" + std::string(in_) + "\" (byte " +
                    std::to_string(at_) + ")",
                "groups, classes, quantifiers, look-around, \\p{..}, \\s, \\d, \\w and (?i)",
                "use a model of a family that chorus reads");
  }

  void copy(std::size_t count) {
    out_ += in_.substr(at_, count);
    at_ += count;
  }

  // At a backslash. \s and \w of PCRE2 differ in U+180E and in marks, so both are spelled out.
  void escape(bool in_class) {
    if (at_ + 1 >= in_.size()) refuse("\\ at the end");
    const char letter = in_[at_ + 1];
    const bool alphanumeric = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                              (letter >= 'A' && letter <= 'Z') || static_cast<unsigned char>(letter) >= 0x80;
    if (!alphanumeric) return copy(2);
    static constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
    switch (letter) {
      case 's':
        out_ += "\\p{White_Space}";
        break;
      case 'S':
        out_ += "\\P{White_Space}";
        break;
      case 'd':
        out_ += "\\p{Nd}";
        break;
      case 'D':
        out_ += "\\P{Nd}";
        break;
      case 'w':
        out_ += in_class ? std::string(kWord) : "[" + std::string(kWord) + "]";
        break;
      case 'W':
        if (in_class) refuse("\\W within a class");
        out_ += "[^" + std::string(kWord) + "]";
        break;
      case 'p':
      case 'P':
        return property(letter);
      case 'r':
      case 'n':
      case 't':
      case 'f':
        return copy(2);
      case 'v':
        out_ += "\\x0B";
        break;
      case 'x':
        return hexadecimal();
      case 'u':
        return four_digits();
      default:
        refuse(in_.substr(at_, 2));
    }
    at_ += 2;
  }

  // \p{Lu} as it is; \p{Han} is the script itself there, and the script's extensions in PCRE2 unless it says
  // sc:.
  void property(char letter) {
    const std::size_t close = in_.find('}', at_);
    if (!next_is(std::string("\\") + letter + "{") || close == std::string_view::npos)
      refuse("\\p without {..}");
    std::string_view name = in_.substr(at_ + 3, close - at_ - 3);
    out_ += std::string("\\") + letter + "{";
    if (name.starts_with('^')) {
      out_ += '^';
      name.remove_prefix(1);
    }
    out_ += (name.size() > 2 ? "sc:" : "") + std::string(name) + "}";
    at_ = close + 1;
  }

  // \xHH is a byte there and a code point here: the same only for ASCII.
  void hexadecimal() {
    if (next_is("\\x{")) {
      const std::size_t close = in_.find('}', at_);
      if (close == std::string_view::npos) refuse("\\x{ without }");
      return copy(close + 1 - at_);
    }
    const std::string_view digits = in_.substr(at_ + 2, 2);
    if (digits.size() < 2 || digits.find_first_not_of(kHexDigits) != std::string_view::npos ||
        digits[0] > '7') {
      refuse("\\x without two digits up to 7F");
    }
    copy(4);
  }

  void four_digits() {
    const std::string_view digits = in_.substr(at_ + 2, 4);
    if (digits.size() < 4 || digits.find_first_not_of(kHexDigits) != std::string_view::npos) {
      refuse("\\u without four digits");
    }
    out_ += "\\x{" + std::string(digits) + "}";
    at_ += 6;
  }

  void character_class() {
    copy(1);
    if (next_is("^")) copy(1);
    if (next_is("]")) refuse("[]");
    while (at_ < in_.size() && in_[at_] != ']') {
      if (in_[at_] == '\\') {
        escape(true);
      } else if (in_[at_] == '[') {
        refuse("[ within a class");
      } else if (next_is("&&")) {
        refuse("&&");
      } else {
        copy(1);
      }
    }
    if (at_ == in_.size()) refuse("[ without ]");
    copy(1);
  }

  void group() {
    if (!next_is("(?")) {
      if (next_is("(*")) refuse("(*");
      return copy(1);
    }
    // Elsewhere (?i) takes the alternatives that follow into a group of its own.
    if (next_is("(?i)") && at_ == 0) return copy(4);
    static constexpr std::array<std::string_view, 7> kKnown = {"(?i:", "(?:",  "(?=", "(?!",
                                                               "(?<=", "(?<!", "(?>"};
    for (const auto known : kKnown) {
      if (next_is(known)) return copy(known.size());
    }
    refuse(in_.substr(at_, 4));
  }

  // {n,m}+ repeats there and is possessive here.
  void closing_brace() {
    copy(1);
    if (next_is("+")) refuse("}+");
  }

  static constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string translate_oniguruma(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace chorus::text
