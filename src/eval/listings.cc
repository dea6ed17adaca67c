#include "eval/listings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "text/lemmas.h"

namespace chorus::eval {
namespace {

std::string prediction_of(const Run& run, std::size_t row) {
  return run.text(row, run.table.find("prediction") ? "prediction" : "greedy_predict");
}

std::string size_of(const Run& run) {
  return run.name.paraphrases > 0 ? fmt::format("{}", run.name.paraphrases) : "-";
}

std::string verdict(double score) {
  return score == 1.0 ? "right" : score == 0.0 ? "wrong" : shown(score);
}

std::vector<Table::Column> short_columns() {
  return {{"method"},     {"N", Table::number}, {"uuid"},    {"question"},
          {"generation"}, {"prediction"},       {"answers"}, {"verdict"}};
}

void add_short(Table& table, const Run& run, std::size_t row) {
  table.add({run.name.label(), size_of(run), run.text(row, "uuid"), run.question(row),
             run.text(row, "generation"), prediction_of(run, row),
             fmt::format("{}", fmt::join(run.answers(row), " | ")), verdict(run.scores[row])});
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
                  Table({{"method"},
                         {"N", Table::number},
                         {"uuid"},
                         {"question"},
                         {"prompt"},
                         {"generation"},
                         {"prediction"},
                         {"answers"},
                         {"prediction_lemmas"},
                         {"score", Table::number}})};
  for (const Run* run : runs)
    for (std::size_t row = 0; row < run->table.rows(); ++row) {
      const std::string prompt = run->text(row, run->table.find("prompt") ? "prompt" : "prompts");
      section.table.add({run->name.label(), size_of(*run), run->text(row, "uuid"), run->question(row), prompt,
                         run->text(row, "generation"), prediction_of(*run, row),
                         fmt::format("{}", fmt::join(run->answers(row), " | ")),
                         fmt::format("{}", fmt::join(text::lemmas(prediction_of(*run, row)), " ")),
                         fmt::format("{:.6g}", run->scores[row])});
    }
  return section;
}

}  // namespace chorus::eval
