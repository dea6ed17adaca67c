#include "text/wordnet.h"

#include <algorithm>
#include <charconv>

#include "text/wordnet_tables.h"

namespace chorus::text {
namespace {

/// What follows `key` and a space on its line; empty where no line begins so. `lines` are sorted by key.
std::string_view look_up(std::string_view lines, std::string_view key) {
  std::size_t low = 0, high = lines.size();  // the line is within [low, high), both at line starts
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::size_t before = middle == 0 ? std::string_view::npos : lines.rfind('\n', middle - 1);
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = lines.find('\n', start);
    const std::string_view line = lines.substr(start, end - start);
    const std::string_view word = line.substr(0, line.find(' '));
    if (word == key) return line.substr(word.size() + 1);
    if (word < key) {
      low = end + 1;
    } else {
      high = start;
    }
  }
  return {};
}

int next_count(std::string_view& fields) {
  int count = WordUse::kUnknown;
  const std::string_view field = fields.substr(0, fields.find(' '));
  std::from_chars(field.data(), field.data() + field.size(), count);  // "-" leaves it
  fields.remove_prefix(std::min(fields.size(), field.size() + 1));
  return count;
}

}  // namespace

WordUse word_use(std::string_view word) {
  std::string_view fields = look_up(kWords, word);
  WordUse use;
  if (fields.empty()) return use;
  use.noun = next_count(fields);
  use.verb = next_count(fields);
  use.adjective = next_count(fields);
  return use;
}

std::string_view noun_exception(std::string_view word) {
  return look_up(kNounExceptions, word);
}

std::string_view verb_exception(std::string_view word) {
  return look_up(kVerbExceptions, word);
}

}  // namespace chorus::text
