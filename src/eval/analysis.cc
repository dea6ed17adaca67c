#include "eval/analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "eval/accuracy.h"
#include "eval/columns.h"
#include "eval/paired.h"

namespace chorus::eval {
namespace {

/// The clusters of a run's rows: by the column asked for, else by question where a question has several rows.
std::vector<std::size_t> clusters_of(const Run& run, const AnalysisOptions& options) {
  if (!options.cluster.empty()) return group_by(run, options.cluster).of_row;
  if (run.rows_of.size() == run.table.rows()) return {};
  return group_by(run, "uuid").of_row;
}

bool same_questions(const Run& a, const Run& b) {
  return std::equal(a.rows_of.begin(), a.rows_of.end(), b.rows_of.begin(), b.rows_of.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

/// None where no other answered the same questions: a difference over different questions says nothing.
double gain_over(const Run& run, const RunSet& others) {
  std::vector<double> values;
  for (const Run* other : others)
    if (other != &run && same_questions(run, *other)) values.push_back(mean(other->scores));
  return values.empty() ? kNone : mean(run.scores) - mean(values);
}

const Run* baseline_of(const RunSet& runs, const AnalysisOptions& options) {
  const Run* first = nullptr;
  std::vector<std::string> known;
  for (const Run* run : runs) {
    if (run->rows_of.size() != run->table.rows()) continue;
    if (run->name.method == options.baseline || run->name.label() == options.baseline) return run;
    if (first == nullptr) first = run;
    known.push_back(run->name.label());
  }
  if (options.baseline != AnalysisOptions().baseline && first != nullptr)
    throw Error(ErrorKind::usage,
                fmt::format("--baseline '{}', of which there is no result", options.baseline),
                fmt::format("{}", fmt::join(known, ", ")), "choose one of them");
  return first;
}

struct Pair {
  std::vector<double> differences;
  std::vector<std::size_t> clusters;
  Discordant counts;
};

/// The questions that both have.
Pair paired(const Run& run, const Run& baseline, const AnalysisOptions& options) {
  Pair pair;
  const auto cluster = options.cluster.empty() ? Grouping{} : group_by(baseline, options.cluster);
  for (const auto& [uuid, rows] : baseline.rows_of) {
    const auto found = run.rows_of.find(uuid);
    if (found == run.rows_of.end()) continue;
    const double ours = run.scores[found->second.front()], theirs = baseline.scores[rows.front()];
    pair.differences.push_back(ours - theirs);
    pair.counts.add(ours == 1.0, theirs == 1.0);
    if (!cluster.of_row.empty()) pair.clusters.push_back(cluster.of_row[rows.front()]);
  }
  if (pair.differences.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{} and {} share no question", run.file.string(), baseline.file.string()),
                "results over the same data set", "analyze them apart");
  }
  return pair;
}

std::string p_value(double p) {
  if (std::isnan(p)) return "-";
  return p < 0.0001 ? fmt::format("{:.1e}", p) : fmt::format("{:.4f}", p);
}

}  // namespace

Estimate accuracy_of(const Run& run, const AnalysisOptions& options) {
  const auto clusters = clusters_of(run, options);
  if (!clusters.empty() || !is_binary(options.score.rule))
    return bootstrap(run.scores, clusters, options.bootstrap);
  Tally tally;
  for (const double score : run.scores) tally.add(score == 1.0);
  const Accuracy a = accuracy(tally);
  return {a.value, {a.interval.lower, a.interval.upper}};
}

Section accuracy_section(const RunSet& runs, const AnalysisOptions& options) {
  Section section{
      "accuracy", "Accuracy", "",
      Table(joined(run_columns(), accuracy_columns(), numbers({"over origin", "over classic mean"})))};
  RunSet origin;
  for (const Run* run : runs)
    if (run->name.method == "origin") origin.push_back(run);
  for (const Run* run : runs) {
    RunSet classic;
    for (const Run* other : runs)
      if (is_classic(other->name) && other->name.paraphrases == run->name.paraphrases)
        classic.push_back(other);
    const Estimate a = accuracy_of(*run, options);
    const bool has_size = run->name.paraphrases > 0;
    section.table.add(
        joined(run_cells(*run), accuracy_cells(a, std::ssize(run->scores)),
               Cells{shown(gain_over(*run, origin)), shown(has_size ? gain_over(*run, classic) : kNone)}));
  }
  section.note =
      "lower, upper: 95 %, Wilson's interval, or a bootstrap over clusters where rows belong together; over "
      "...: difference from results over the same questions";
  return section;
}

Section comparison_section(const RunSet& runs, const AnalysisOptions& options) {
  Section section{"comparison", "Paired comparison", "",
                  Table(joined(run_columns(), numbers({"n", "difference", "lower", "upper", "only it",
                                                       "only baseline", "p (McNemar)", "p (Holm)"})))};
  const Run* baseline = baseline_of(runs, options);
  if (baseline == nullptr) return section;
  section.title = fmt::format("Paired comparison with {}", baseline->name.label());
  section.note = fmt::format(
      "difference of accuracy on the same questions; lower, upper: 95 %, bootstrap ({} resamples, seed {}{})",
      options.bootstrap.resamples, options.bootstrap.seed,
      options.cluster.empty() ? "" : ", clusters: " + options.cluster);
  std::vector<Cells> rows;
  std::vector<double> p_values;
  for (const Run* run : runs) {
    if (run == baseline || run->rows_of.size() != run->table.rows()) continue;
    const Pair pair = paired(*run, *baseline, options);
    const Estimate e = bootstrap(pair.differences, pair.clusters, options.bootstrap);
    p_values.push_back(is_binary(options.score.rule) ? mcnemar_exact(pair.counts) : kNone);
    rows.push_back(
        joined(run_cells(*run),
               Cells{fmt::format("{}", pair.differences.size()), fmt::format("{:+.3f}", e.value),
                     fmt::format("{:+.3f}", e.interval.lower), fmt::format("{:+.3f}", e.interval.upper),
                     fmt::format("{}", pair.counts.first_only), fmt::format("{}", pair.counts.second_only)}));
  }
  const auto adjusted = holm(p_values);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].push_back(p_value(p_values[i]));
    rows[i].push_back(p_value(adjusted[i]));
    section.table.add(rows[i]);
  }
  return section;
}

