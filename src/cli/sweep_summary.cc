#include "cli/sweep_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "data/durable_file.h"
#include "data/table_file.h"
#include "eval/table.h"

namespace chorus::cli {
namespace {

using data::ColumnType;
using data::Json;
using data::Value;

/// Settings that every summary has a column for.
const std::vector<data::Field>& leading_columns() {
  static const std::vector<data::Field> columns{{"dataset", ColumnType::string},
                                                {"model", ColumnType::string},
                                                {"method", ColumnType::string},
                                                {"num_paraphrases", ColumnType::int64}};
  return columns;
}

const Json& setting(const SweepState& run, const std::string& name) {
  static const Json none;
  return run.settings.is_object() && run.settings.contains(name) ? run.settings.at(name) : none;
}

/// The narrowest type that holds this setting of every run.
ColumnType type_of(const std::vector<SweepState>& runs, const std::string& name) {
  bool whole = true, number = true, flag = true;
  for (const SweepState& run : runs) {
    const Json& value = setting(run, name);
    if (value.is_null()) continue;
    whole = whole && value.is_number_integer();
    number = number && value.is_number();
    flag = flag && value.is_boolean();
  }
  if (flag) return ColumnType::boolean;
  return whole ? ColumnType::int64 : number ? ColumnType::float64 : ColumnType::string;
}

/// The other settings in which runs differ.
std::vector<data::Field> varied_columns(const std::vector<SweepState>& runs) {
  std::set<std::string> names;
  for (const SweepState& run : runs)
    if (run.settings.is_object())
      for (const auto& [name, value] : run.settings.items()) names.insert(name);
  for (const data::Field& field : leading_columns()) names.erase(field.name);
  const auto is_same = [&](const std::string& name) {
    return std::all_of(runs.begin(), runs.end(), [&](const SweepState& run) {
      return run.settings.is_null() || setting(run, name) == setting(runs.front(), name);
    });
  };
  std::vector<data::Field> columns;
  for (const std::string& name : names)
    if (!is_same(name)) columns.push_back({name, type_of(runs, name)});
  return columns;
}

Value cell(const Json& value, ColumnType type) {
  if (value.is_null()) return {};
  if (type == ColumnType::boolean) return value.get<bool>();
  if (type == ColumnType::int64) return value.get<std::int64_t>();
  if (type == ColumnType::float64) return value.get<double>();
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// As columns of results are spelled.
std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::int64_t differing(const SweepState& a, const SweepState& b) {
  std::set<std::string> names;
  for (const SweepState* run : {&a, &b})
    for (const auto& [name, value] : run->settings.items()) names.insert(name);
  return std::count_if(names.begin(), names.end(),
                       [&](const std::string& name) { return setting(a, name) != setting(b, name); });
}

double per_question(const SweepState& run) {
  return run.answered > 0 ? run.seconds / static_cast<double>(run.answered) : 0;
}

}  // namespace

std::string SweepState::state() const {
  if (!error.empty()) return "failed";
  if (finished) return "finished";
  return missing < questions ? "begun" : "not begun";
}

void SweepState::read_times(const data::ResultFiles& files) {
  const Json notes = std::filesystem::exists(files.run())
                         ? Json::parse(data::read_file(files.run()), nullptr, false)
                         : Json();
  if (!notes.is_object() || !notes.contains("seconds")) return;
  seconds = notes.at("seconds").get<double>();
  answered = notes.value("answered", std::size_t{0});
}

double seconds_per_question(const SweepState& run, const std::vector<SweepState>& runs) {
  std::int64_t nearest = std::numeric_limits<std::int64_t>::max();
  double sum = 0;
  int count = 0;
  for (const SweepState& other : runs) {
    if (other.answered == 0 || !run.settings.is_object()) continue;
    const std::int64_t distance = differing(run, other);
    if (distance > nearest) continue;
    if (distance < nearest) sum = count = 0;
    nearest = distance;
    sum += per_question(other);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

data::Table summary_table(const std::vector<SweepState>& runs) {
  data::Schema schema{{"run", ColumnType::int64}};
  std::vector<data::Field> settings = leading_columns();
  const auto varied = varied_columns(runs);
  settings.insert(settings.end(), varied.begin(), varied.end());
  for (const data::Field& field : settings) schema.push_back({underscored(field.name), field.type});
  for (const auto& [name, type] : {std::pair{"state", ColumnType::string},
                                   {"accuracy", ColumnType::float64},
                                   {"lower", ColumnType::float64},
                                   {"upper", ColumnType::float64},
                                   {"n", ColumnType::int64},
                                   {"mean_confidence", ColumnType::float64},
                                   {"questions", ColumnType::int64},
                                   {"seconds", ColumnType::float64},
                                   {"questions_per_s", ColumnType::float64},
                                   {"result", ColumnType::string},
                                   {"error", ColumnType::string}})
    schema.push_back({name, type});
  data::Table table(schema);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const SweepState& run = runs[i];
    std::vector<Value> row{static_cast<std::int64_t>(i + 1)};
    for (const data::Field& field : settings) row.push_back(cell(setting(run, field.name), field.type));
    row.emplace_back(run.state());
    Value none;
    std::vector<Value> accuracy(4, none);
    if (run.score.tally) {
      const eval::Accuracy a = eval::accuracy(*run.score.tally);
      accuracy = {a.value, a.interval.lower, a.interval.upper, a.n};
    }
    row.insert(row.end(), accuracy.begin(), accuracy.end());
    row.push_back(run.score.mean_confidence ? Value(*run.score.mean_confidence) : none);
    row.push_back(run.questions > 0 ? Value(static_cast<std::int64_t>(run.questions)) : none);
    row.push_back(run.seconds > 0 ? Value(run.seconds) : none);
    row.push_back(run.seconds > 0 ? Value(static_cast<double>(run.answered) / run.seconds) : none);
    row.push_back(run.result.empty() ? none : Value(run.result.string()));
    row.push_back(run.error.empty() ? none : Value(run.error));
    table.append(std::move(row));
  }
  return table;
}

void write_summary(const std::vector<SweepState>& runs, const std::filesystem::path& folder) {
  const data::Table table = summary_table(runs);
  data::make_folder(folder);
  data::write_durable(folder / "summary.feather", data::feather_bytes(table));
  data::write_durable(folder / "summary.csv", data::csv_bytes(table));
}

eval::Table summary_view(const std::vector<SweepState>& runs) {
  using eval::Table;
  Table table({{"run", Table::number},
               {"options", Table::words},
               {"state", Table::words},
               {"accuracy", Table::number},
               {"lower", Table::number},
               {"upper", Table::number},
               {"n", Table::number},
               {"confidence", Table::number},
               {"questions/s", Table::number}});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const SweepState& run = runs[i];
    std::vector<std::string> cells{
        fmt::format("{}", i + 1), run.label, run.state(), "-", "-", "-", "-", "-", "-"};
    if (run.score.tally) {
      const eval::Accuracy a = eval::accuracy(*run.score.tally);
      cells[3] = fmt::format("{:.3f}", a.value);
      cells[4] = fmt::format("{:.3f}", a.interval.lower);
      cells[5] = fmt::format("{:.3f}", a.interval.upper);
      cells[6] = fmt::format("{}", a.n);
    }
    if (run.score.mean_confidence) cells[7] = fmt::format("{:.3f}", *run.score.mean_confidence);
    if (run.seconds > 0) cells[8] = fmt::format("{:.2f}", static_cast<double>(run.answered) / run.seconds);
    table.add(std::move(cells));
  }
  return table;
}

}  // namespace chorus::cli
