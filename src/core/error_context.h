// Says of an error where it happened, as it passes on its way out; what was expected and what to do stay.
//
//   try { work(); } catch (const Error& error) { throw in_context("q17, step 2", error); }   // "q17, step 2: GOT; expected ..."
#pragma once

#include <string>

#include "core/error.h"

namespace chorus::core {

/// The same error, kind and advice included, with "PLACE: " before what was got.
Error in_context(const std::string& place, const Error& error);

/// What std::bad_alloc means to a user: Error(device) that names the options which decide how much is asked for.
Error not_enough_memory();

}  // namespace chorus::core
