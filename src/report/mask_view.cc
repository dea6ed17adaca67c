#include "report/mask_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "core/error.h"
#include "eval/table.h"

namespace chorus::report {
namespace {

constexpr std::size_t kPositions = 25;
constexpr std::int32_t kFirstGenerated = 5;

/// Numbers those that have no name of their own.
class Names {
 public:
  std::string of(const engine::Prompt& prompt, const engine::Run& run) {
    const auto segment = static_cast<std::size_t>(run.segment);
    const std::int32_t paraphrase = prompt.paraphrase_of.empty() ? -1 : prompt.paraphrase_of[segment];
    if (paraphrase >= 0) return fmt::format("{}", paraphrase + 1);
    if (run.begin == 0 && run.end == 1) return "B";
    return others_++ == 0 ? "I" : fmt::format("X{}", others_ - 1);
  }

 private:
  int others_ = 0;
};

std::vector<MaskSegment> segments_of(const engine::Prompt& prompt, std::int32_t generated) {
  Names names;
  std::vector<MaskSegment> segments;
  for (const engine::Run& run : engine::runs_of(prompt))
    if (run.segment >= 0) segments.push_back({names.of(prompt, run), run.begin, run.end, run.segment});
  if (prompt.free_from < prompt.size()) segments.push_back({"C", prompt.free_from, prompt.size()});
  if (generated > 0) segments.push_back({"G", prompt.size(), prompt.size() + generated});
  return segments;
}

/// Adds the middle of the largest gap, the first of equals, until there are enough; false where no gap is left.
bool halve_largest_gap(std::set<std::int32_t>& positions) {
  std::int32_t widest = 1, middle = 0;
  for (auto at = positions.begin(), next = std::next(at); next != positions.end(); ++at, ++next) {
    if (*next - *at <= widest) continue;
    widest = *next - *at;
    middle = *at + widest / 2;
  }
  return widest > 1 && positions.insert(middle).second;
}

const char* sign(bool allowed) {
  return allowed ? "■" : "·";
}

}  // namespace

MaskView::MaskView(engine::Prompt prompt, std::int32_t generated)
    : prompt_(std::move(prompt)), generated_(generated) {
  engine::check(prompt_, std::numeric_limits<std::int32_t>::max());
  if (generated < 0)
    throw Error(ErrorKind::usage, fmt::format("{} generated tokens", generated), "0 or more",
                "raise --generated");
  segments_ = segments_of(prompt_, generated);
  sees_ = engine::sees_matrix(prompt_);
}

bool MaskView::allowed(std::int32_t q, std::int32_t k) const {
  if (k > q) return false;
  if (q >= prompt_.free_from) return true;
  const std::int32_t of_q = prompt_.segment_of[static_cast<std::size_t>(q)],
                     of_k = prompt_.segment_of[static_cast<std::size_t>(k)];
  return of_q >= 0 && of_k >= 0 &&
         sees_[static_cast<std::size_t>(std::int64_t{of_q} * prompt_.segments + of_k)] != 0;
}

std::vector<MaskSegment> MaskView::stretches() const {
  std::vector<MaskSegment> stretches;
  std::int32_t end = 0;
  for (const MaskSegment& s : segments_) {
    if (s.begin > end) stretches.push_back({"-", end, s.begin});
    stretches.push_back(s);
    end = s.end;
  }
  if (end < length()) stretches.push_back({"-", end, length()});
  return stretches;
}

std::vector<std::int32_t> MaskView::positions() const {
  const std::int32_t all = length();
  if (static_cast<std::size_t>(all) <= kPositions) {
    std::vector<std::int32_t> every(static_cast<std::size_t>(all));
    std::iota(every.begin(), every.end(), 0);
    return every;
  }
  // Candidates, the most telling first.
  std::vector<std::int32_t> candidates{prompt_.size() - 1};
  for (std::int32_t i = 0; i < std::min(kFirstGenerated, generated_); ++i)
    candidates.push_back(prompt_.size() + i);
  candidates.push_back(all - 1);
  for (int point = 0; point < 4; ++point)
    for (const MaskSegment& s : segments_) {
      if (s.label == "G" || (point > 1 && s.size() <= 4)) continue;
      candidates.push_back(point == 0   ? s.begin
                           : point == 1 ? s.end - 1
                                        : s.begin + s.size() * (point - 1) / 3);
    }
  std::set<std::int32_t> positions;
  for (const std::int32_t candidate : candidates)
    if (positions.size() < kPositions) positions.insert(candidate);
  while (positions.size() < kPositions && halve_largest_gap(positions)) {
  }
  return {positions.begin(), positions.end()};
}

std::string MaskView::label(std::int32_t position) const {
  for (const MaskSegment& s : segments_) {
    if (s.label == "G") {
      if (position == s.begin) return "G0";
    } else if (position == s.begin) {
      return "S" + s.label;
    } else if (position == s.end - 1) {
      return "E" + s.label;
    }
  }
  return "";
}

std::string MaskView::text() const {
  const auto at = positions();
  const std::size_t width = std::max<std::size_t>(3, fmt::format("{}", length() - 1).size());
  std::string out = fmt::format("{:<{}}", "Q\\KV", width + 5);
  for (const std::int32_t k : at) out += fmt::format(" {:>{}}", k, width);
  out += "\n";
  for (const std::int32_t q : at) {
    std::string line = fmt::format("{:<4} {:>{}}", label(q), q, width);
    for (const std::int32_t k : at) line += std::string(width, ' ') + sign(allowed(q, k));
    out += line + "\n";
  }
  return out;
}

std::string MaskView::by_segment() const {
  const auto name = [](const MaskSegment& s) {
    return s.label == "G" || s.label == "C" ? s.label : "S" + s.label;
  };
  std::string out = "Q\\KV";
  for (const MaskSegment& s : segments_) out += fmt::format(" {:>3}", name(s));
  out += "\n";
  for (const MaskSegment& row : segments_) {
    out += fmt::format("{:<4}", name(row));
    for (const MaskSegment& column : segments_)
      out += std::string("   ") + sign(column.begin <= row.begin && allowed(row.end - 1, column.begin));
    out += "\n";
  }
  return out;
}

std::string MaskView::sees_of(const MaskSegment& segment) const {
  std::vector<std::string> seen;
  for (const MaskSegment& other : segments_)
    if (other.begin < segment.begin && allowed(segment.end - 1, other.begin)) seen.push_back(other.label);
  return seen.empty() ? "itself" : fmt::format("itself, {}", fmt::join(seen, ", "));
}

std::string MaskView::legend() const {
  eval::Table table({{"segment"}, {"indices"}, {"tokens", eval::Table::number}, {"sees"}});
  for (const MaskSegment& s : segments_)
    table.add({s.label, fmt::format("{}-{}", s.begin, s.end - 1), fmt::format("{}", s.size()),
               s.segment < 0 ? "everything before it" : sees_of(s)});
  return fmt::format(
      "■ the row sees the column   · it does not\n"
      "S, E: first and last token of a segment (1, 2, ... paraphrases; I instruction; X others; B beginning "
      "of text; C "
      "cue); G0: first generated\n"
      "prompt: {} tokens; generated: {}\n\n{}",
      prompt_.size(), generated_, table.text());
}

engine::Prompt prompt_of_ranges(const std::vector<std::pair<std::int32_t, std::int32_t>>& ranges,
                                std::int32_t length) {
  engine::Prompt prompt;
  std::int32_t end = 0;
  if (length < 1)
    throw Error(ErrorKind::usage, fmt::format("a prompt of {} tokens", length), "one or more",
                "give --prompt-length");
  prompt.segment_of.assign(static_cast<std::size_t>(length), -1);
  for (const auto& [first, last] : ranges) {
    if (first < end || last <= first || last > length) {
      throw Error(ErrorKind::usage,
                  fmt::format("segment {}-{} in a prompt of {} tokens", first, last, length),
                  "ascending ranges BEGIN-END inside the prompt, END not included",
                  "correct --segments or --prompt-length");
    }
    std::fill(prompt.segment_of.begin() + first, prompt.segment_of.begin() + last, prompt.segments);
    prompt.paraphrase_of.push_back(prompt.segments++);
    end = last;
  }
  prompt.paraphrases = prompt.segments;
  prompt.ids.assign(static_cast<std::size_t>(length), 0);
  prompt.positions.resize(static_cast<std::size_t>(length));
  std::iota(prompt.positions.begin(), prompt.positions.end(), 0);
  prompt.free_from = length;
  return prompt;
}

}  // namespace chorus::report
