#include "ensemble/paraphrase_draws.h"

#include "text/normalize.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::ensemble {
namespace {

/// text::words() gives every character that is part of no word as one of its own.
bool is_sign(std::string_view word) {
  const text::Utf8Step first = text::next_code_point(word, 0);
  return first.bytes == word.size() &&
         (!text::is_word_character(first.code) || text::is_punctuation(first.code));
}

}  // namespace

std::string phrasing_key(std::string_view phrasing) {
  std::string key;
  for (const std::string& word : text::words(phrasing)) {
    if (is_sign(word)) continue;
    if (!key.empty()) key += ' ';
    key += word;
  }
  return key;
}

PhrasingDraws::PhrasingDraws(std::span<const std::string> given, int wanted, int most)
    : drawn_(static_cast<std::size_t>(wanted)), most_(most) {
  for (const std::string& phrasing : given) taken_.insert(phrasing_key(phrasing));
}

std::vector<int> PhrasingDraws::open() const {
  std::vector<int> numbers;
  if (round_ == most_) return numbers;
  for (std::size_t i = 0; i < drawn_.size(); ++i)
    if (!drawn_[i]) numbers.push_back(static_cast<int>(i));
  return numbers;
}

void PhrasingDraws::take(std::span<const Text> texts) {
  const std::vector<int> numbers = open();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    ++counts_.drawn;
    const std::string key = phrasing_key(texts[i].text);
    if (texts[i].cut_off) {
      ++counts_.cut_off;
    } else if (key.empty()) {
      ++counts_.empties;
    } else if (!taken_.insert(key).second) {
      ++counts_.duplicates;
    } else {
      drawn_[static_cast<std::size_t>(numbers[i])] = texts[i].text;
    }
  }
  ++round_;
}

std::vector<std::string> PhrasingDraws::phrasings() const {
  std::vector<std::string> all;
  for (const auto& phrasing : drawn_)
    if (phrasing) all.push_back(*phrasing);
  return all;
}

}  // namespace chorus::ensemble
