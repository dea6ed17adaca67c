// JSON as the data room uses it: objects keep the order in which their keys were set, so that a dump is
// deterministic.
//
//   Json row{{"uuid", "u1"}, {"prediction", text_of_a_model}};
//   dumped(row);   // one line, fit for a file whatever the model wrote
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace chorus::data {

using Json = nlohmann::ordered_json;

/// `json`, or an empty object for null: what `Json x = {}` makes is null.
inline Json object_or_empty(const Json& json) {
  return json.is_null() ? Json::object() : json;
}

/// On one line, or indented by so many spaces. Bytes that are not UTF-8 become U+FFFD, where dump() would throw.
inline std::string dumped(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace chorus::data
