#include "eval/listings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "eval/columns.h"
#include "text/lemmas.h"

namespace chorus::eval {
namespace {

std::string verdict(double score) {
  return score == 1.0 ? "right" : score == 0.0 ? "wrong" : shown(score);
}

Columns short_columns() {
  return joined(run_columns(), words({"uuid", "question", "generation", "prediction", "answers", "verdict"}));
}

void add_short(Table& table, const Run& run, std::size_t row) {
  table.add(joined(
      run_cells(run),
      Cells{run.text(row, "uuid"), run.question(row), run.text(row, "generation"), prediction_of(run, row),
            fmt::format("{}", fmt::join(run.answers(row), " | ")), verdict(run.scores[row])}));
}

}  // namespace

Section sample_section(const RunSet& runs, std::size_t count) {
  Section section{"samples", "Samples", "", Table(short_columns())};
  for (const Run* run : runs)
    for (std::size_t row = 0; row < std::min(count, run->table.rows()); ++row)
      add_short(section.table, *run, row);
  return section;
}

Section error_section(const RunSet& runs, std::size_t limit) {
  Section section{"errors", "Errors", "", Table(short_columns())};
  for (const Run* run : runs) {
    std::size_t listed = 0;
    for (std::size_t row = 0; row < run->table.rows() && (limit == 0 || listed < limit); ++row) {
      if (run->scores[row] == 1.0) continue;
      add_short(section.table, *run, row);
      ++listed;
    }
  }
  return section;
}

Section detail_section(const RunSet& runs) {
  Section section{"detail", "Every row", "",
                  Table(joined(run_columns(),
                               words({"uuid", "question", "prompt", "generation", "prediction", "answers",
                                      "prediction_lemmas"}),
                               numbers({"score"})))};
  for (const Run* run : runs)
    for (std::size_t row = 0; row < run->table.rows(); ++row) {
      const std::string prompt = run->text(row, run->table.find("prompt") ? "prompt" : "prompts");
      const std::string prediction = prediction_of(*run, row);
      section.table.add(
          joined(run_cells(*run),
                 Cells{run->text(row, "uuid"), run->question(row), prompt, run->text(row, "generation"),
                       prediction, fmt::format("{}", fmt::join(run->answers(row), " | ")),
                       fmt::format("{}", fmt::join(text::lemmas(prediction), " ")),
                       fmt::format("{:.6g}", run->scores[row])}));
    }
  return section;
}

}  // namespace chorus::eval
