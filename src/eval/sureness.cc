#include "eval/sureness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "eval/columns.h"

namespace chorus::eval {

double auroc(std::span<const double> right, std::span<const double> wrong) {
  if (right.empty() || wrong.empty()) return kNone;
  std::vector<double> sorted(wrong.begin(), wrong.end());
  std::sort(sorted.begin(), sorted.end());
  double twice = 0;  // two for each wrong answer below a right one, one for each tie
  for (const double value : right) {
    const auto [begin, end] = std::equal_range(sorted.begin(), sorted.end(), value);
    twice += static_cast<double>((begin - sorted.begin()) + (end - sorted.begin()));
  }
  return twice / 2 / static_cast<double>(right.size()) / static_cast<double>(wrong.size());
}

Section confidence_section(const RunSet& runs) {
  Section section{"confidence", "Confidence",
                  "of the greedy answer to each phrasing; AUROC: the chance that a right answer has more "
                  "confidence than a wrong one, 0.5 is chance",
                  Table(joined(words({"result"}),
                               numbers({"n", "accuracy", "mean", "where right", "where wrong", "AUROC"})))};
  for (const Run* run : runs) {
    const auto place = run->table.find("confidence");
    if (!place) continue;
    std::vector<double> all, right, wrong;
    for (std::size_t row = 0; row < run->table.rows(); ++row) {
      const auto* const value = std::get_if<double>(&run->table.at(row, *place));
      if (value == nullptr || std::isnan(*value)) continue;
      all.push_back(*value);
      (run->scores[row] == 1.0 ? right : wrong).push_back(*value);
    }
    const double share =
        all.empty() ? kNone : static_cast<double>(right.size()) / static_cast<double>(all.size());
    section.table.add({run->name.label(), fmt::format("{}", all.size()), shown(share), shown(mean(all)),
                       shown(mean(right)), shown(mean(wrong)), shown(auroc(right, wrong))});
  }
  return section;
}

}  // namespace chorus::eval
