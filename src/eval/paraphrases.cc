#include "eval/paraphrases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "eval/accuracy.h"
#include "eval/columns.h"
#include "text/lemmas.h"
#include "text/match.h"

namespace chorus::eval {
namespace {

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? kNone : static_cast<double>(part) / static_cast<double>(all);
}

std::string cell(std::int64_t count) {
  return fmt::format("{}", count);
}

bool right(const Run& run, std::size_t row) {
  return run.scores[row] == 1.0;
}

std::size_t most_paraphrases(const Run& singles) {
  std::size_t most = 0;
  for (const auto& [uuid, rows] : singles.rows_of) most = std::max(most, rows.size());
  return most;
}

bool agree(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return text::contains_run(a, b) || text::contains_run(b, a);
}

struct PairCounts {
  std::int64_t n = 0, same = 0, either = 0, both = 0;
};

/// Over the questions that have both phrasings.
PairCounts count_pair(const Run& singles, const std::vector<std::vector<std::string>>& lemmas, std::size_t i,
                      std::size_t j) {
  PairCounts counts;
  for (const auto& [uuid, rows] : singles.rows_of) {
    if (rows.size() <= std::max(i, j)) continue;
    const std::size_t a = rows[i], b = rows[j];
    ++counts.n;
    counts.same += !lemmas[a].empty() && !lemmas[b].empty() && agree(lemmas[a], lemmas[b]);
    counts.either += right(singles, a) || right(singles, b);
    counts.both += right(singles, a) && right(singles, b);
  }
  return counts;
}

std::vector<std::vector<std::string>> lemmas_of_rows(const Run& run) {
  std::vector<std::vector<std::string>> lemmas;
  for (std::size_t row = 0; row < run.table.rows(); ++row)
    lemmas.push_back(text::lemmas(prediction_of(run, row)));
  return lemmas;
}

/// Of a question's rows those of the phrasings that an ensemble's row names; nothing where the files do not say.
std::vector<std::size_t> named_members(const Run& singles, const std::vector<std::size_t>& rows,
                                       const Run& ensemble, std::size_t ensemble_row) {
  std::vector<std::size_t> found;
  const auto column = ensemble.table.find("paraphrases");
  if (!column || !singles.table.find("paraphrase")) return found;
  const auto* phrasings = std::get_if<data::StringList>(&ensemble.table.at(ensemble_row, *column));
  if (phrasings == nullptr) return found;
  for (const std::string& phrasing : *phrasings)
    for (const std::size_t row : rows)
      if (singles.text(row, "paraphrase") == phrasing) {
        found.push_back(row);
        break;
      }
  return found;
}

/// The rows of a question's phrasings that an ensemble is of: those it names, its index set, else its first N.
std::vector<std::size_t> members(const Run& singles, const std::vector<std::size_t>& rows, const Run& run,
                                 std::size_t ensemble_row) {
  std::vector<std::size_t> found = named_members(singles, rows, run, ensemble_row);
  if (!found.empty()) return found;
  const RunName& ensemble = run.name;
  if (!ensemble.indexs.empty()) {
    for (const int index : ensemble.indexs)
      if (static_cast<std::size_t>(index) < rows.size())
        found.push_back(rows[static_cast<std::size_t>(index)]);
    return found;
  }
  const std::size_t n = ensemble.paraphrases > 0      ? static_cast<std::size_t>(ensemble.paraphrases)
                        : ensemble.method == "origin" ? 1
                                                      : rows.size();
  found.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min(n, rows.size())));
  return found;
}

/// Calls work(uuid, right phrasings, phrasings, ensemble's row) for every question both have.
template <class Work>
void for_each_question(const Run& singles, const Run& ensemble, Work&& work) {
  for (const auto& [uuid, rows] : ensemble.rows_of) {
    const auto found = singles.rows_of.find(uuid);
    if (found == singles.rows_of.end()) continue;
    const auto of_it = members(singles, found->second, ensemble, rows.front());
    const auto count =
        std::count_if(of_it.begin(), of_it.end(), [&](std::size_t row) { return right(singles, row); });
    work(uuid, static_cast<std::int64_t>(count), of_it, rows.front());
  }
}

}  // namespace

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 2) return kNone;
  const double mx = mean(x), my = mean(y);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xx == 0 || yy == 0 ? kNone : xy / std::sqrt(xx * yy);
}

Section paraphrase_section(const Run& singles, const AnalysisOptions& options) {
  Section section{"paraphrases", "Each paraphrase alone",
                  "any, all: over the first i + 1 phrasings of a question",
                  Table(joined(numbers({"i"}), accuracy_columns(), numbers({"any right", "all right"})))};
  for (std::size_t i = 0; i < most_paraphrases(singles); ++i) {
    Tally alone, any, all;
    std::vector<double> scores;
    for (const auto& [uuid, rows] : singles.rows_of) {
      if (rows.size() <= i) continue;
      const auto count = std::count_if(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                       [&](std::size_t row) { return right(singles, row); });
      alone.add(right(singles, rows[i]));
      scores.push_back(singles.scores[rows[i]]);
      any.add(count > 0);
      all.add(count == static_cast<std::ptrdiff_t>(i) + 1);
    }
    const Interval wilson = wilson_interval(alone);
    const Estimate e = is_binary(options.score.rule)
                           ? Estimate{accuracy(alone).value, {wilson.lower, wilson.upper}}
                           : bootstrap(scores, {}, options.bootstrap);
    section.table.add(joined(Cells{cell(static_cast<std::int64_t>(i))}, accuracy_cells(e, alone.n),
                             Cells{shown(accuracy(any).value), shown(accuracy(all).value)}));
  }
  return section;
}

