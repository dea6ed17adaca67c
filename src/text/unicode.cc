#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/error.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

utf8proc_category_t category(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

int combining_class(char32_t code) {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
}

// utf8proc orders combining marks by exchanging neighbours, which takes the square of a run's length. Long runs come
// to it in order; that is canonically the same text.
std::string order_long_mark_runs(std::string_view text) {
  constexpr std::size_t kLong = 64;
  std::string out;
  std::vector<char32_t> run;
  const auto flush = [&] {
    if (run.size() >= kLong) {
      std::stable_sort(run.begin(), run.end(),
                       [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    }
    for (const char32_t code : run) append_utf8(out, code);
    run.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = next_code_point(text, at);
    if (combining_class(step.code) == 0) {
      flush();
      out += text.substr(at, step.bytes);
    } else {
      run.push_back(step.code);
    }
    at += step.bytes;
  }
  flush();
  return out;
}

}  // namespace

bool is_white_space(char32_t code) {
  return (code >= 0x9 && code <= 0xD) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
         code == 0x205F || code == 0x3000;
}

bool is_number(char32_t code) {
  const auto kind = category(code);
  return kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_NO;
}

bool is_word_character(char32_t code) {
  const auto within = [code](char32_t low, char32_t high) { return code >= low && code <= high; };
  // Enclosed letters are the symbols that are Alphabetic.
  if (within(0x24B6, 0x24E9) || within(0x1F130, 0x1F149) || within(0x1F150, 0x1F169) ||
      within(0x1F170, 0x1F189)) {
    return true;
  }
  if (code == 0x200C || code == 0x200D) return true;
  switch (category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return false;
  }
}

bool is_punctuation(char32_t code) {
  const auto kind = category(code);
  return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

std::string nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  const std::string ordered = order_long_mark_runs(text);
  utf8proc_uint8_t* mapped = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(ordered.data()),
                                   static_cast<utf8proc_ssize_t>(ordered.size()), &mapped,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (length < 0) {
    throw Error(ErrorKind::data,
                std::string("text that cannot be normalised (") + utf8proc_errmsg(length) + ")",
                "well-formed UTF-8", "split the text");
  }
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = next_code_point(text, at);
    append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(step.code))));
    at += step.bytes;
  }
  return out;
}

}  // namespace chorus::text
