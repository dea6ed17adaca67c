// How confident the model is in each phrasing of a question, and the weights that follow from it.
//
//   const ConfidenceTable table = ConfidenceTable::read("results/webqa/m/confidence.feather");
//   const std::vector<double> c = table.of(sample, 5);
//   shares(c);            // w_p of weighted_avg
//   relative_weights(c);  // u_p of weighted_flex
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/sample.h"

namespace chorus::ensemble {

/// w_p = c_p / sum c; 1/N each when the sum is 0.
std::vector<float> shares(std::span<const double> confidences);
/// u_p = N c_p / sum c; empty, which means 1 for each, when all c_p are equal.
std::vector<float> relative_weights(std::span<const double> confidences);
/// The phrasing of the highest confidence, the first of equals.
std::size_t most_confident(std::span<const double> confidences);

/// Confidences by question and phrasing, as `chorus confidence` and the published scripts write them.
class ConfidenceTable {
 public:
  /// A table with columns uuid, paraphrase and confidence; the first of equal rows counts. Throws Error(io), Error(data) for
  /// a file that has none of them or a confidence that is no number from 0 up.
  static ConfidenceTable read(const std::filesystem::path& file);

  /// Of one question: one for each of its phrasings. Throws Error(usage) for another number of them, or one that is no number from
  /// 0 up.
  static ConfidenceTable given(const data::Sample& sample, std::span<const double> confidences);

  /// What this table says of these phrasings, whatever question they are of, the first of equal ones. Throws Error(data) for one
  /// that it does not know.
  ConfidenceTable by_text(const data::Sample& sample) const;

  /// Of the first `count` phrasings of the sample. Throws Error(data) that names a phrasing without one.
  std::vector<double> of(const data::Sample& sample, std::size_t count) const;

 private:
  std::string file_;
  std::map<std::pair<std::string, std::string>, double> values_;
};

}  // namespace chorus::ensemble
