// chorus generate --dry-run: what a run would compute, before anything is; only the tokenizer is read.
//
//   fmt::print("{}", dry_run_text(generation, session));
#pragma once

#include <string>

#include "cli/generation.h"

namespace chorus::cli {

/// Questions missing, tokens with and without sharing, memory of keys and values, the time it may take by what alike runs below the
/// result's folder took, and the smallest difference that so many questions can show. Changes nothing. Throws Error.
std::string dry_run_text(const Generation& run, Session& session);

}  // namespace chorus::cli
