#include "data/method.h"

#include <algorithm>
#include <cassert>

#include "core/spelling.h"

namespace chorus::data {

const MethodEntry& entry(Method method) {
  const auto* found =
      std::find_if(kMethods.begin(), kMethods.end(), [&](const MethodEntry& e) { return e.value == method; });
  assert(found != kMethods.end());
  return *found;
}

std::string_view name(Method method) {
  return entry(method).name;
}

const MethodEntry* find_method(std::string_view name) {
  const auto* found =
      std::find_if(kMethods.begin(), kMethods.end(), [&](const MethodEntry& e) { return e.name == name; });
  return found == kMethods.end() ? nullptr : found;
}

Method method_from(std::string_view text) {
  if (text == "flex_attention" || text == "flex-attention") return Method::flex;
  return core::parsed(kMethods, "method", text);
}

bool is_flex(Method method) {
  return entry(method).kind == ResultKind::flex;
}

bool is_weighted(Method method) {
  return entry(method).weighted;
}

bool answers_apart(Method method) {
  return method == Method::per_prompt || method == Method::vote;
}

}  // namespace chorus::data
