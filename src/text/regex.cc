#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/regex.h"

#include <pcre2.h>

#include <array>
#include <new>
#include <utility>

#include "core/error.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

constexpr std::uint32_t kMatchSteps = 20'000'000;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using CompileContext = std::unique_ptr<pcre2_compile_context, Deleter<pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Deleter<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Deleter<pcre2_match_data_free>>;

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

const pcre2_code* code_of(const std::shared_ptr<const void>& pointer) {
  return static_cast<const pcre2_code*>(pointer.get());
}

}  // namespace

Regex::Regex(std::string_view oniguruma_pattern) : pattern_(oniguruma_pattern) {
  const std::string translated = translate_oniguruma(oniguruma_pattern);
  const CompileContext context(pcre2_compile_context_create(nullptr));
  if (!context) throw std::bad_alloc();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  // MULTILINE: in Ruby's syntax ^ and $ always stand for lines.
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error,
                                   &offset, context.get());
  if (code == nullptr) {
    throw Error(ErrorKind::model,
                "the pattern \"" + pattern_ + "\": " + message_of(error) + " near \"" +
                    replace_bad_utf8(translated.substr(offset, 20)) + "\"",
                "a regular expression", "download the file again");
  }
  code_ = std::shared_ptr<const void>(
      code, [](const void* p) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(p))); });
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where it fails, pcre2_match interprets
}

void Regex::give_up(int error, std::size_t bytes) const {
  throw Error(ErrorKind::data,
              "the pattern \"" + pattern_ + "\" on a text of " + std::to_string(bytes) +
                  " bytes: " + message_of(error),
              "a match within its limits", "split the text");
}

void Regex::for_each_match(std::string_view text,
                           const std::function<void(std::size_t, std::size_t)>& match) const {
  const MatchContext context(pcre2_match_context_create(nullptr));
  const MatchData data(pcre2_match_data_create(1, nullptr));
  if (!context || !data) throw std::bad_alloc();
  pcre2_set_match_limit(context.get(), kMatchSteps);
  const auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  std::size_t at = 0, last_end = text.size() + 1;
  while (at <= text.size()) {
    const auto run = [&](std::uint32_t options) {
      return pcre2_match(code_of(code_), subject, text.size(), at, PCRE2_NO_UTF_CHECK | options, data.get(),
                         context.get());
    };
    int result = run(0);
    // The compiled form has a small fixed stack, the interpreter takes the heap.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = run(PCRE2_NO_JIT);
    if (result == PCRE2_ERROR_NOMATCH) return;
    if (result < 0) give_up(result, text.size());
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
    if (range[0] == range[1] && range[1] == last_end) {
      // An empty match where the last one ended would stand still.
      at += at < text.size() ? next_code_point(text, at).bytes : 1;
      continue;
    }
    at = last_end = range[1];
    match(range[0], range[1]);
  }
}

}  // namespace chorus::text
