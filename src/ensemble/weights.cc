#include "ensemble/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "data/table_file.h"

namespace chorus::ensemble {

std::vector<float> shares(std::span<const double> confidences) {
  const double sum = std::accumulate(confidences.begin(), confidences.end(), 0.0);
  std::vector<float> weights;
  for (const double c : confidences)
    weights.push_back(static_cast<float>(sum > 0 ? c / sum : 1.0 / static_cast<double>(confidences.size())));
  return weights;
}

std::vector<float> relative_weights(std::span<const double> confidences) {
  std::vector<float> weights;
  const bool equal =
      std::adjacent_find(confidences.begin(), confidences.end(), std::not_equal_to<>()) == confidences.end();
  if (equal) return weights;
  const double sum = std::accumulate(confidences.begin(), confidences.end(), 0.0);
  for (const double c : confidences)
    weights.push_back(static_cast<float>(static_cast<double>(confidences.size()) * c / sum));
  return weights;
}

std::size_t most_confident(std::span<const double> confidences) {
  return static_cast<std::size_t>(std::max_element(confidences.begin(), confidences.end()) -
                                  confidences.begin());
}

ConfidenceTable ConfidenceTable::read(const std::filesystem::path& file) {
  const data::Table table =
      data::read_table(file, {.columns = {"uuid", "paraphrase", "confidence"},
                              .csv_types = {{"confidence", data::ColumnType::float64}}});
  ConfidenceTable result;
  result.file_ = file.string();
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double value = table.get<double>(row, 2);
    if (!(value >= 0) || !std::isfinite(value))
      throw Error(ErrorKind::data, fmt::format("{}: row {} has confidence {}", result.file_, row + 1, value),
                  "a number, 0 or more", "make the file again with 'chorus confidence'");
    result.values_.emplace(std::pair(table.get<std::string>(row, 0), table.get<std::string>(row, 1)), value);
  }
  return result;
}

ConfidenceTable ConfidenceTable::given(const data::Sample& sample, std::span<const double> confidences) {
  if (confidences.size() != sample.paraphrases.size())
    throw Error(ErrorKind::usage,
                fmt::format("{} confidences for {} phrasings", confidences.size(), sample.paraphrases.size()),
                "one for each phrasing", "give as many");
  ConfidenceTable result;
  for (std::size_t p = 0; p < confidences.size(); ++p) {
    if (!(confidences[p] >= 0) || !std::isfinite(confidences[p]))
      throw Error(ErrorKind::usage, fmt::format("confidence {}", confidences[p]), "a number, 0 or more",
                  "correct it");
    result.values_.emplace(std::pair(sample.uuid, sample.paraphrases[p]), confidences[p]);
  }
  return result;
}

ConfidenceTable ConfidenceTable::by_text(const data::Sample& sample) const {
  ConfidenceTable result;
  for (const std::string& phrasing : sample.paraphrases) {
    const auto found = std::find_if(values_.begin(), values_.end(),
                                    [&](const auto& entry) { return entry.first.second == phrasing; });
    if (found == values_.end())
      throw Error(ErrorKind::data, fmt::format("{} has no confidence for '{}'", file_, phrasing),
                  "one for every phrasing that is asked", "use --confidence fast, or give numbers");
    result.values_.emplace(std::pair(sample.uuid, phrasing), found->second);
  }
  return result;
}

std::vector<double> ConfidenceTable::of(const data::Sample& sample, std::size_t count) const {
  std::vector<double> confidences;
  for (std::size_t p = 0; p < count; ++p) {
    const auto found = values_.find({sample.uuid, sample.paraphrases[p]});
    if (found == values_.end())
      throw Error(ErrorKind::data,
                  fmt::format("{} has no confidence for question {}, phrasing {} '{}'", file_, sample.uuid, p,
                              sample.paraphrases[p]),
                  "one for every phrasing that is asked",
                  "run 'chorus confidence' over the same questions, or use --confidence fast");
    confidences.push_back(found->second);
  }
  return confidences;
}

}  // namespace chorus::ensemble
