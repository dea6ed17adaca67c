// What makes one run's rows what they are: settings and inputs. Two runs may share a result only if these are
// equal.
//
//   Configuration c{.settings = {{"method", "flex"}, {"max_samples", 500}}, .inputs = {{"data", sha}}};
//   differences(finished.identity(), c.identity(), "log")  ->  "layout: log has concat, this run has shared"
#pragma once

#include <string>
#include <vector>

#include "data/json.h"

namespace chorus::data {

struct Configuration {
  Json settings = Json::object();  // every option that can change a row or which rows there are, by name
  Json inputs = Json::object();    // name -> sha256 of what was read (data set, examples, model)
  std::vector<std::string> raisable = {"max_samples"};  // settings that only say how many rows; 0 means all
  // What may change the last bits of a row: the program's version, the processor's instruction set. The rows of one
  // log have it in common; a finished result is the same result whatever computed it.
  Json computed_by = Json::object();

  /// What makes a result another one: settings without the raisable ones, and inputs.
  Json identity() const;
  /// What all rows of a log share: identity() and, where there is one, `computed_by`.
  Json log_identity() const;
  /// Settings and inputs, raisable ones included: what a manifest records.
  Json complete() const;
};

/// One line per key in which `theirs` and `ours` differ, nested keys with dots:
/// "layout: log has concat, this run has shared", "cue: log has none, this run has fused". Order of keys is
/// no difference.
std::vector<std::string> differences(const Json& theirs, const Json& ours, const std::string& whose);

}  // namespace chorus::data
