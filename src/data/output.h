// A run from its first question to its files: is it finished already, what is in its log, write the result.
//
//   ResultRun run = open_run(files, configuration);          // throws when another run's result is there
//   if (run.state == OutputState::finished_same) return;     // nothing to do, no model needed
//   for (...) if (!run.log->contains(uuid)) run.log->append(uuid, {row});
//   write_result(files, *run.log, uuids_in_order, schema, manifest, run_notes);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/configuration.h"
#include "data/manifest.h"
#include "data/posix_file.h"
#include "data/result_log.h"
#include "data/result_paths.h"
#include "data/table.h"

namespace chorus::data {

enum class OutputState {
  absent,          // no finished result (there may be a log)
  finished_same,   // finished with this configuration
  finished_fewer,  // finished with this configuration but fewer samples: to be extended
  finished_more,   // finished with this configuration but more samples
  finished_other,  // finished with another configuration
  not_ours         // a file stands there that this program did not write, or that was changed since
};

struct OutputStatus {
  OutputState state = OutputState::absent;
  std::vector<std::string> differences = {};  // what makes it another; empty for absent and finished_same
  bool other_questions = false;               // one of them: results of both cannot lie in one folder
};

/// Looks at what is on disk; changes nothing. A finished result is a manifest whose files are there as it
/// says.
OutputStatus inspect_output(const ResultFiles& files, const Configuration& configuration);

/// How far a run of this configuration is.
struct Standing {
  bool finished = false;    // the result is there; nothing to do
  std::size_t missing = 0;  // of its samples, those that no run has answered
};
/// Looks at what is on disk; changes nothing and locks nothing. `keys` and `rewrite` as for open_run() and write_result().
/// Throws Error(data) where open_run() would refuse.
Standing standing_of(const ResultFiles& files, const Configuration& configuration,
                     const std::vector<std::string>& keys, bool rewrite = false);

struct ResultRun {
  OutputState state;               // as found
  std::optional<ResultLog> log;    // empty when the result is finished and stays
  Descriptor held = Descriptor();  // the lock on the result's other log, if it has two
};

/// Decides and opens the log. Without `rewrite`, finished_more, finished_other and not_ours are refused with each
/// difference named, Error(data). With `rewrite` the rows are computed anew, into a log of its own: an interrupted
/// rewriting goes on when it is opened so again, and until write_result() is through nothing of the old result is
/// touched, its log neither. Only finished_more takes its rows from the log, which keeps the others.
ResultRun open_run(const ResultFiles& files, const Configuration& configuration,
                   const ResultLog::Options& options = {});

/// Writes the table's files (NAME.feather, NAME.csv), NAME.run.json and, last, NAME.json: all first in full under temporary
/// names, an old manifest removed before the first rename. Where answers are scored, the lemma columns
/// (data/lemma_columns.h) are added.
/// Killed at any moment, there is a manifest only with the files it speaks of. Then the log of a rewriting takes
/// the old one's place; its path() is of the past. `keys` are the samples of this run in the data set's order;
/// every one must be in the log. Throws Error(io), Error(data).
void write_result(const ResultFiles& files, const ResultLog& log, const std::vector<std::string>& keys,
                  const Schema& schema, const Manifest& manifest, const Json& run_notes);

/// The same for a table that is computed in a moment and needs no log: false when it is there already. Refuses as open_run().
bool write_at_once(const ResultFiles& files, const Table& table, const Manifest& manifest,
                   bool rewrite = false);

/// Adds or renews the lemma columns of a finished result, of a run or of the scripts (which have no manifest, and may be CSV alone),
/// and writes Feather, CSV and, where there was one, the manifest anew. Throws Error(data) where there is no result, or one that
/// has changed since its manifest was written; Error(io).
void renew_lemmas(const ResultFiles& files);

}  // namespace chorus::data
