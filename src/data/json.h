// JSON as the data room uses it: objects keep the order in which their keys were set, so that a dump is
// deterministic.
#pragma once

#include <nlohmann/json.hpp>

namespace chorus::data {

using Json = nlohmann::ordered_json;

/// `json`, or an empty object for null: what `Json x = {}` makes is null.
inline Json object_or_empty(const Json& json) {
  return json.is_null() ? Json::object() : json;
}

}  // namespace chorus::data
