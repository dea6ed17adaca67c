#include "ensemble/layout_file.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "ensemble/sequencer.h"

namespace chorus::ensemble {
namespace {

/// Values are put in as they are: braces in them mean nothing.
std::string filled(const std::string& text, const data::PromptParts& parts) {
  const std::pair<std::string_view, const std::string&> values[] = {
      {"{prefix}", parts.prefix}, {"{body}", parts.body}, {"{cue}", parts.cue}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto* found = std::find_if(std::begin(values), std::end(values), [&](const auto& value) {
      return std::string_view(text).substr(at).starts_with(value.first);
    });
    if (found == std::end(values)) {
      out += text[at++];
    } else {
      out += found->second;
      at += found->first.size();
    }
  }
  return out;
}

}  // namespace

std::vector<LayoutFile::Copy> LayoutFile::copies(const std::vector<std::int32_t>& order) const {
  std::vector<Copy> copies;
  for (std::size_t i = 0; i < parts_.size();) {
    if (!parts_[i].each) {
      copies.push_back({i++, std::nullopt});
      continue;
    }
    std::size_t end = i;
    while (end < parts_.size() && parts_[end].each) ++end;
    for (const std::int32_t phrasing : order)
      for (std::size_t part = i; part < end; ++part)
        if (!parts_[part].between || phrasing != order.back()) copies.push_back({part, phrasing});
    i = end;
  }
  return copies;
}

engine::Prompt LayoutFile::build(const LayoutOptions& options, const text::Tokenizer& tokenizer,
                                 std::span<const data::PromptParts> parts) const {
  std::vector<Copy> all = copies(order_of(options, parts.size()));
  if (!tokenizer.bos())
    std::erase_if(all, [&](const Copy& copy) { return parts_[copy.part].text == "{bos}"; });
  Sequencer sequence(static_cast<std::int32_t>(parts.size()));
  // Segments by part and phrasing (-1: not repeated).
  std::map<std::pair<std::size_t, std::int32_t>, std::int32_t> segments;
  for (const Copy& copy : all) {
    const Part& part = parts_[copy.part];
    if (part.home == Home::own && !part.free)
      segments[{copy.part, copy.phrasing.value_or(-1)}] =
          sequence.add_segment(part.counts ? copy.phrasing.value_or(-1) : -1);
  }
  std::map<std::size_t, std::int32_t> ends;  // by part: 1 + its largest position
  bool free = false;
  for (const Copy& copy : all) {
    const Part& part = parts_[copy.part];
    const std::int32_t phrasing = copy.phrasing.value_or(-1);
    std::int32_t segment = -1;
    if (part.home != Home::none && !part.free)
      segment = segments.at({part.home == Home::own ? copy.part : part.home_part, phrasing});
    for (const Sight& sight : part.sees)
      for (const auto& [key, seen] : segments)
        if (key.first == sight.part && seen != segment && (!sight.same || key.second == phrasing))
          sequence.sees(segment, seen);
    if (part.start == Start::at) sequence.move_to(part.at);
    if (part.start == Start::after) sequence.move_to(ends[part.after]);
    if (part.start == Start::after_all) sequence.move_past_all();
    if (part.free) sequence.begin_free();
    free = free || part.free;
    const data::PromptParts& texts = parts[static_cast<std::size_t>(std::max(phrasing, 0))];
    if (part.text == "{bos}") {
      sequence.add(*tokenizer.bos(), segment);
    } else {
      sequence.add(tokenizer.encode(filled(part.text, texts)), segment);
    }
    ends[copy.part] = std::max(ends[copy.part], sequence.position());
  }
  if (!free) sequence.begin_free();
  engine::Prompt prompt = sequence.take();
  calibrate(options, prompt);
  return prompt;
}

}  // namespace chorus::ensemble
