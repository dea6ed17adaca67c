// What chorus tune found: layout options, and the questions they were picked on, which generate --tuned then leaves out.
//
//   LayoutArguments layout;                      // as typed
//   if (const auto tuned = read_tuned(file, method, layout)) dataset = tuned->remaining(options);
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "cli/run_options.h"
#include "data/dataset.h"

namespace chorus::cli {

/// Layout options as JSON, by the names of the command line without their hyphens in front; those that were typed.
data::Json layout_json(const LayoutArguments& arguments);

struct TunedOptions {
  std::string dataset;
  std::string digest;               // data::Dataset::digest: of its questions, those not tuned on included
  std::set<std::string> questions;  // those that options were picked on

  /// The data set without these questions, then cut to its max_samples; says so in its notes. Throws Error(data) for another
  /// data set, by name or by content, or when nothing is left.
  data::Dataset remaining(const data::DatasetOptions& options) const;
};

/// Fills the layout options that were not typed from the file; none where `file` is empty. Throws Error(usage) for a method
/// without a layout, Error(io), Error(data) for a file that chorus tune did not write.
std::optional<TunedOptions> read_tuned(const std::filesystem::path& file, ensemble::Method method,
                                       LayoutArguments& layout);

}  // namespace chorus::cli
