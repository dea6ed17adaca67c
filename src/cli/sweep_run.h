// From what a sweep's file says to runs of chorus generate and chorus confidence: their options are the sweep's, parsed as typed.
//
//   SweepFile file = read_sweep("sweep.yaml");
//   check_options(file);
//   for (const SweepRun& run : expand(file)) make_run(run, session, quiet)->execute();
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/run.h"
#include "cli/sweep_file.h"

namespace chorus::cli {

/// Gives every option its first name (limit becomes max-samples). Throws Error(usage) with the place of an option that neither
/// command has, or that a grid sets twice.
void check_options(SweepFile& file);

/// A run as its command would make it from these options. `command` is one of them: generate, unless it says confidence. Throws
/// Error with the place of the value it is about.
std::unique_ptr<Run> make_run(const SweepRun& run, Session& session, bool quiet);

/// What tells each run from the others: "method=flex num-paraphrases=5", the options in which they differ, but for those that follow
/// from the data set, as its folder does.
std::vector<std::string> labels_of(const std::vector<SweepRun>& runs);

}  // namespace chorus::cli
