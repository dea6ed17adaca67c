// A list in a cell of CSV: as JSON, or as Python writes it, which is how the published scripts' files have it.
//
//   list_cell(R"(["Paris", "l'Aquila"])");     // JSON
//   list_cell(R"(['Paris', "l'Aquila"])");     // repr() of a list or a tuple of texts: the same
#pragma once

#include <string_view>

#include "data/json.h"

namespace chorus::data {

/// What is JSON is taken as that. Else the cell is a Python list or tuple of texts, or of such lists: texts in single or double
/// quotes with the simple, \x, \u and \U escapes, separated by commas. Nothing else that Python takes is: no numbers, None, prefixes
/// or other escapes; nor texts without a comma between them, which Python would join and NumPy prints. Throws Error(data) saying what
/// is wrong and at which character; the caller adds which cell.
Json list_cell(std::string_view cell);

/// Whether a cell begins as a list or a tuple does.
bool begins_list(std::string_view cell);

}  // namespace chorus::data
