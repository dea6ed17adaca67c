// The fixed parts of a report's page: its style and the program of the question explorer.
#pragma once

#include <string_view>

namespace chorus::report {

extern const std::string_view kStyle;
extern const std::string_view kExplorer;  // reads <script id="cards" type="application/json">

}  // namespace chorus::report