Section pair_section(const Run& singles) {
  Section section{"pairs", "Pairs of paraphrases",
                  "consistency: the two answers match in either direction; diversity: OR / AND",
                  Table(joined(words({"pair"}), numbers({"consistency", "OR", "AND", "diversity", "n"})))};
  const auto lemmas = lemmas_of_rows(singles);
  PairCounts sum;
  const std::size_t n = most_paraphrases(singles);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) {
      const PairCounts c = count_pair(singles, lemmas, i, j);
      section.table.add({fmt::format("{},{}", i, j), shown(share(c.same, c.n)), shown(share(c.either, c.n)),
                         shown(share(c.both, c.n)), shown(share(c.either, c.both)), cell(c.n)});
      sum = {sum.n + c.n, sum.same + c.same, sum.either + c.either, sum.both + c.both};
    }
  if (n > 1)
    section.table.add({"all", shown(share(sum.same, sum.n)), shown(share(sum.either, sum.n)),
                       shown(share(sum.both, sum.n)), shown(share(sum.either, sum.both)), cell(sum.n)});
  return section;
}

Section outcome_section(const Run& singles, const RunSet& ensembles) {
  Section section{
      "outcomes", "Single phrasings and the ensemble",
      "first letter: any of its phrasings alone is right; second: the ensemble is; one: right "
      "where exactly one phrasing is",
      Table(joined(run_columns(), numbers({"TT", "TF", "FT", "FF", "any", "ensemble", "one", "n"})))};
  for (const Run* run : ensembles) {
    std::int64_t tt = 0, tf = 0, ft = 0, ff = 0, one = 0, one_right = 0;
    for_each_question(singles, *run,
                      [&](const std::string&, std::int64_t count, const auto&, std::size_t row) {
                        const bool is_right = right(*run, row);
                        ++(count > 0 ? (is_right ? tt : tf) : (is_right ? ft : ff));
                        one += count == 1;
                        one_right += count == 1 && is_right;
                      });
    const std::int64_t n = tt + tf + ft + ff;
    section.table.add(joined(
        run_cells(*run), Cells{cell(tt), cell(tf), cell(ft), cell(ff)},
        Cells{shown(share(tt + tf, n)), shown(share(tt + ft, n)), shown(share(one_right, one)), cell(n)}));
  }
  return section;
}

Section new_answers_section(const Run& singles, const RunSet& ensembles) {
  Section section{
      "new_answers", "Right only in the ensemble", "",
      Table(joined(run_columns(), words({"uuid", "question", "prediction", "answers", "single answers"})))};
  for (const Run* run : ensembles)
    for_each_question(singles, *run,
                      [&](const std::string& uuid, std::int64_t count, const std::vector<std::size_t>& of_it,
                          std::size_t row) {
                        if (count > 0 || !right(*run, row)) return;
                        std::vector<std::string> alone;
                        alone.reserve(of_it.size());
                        for (const std::size_t single : of_it)
                          alone.push_back(prediction_of(singles, single));
                        section.table.add(joined(run_cells(*run),
                                                 Cells{uuid, run->question(row), prediction_of(*run, row),
                                                       fmt::format("{}", fmt::join(run->answers(row), " | ")),
                                                       fmt::format("{}", fmt::join(alone, " | "))}));
                      });
  return section;
}

Section index_set_section(const Run& singles, const RunSet& runs) {
  Section section{"index_sets", "Index sets",
                  "last row: Pearson's correlation of the ensemble's accuracy with the column",
                  Table(joined(words({"method", "set"}),
                               numbers({"accuracy", "mean alone", "consistency", "OR", "diversity", "n"})))};
  const auto lemmas = lemmas_of_rows(singles);
  std::vector<double> ensemble, alone, consistency, either, diversity;
  for (const Run* run : runs) {
    if (run->name.indexs.empty()) continue;
    std::int64_t n = 0, is_right = 0, any = 0, all = 0, member_right = 0, member_count = 0;
    for_each_question(
        singles, *run,
        [&](const std::string&, std::int64_t count, const std::vector<std::size_t>& of_it, std::size_t row) {
          ++n;
          is_right += right(*run, row);
          any += count > 0;
          all += count == static_cast<std::int64_t>(of_it.size());
          member_right += count;
          member_count += static_cast<std::int64_t>(of_it.size());
        });
    double same = kNone;
    if (run->name.indexs.size() == 2) {
      const PairCounts c = count_pair(singles, lemmas, static_cast<std::size_t>(run->name.indexs[0]),
                                      static_cast<std::size_t>(run->name.indexs[1]));
      same = share(c.same, c.n);
    }
    ensemble.push_back(share(is_right, n));
    alone.push_back(share(member_right, member_count));
    consistency.push_back(same);
    either.push_back(share(any, n));
    diversity.push_back(share(any, all));
    section.table.add({run->name.method, fmt::format("{}", fmt::join(run->name.indexs, ",")),
                       shown(ensemble.back()), shown(alone.back()), shown(same), shown(either.back()),
                       shown(diversity.back()), cell(n)});
  }
  if (ensemble.size() > 2)
    section.table.add({"Pearson", "", "-", shown(pearson(ensemble, alone)),
                       shown(pearson(ensemble, consistency)), shown(pearson(ensemble, either)),
                       shown(pearson(ensemble, diversity)),
                       cell(static_cast<std::int64_t>(ensemble.size()))});
  return section;
}

}  // namespace chorus::eval
