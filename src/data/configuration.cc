#include "data/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace chorus::data {
namespace {

std::string shown(const Json& value) {
  if (!value.is_string()) return dumped(value);
  const auto& text = value.get_ref<const std::string&>();
  const bool plain =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c < 0 || c > ' '; });
  return plain ? text : dumped(value);
}

std::string shown(const Json& object, const std::string& key) {
  return object.contains(key) ? shown(object.at(key)) : "none";
}

bool is_sha256(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

void compare(const std::string& prefix, const Json& theirs, const Json& ours, const std::string& whose,
             std::vector<std::string>& lines) {
  std::vector<std::string> keys;
  for (const auto& item : ours.items()) keys.push_back(item.key());
  for (const auto& item : theirs.items()) {
    if (!ours.contains(item.key())) keys.push_back(item.key());
  }
  for (const auto& key : keys) {
    const bool both = theirs.contains(key) && ours.contains(key);
    if (both && theirs.at(key).is_object() && ours.at(key).is_object()) {
      compare(prefix + key + ".", theirs.at(key), ours.at(key), whose, lines);
    } else if (both && theirs.at(key) == ours.at(key)) {
      continue;
    } else if (both && is_sha256(theirs.at(key)) &&
               is_sha256(ours.at(key))) {  // two digests tell a reader nothing
      lines.push_back(fmt::format("{}{}: not the contents that {} was made of", prefix, key, whose));
    } else {
      lines.push_back(fmt::format("{}{}: {} has {}, this run has {}", prefix, key, whose, shown(theirs, key),
                                  shown(ours, key)));
    }
  }
}

}  // namespace

Json Configuration::identity() const {
  Json json = complete();
  for (const auto& key : raisable) json.erase(key);
  return json;
}

Json Configuration::log_identity() const {
  Json json = identity();
  if (!computed_by.empty()) json["computed_by"] = computed_by;
  return json;
}

Json Configuration::complete() const {
  Json json = object_or_empty(settings);
  if (!inputs.empty()) json["inputs"] = inputs;
  return json;
}

std::vector<std::string> differences(const Json& theirs, const Json& ours, const std::string& whose) {
  std::vector<std::string> lines;
  compare("", theirs, ours, whose, lines);
  return lines;
}

}  // namespace chorus::data