Section sizes_section(const RunSet& runs, const AnalysisOptions& options) {
  Section section{"sizes", "Effect of N",
                  "best: the N of the method's highest accuracy, the smallest of equals",
                  Table(joined(run_columns(), accuracy_columns(), words({"best"})))};
  std::map<std::string, std::map<int, const Run*>> methods;
  for (const Run* run : runs)
    if (run->name.paraphrases > 0 && run->name.indexs.empty())
      methods[run->name.label()][run->name.paraphrases] = run;
  for (const auto& [label, sizes] : methods) {
    const auto best = std::max_element(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) {
      return mean(a.second->scores) < mean(b.second->scores);
    });
    for (const auto& [n, run] : sizes) {
      const Estimate a = accuracy_of(*run, options);
      section.table.add(joined(run_cells(*run), accuracy_cells(a, std::ssize(run->scores)),
                               Cells{n == best->first ? "best" : ""}));
    }
  }
  return section;
}

Section group_section(const RunSet& runs, const std::string& column, const AnalysisOptions& options) {
  Section section{"by_" + column, "By " + column,
                  "mean over values: each value counted once, whatever its size",
                  Table(joined(run_columns(), words({column.c_str()}), accuracy_columns()))};
  bool any = false;
  for (const Run* run : runs) {
    if (!run->table.find(column)) continue;
    any = true;
    const Grouping grouping = group_by(*run, column);
    double sum = 0;
    for (std::size_t value = 0; value < grouping.values.size(); ++value) {
      std::vector<double> scores;
      Tally tally;
      for (std::size_t row = 0; row < run->scores.size(); ++row)
        if (grouping.of_row[row] == value) {
          scores.push_back(run->scores[row]);
          tally.add(run->scores[row] == 1.0);
        }
      sum += mean(scores);
      const bool wilson = is_binary(options.score.rule) && run->rows_of.size() == run->table.rows();
      const Interval interval = wilson ? wilson_interval(tally) : Interval{kNone, kNone};
      section.table.add(
          joined(run_cells(*run), Cells{grouping.values[value]},
                 accuracy_cells({mean(scores), {interval.lower, interval.upper}}, std::ssize(scores))));
    }
    const double over_values = sum / static_cast<double>(grouping.values.size());
    section.table.add(joined(run_cells(*run), Cells{"mean over values"},
                             accuracy_cells({over_values, {kNone, kNone}}, std::ssize(run->scores))));
  }
  if (!any)
    throw Error(ErrorKind::data, fmt::format("no result has a column '{}'", column),
                "a column of the result files", "see their CSV headers");
  return section;
}

}  // namespace chorus::eval
