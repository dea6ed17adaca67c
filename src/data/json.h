// JSON as the data room uses it: objects keep the order in which their keys were set, so that a dump is
// deterministic.
#pragma once

#include <nlohmann/json.hpp>

namespace chorus::data {

using Json = nlohmann::ordered_json;

}  // namespace chorus::data
