// chorus report: the results of one data set and model as one HTML file, and its figures as files.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "cli/commands.h"
#include "cli/option_checks.h"
#include "cli/results_options.h"
#include "cli/run_options.h"
#include "core/error.h"
#include "core/log.h"
#include "data/durable_file.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/schematic.h"

namespace chorus::cli {
namespace {

using eval::Run;
using report::Format;

struct Arguments {
  ResultsOptions results;
  SectionOptions sections{.samples = 0, .errors = 50};
  std::string output = "report.html", figures;
  std::size_t questions = 200;
};

/// A figure of the report by name; drawn once for the page and once more for each file.
struct Drawing {
  std::string name, title;
  std::function<std::string(Format)> draw;
};

std::string label_of(const Run& run) {
  if (run.name.paraphrases == 0 || !run.name.indexs.empty()) return run.name.label();
  return fmt::format("{}, N = {}{}", run.name.method, run.name.paraphrases,
                     run.name.variant.empty() ? "" : fmt::format(" ({})", run.name.variant));
}

Drawing accuracy_bars(const ResultGroup& group, const Arguments& arguments) {
  std::vector<report::Bar> bars;
  for (const Run* run : group.of_size(arguments.results.num_paraphrases)) {
    const eval::Estimate e = eval::accuracy_of(*run, arguments.results.analysis);
    bars.push_back({label_of(*run), e.value, e.interval.lower, e.interval.upper, eval::is_flex(run->name)});
  }
  return {"accuracy", "Accuracy with 95 % intervals",
          [bars](Format format) { return report::bar_figure("Accuracy with 95 % intervals", bars, format); }};
}

/// Seconds a question of a run's last session; NaN where its notes do not say.
double seconds_a_question(const Run& run) {
  if (!run.notes.is_object() || !run.notes.contains("seconds") || run.notes.value("answered", 0) == 0)
    return std::nan("");
  return run.notes["seconds"].get<double>() / run.notes["answered"].get<double>();
}

double mean_of_column(const Run& run, std::string_view column) {
  const auto place = run.table.find(column);
  if (!place || run.table.rows() == 0) return std::nan("");
  double sum = 0;
  for (std::size_t row = 0; row < run.table.rows(); ++row) {
    const auto* const number = std::get_if<std::int64_t>(&run.table.at(row, *place));
    if (number == nullptr) return std::nan("");
    sum += static_cast<double>(*number);
  }
  return sum / static_cast<double>(run.table.rows());
}

/// Nothing where all results are of one N.
template <class Measure>
std::optional<Drawing> against_size(const ResultGroup& group, const std::string& name,
                                    const std::string& title, const std::string& axis, bool from_zero,
                                    Measure&& measure) {
  std::map<std::string, std::map<int, double>> methods;
  for (const Run& run : group.runs) {
    if (run.name.paraphrases == 0 || !run.name.indexs.empty()) continue;
    if (const double value = measure(run); !std::isnan(value))
      methods[run.name.label()][run.name.paraphrases] = value;
  }
  std::vector<report::Line> lines;
  std::set<int> all_sizes;
  for (const auto& [method, sizes] : methods) {
    report::Line& line = lines.emplace_back(report::Line{method, {}});
    for (const auto& [n, value] : sizes) {
      line.points.push_back({static_cast<double>(n), value});
      all_sizes.insert(n);
    }
  }
  if (all_sizes.size() < 2) return std::nullopt;
  return Drawing{name, title, [=](Format format) {
                   return report::line_figure(title, "N", axis, lines, from_zero, format);
                 }};
}

/// The layout of a run out of its manifest, as a mask of made-up sizes; nothing where it is none of the named layouts.
std::optional<Drawing> mask_of(const Run& run) {
  if (!run.manifest.is_object() || !run.manifest.contains("configuration")) return std::nullopt;
  const data::Json& settings = run.manifest["configuration"];
  LayoutArguments layout;
  const auto text = [&](const char* key, std::optional<std::string>& value) {
    if (settings.contains(key) && settings[key].is_string()) value = settings[key].get<std::string>();
  };
  text("layout", layout.layout);
  if (!layout.layout) return std::nullopt;
  text("cue", layout.cue);
  text("positions", layout.positions);
  text("separator-scope", layout.separator_scope);
  text("bos-scope", layout.bos_scope);
  try {
    report::SchematicSizes sizes;
    sizes.paraphrases.clear();
    for (int p = 0; p < std::clamp(run.name.paraphrases, 1, 12); ++p) sizes.paraphrases.push_back(12 + p % 3);
    const report::MaskView view(report::schematic_prompt(layout.options(), sizes), 10);
    return Drawing{"mask", "Attention mask (sizes made up)",
                   [view](Format format) { return report::mask_figure(view, format); }};
  } catch (const Error&) {
    return std::nullopt;  // a layout that only its own run can build
  }
}

std::vector<Drawing> drawings_of(const ResultGroup& group, const Arguments& arguments) {
  std::vector<Drawing> drawings{accuracy_bars(group, arguments)};
  const auto add = [&](std::optional<Drawing> drawing) {
    if (drawing) drawings.push_back(std::move(*drawing));
  };
  add(against_size(group, "accuracy_n", "Accuracy against N", "accuracy", false,
                   [&](const Run& run) { return eval::accuracy_of(run, arguments.results.analysis).value; }));
  add(against_size(group, "seconds_n", "Cost against N", "seconds a question", true, seconds_a_question));
  add(against_size(group, "tokens_n", "Prompt tokens against N", "tokens a question", true,
                   [](const Run& run) { return mean_of_column(run, "prompt_tokens"); }));
  for (const Run* run : group.of_size(arguments.results.num_paraphrases))
    if (eval::is_flex(run->name))
      if (auto mask = mask_of(*run)) {
        drawings.push_back(std::move(*mask));
        break;
      }
  return drawings;
}

report::CardAnswer answer_of(const Run& run, std::size_t row, const std::string& method) {
  report::CardAnswer answer{
      .method = method,
      .prediction = run.text(row, run.table.find("prediction") ? "prediction" : "greedy_predict"),
      .score = run.scores[row]};
  if (const auto shares = run.table.find("token_attention_share"))
    if (const auto* const lists = std::get_if<std::vector<data::NumberList>>(&run.table.at(row, *shares)))
      answer.token_shares = *lists;
  return answer;
}

const std::vector<std::string>* phrasings_of(const Run& run, std::size_t row) {
  const auto place = run.table.find("paraphrases");
  return place ? std::get_if<data::StringList>(&run.table.at(row, *place)) : nullptr;
}

std::vector<report::Card> cards_of(const ResultGroup& group, const Arguments& arguments) {
  const eval::RunSet runs = group.of_size(arguments.results.num_paraphrases);
  std::vector<report::Card> cards;
  std::map<std::string, std::size_t> place;
  for (const Run* run : runs)
    for (std::size_t row = 0; row < run->table.rows(); ++row) {
      const std::string uuid = run->text(row, "uuid");
      if (!place.contains(uuid)) {
        if (cards.size() >= arguments.questions) continue;
        place[uuid] = cards.size();
        cards.push_back({.uuid = uuid, .answers = run->answers(row)});
      }
      report::Card& card = cards[place[uuid]];
      if (const auto* phrasings = phrasings_of(*run, row);
          phrasings != nullptr && phrasings->size() > card.phrasings.size())
        card.phrasings = *phrasings;
      if (card.phrasings.empty()) card.phrasings = {run->question(row)};
      const std::string index = run->text(row, "paraphrase_index");
      card.results.push_back(answer_of(
          *run, row,
          index.empty() ? label_of(*run) : fmt::format("{} {}", label_of(*run), std::stoi(index) + 1)));
    }
  return cards;
}

report::Report report_of(const ResultGroup& group, const Arguments& arguments,
                         const std::vector<Drawing>& drawings) {
  report::Report page{.title = fmt::format("{} / {}", group.dataset, group.model)};
  const int n = group.size_or(arguments.results.num_paraphrases);
  page.intro = fmt::format("N = {}; match: {}; lemmas: {}; intervals: 95 %", n,
                           eval::described(arguments.results.analysis.score.rule), arguments.results.lemmas);
  for (const Drawing& drawing : drawings) page.figures.push_back({drawing.title, drawing.draw(Format::svg)});
  page.warnings = group.warnings;
  page.sections = sections_of(group, arguments.results, arguments.sections);
  page.cards = cards_of(group, arguments);
  for (const Run& run : group.runs)
    if (run.manifest.is_object()) page.manifests.push_back({run.file.filename().string(), run.manifest});
  return page;
}

void write_report(Arguments arguments) {
  const core::Log log(false);
  const auto groups = read_results(arguments.results, true, log);
  if (groups.size() > 1) {
    std::string found;
    for (const ResultGroup& group : groups)
      found += fmt::format("{}{} / {}", found.empty() ? "" : ", ", group.dataset, group.model);
    throw Error(ErrorKind::usage, "results of " + found, "one data set and model",
                "choose with --dataset and --model");
  }
  const auto drawings = drawings_of(groups.front(), arguments);
  if (!arguments.figures.empty()) {
    data::make_folder(arguments.figures);
    for (const Drawing& drawing : drawings)
      for (const Format format : {Format::svg, Format::png}) {
        const auto file = std::filesystem::path(arguments.figures) /
                          (drawing.name + (format == Format::svg ? ".svg" : ".png"));
        data::write_durable(file, drawing.draw(format));
        log.info("written: {}", file.string());
      }
  }
  data::write_durable(arguments.output, report::html_of(report_of(groups.front(), arguments, drawings)));
  log.info("written: {}", arguments.output);
}

}  // namespace

void add_report_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "report", "Put results into one HTML file: figures, tables, every question and answer");
  const auto arguments = std::make_shared<Arguments>();
  arguments->sections.compare_all = true;
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  add("--output", arguments->output, "FILE", "The page; it needs no network and no other file");
  add("--figures", arguments->figures, "DIR", "Also write every figure there, as SVG and PNG");
  add("--questions", arguments->questions, "K", "Questions in the explorer, the first K")
      ->check(whole_number(0, 1000000));
  add("--errors", arguments->sections.errors, "K", "Wrong rows of each result to list")
      ->check(whole_number(0, 1000000));
  add("--by", arguments->sections.by, "COLUMN,...", "Accuracy at each value of these columns")
      ->delimiter(',')
      ->default_str("");
  add_results_options(*command, arguments->results);
  command->footer("Example:\n  chorus report --dataset builtin --output report.html --figures figures");
  command->callback([arguments] { write_report(*arguments); });
}

}  // namespace chorus::cli
