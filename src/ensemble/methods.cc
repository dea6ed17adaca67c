#include "ensemble/methods.h"

#include "core/vector_math.h"
#include "ensemble/spelling.h"

namespace chorus::ensemble {
namespace {

constexpr Spelling<Method> kMethods[] = {{Method::origin, "origin"},
                                         {Method::per_prompt, "per_prompt"},
                                         {Method::avg, "avg"},
                                         {Method::max, "max"},
                                         {Method::flex, "flex"}};

}  // namespace

std::string_view name(Method method) {
  return spelled(kMethods, method);
}

Method method_from(std::string_view text) {
  if (text == "flex_attention" || text == "flex-attention") return Method::flex;
  return parsed(kMethods, "method", text);
}

std::vector<Method> all_methods() {
  std::vector<Method> methods;
  for (const auto& entry : kMethods) methods.push_back(entry.value);
  return methods;
}

std::span<const float> Average::scores(std::span<const std::span<const float>> logits,
                                       std::vector<float>& scratch) const {
  scratch.assign(logits.front().begin(), logits.front().end());
  for (const auto& row : logits.subspan(1)) core::accumulate(row, scratch);
  for (float& v : scratch) v /= static_cast<float>(logits.size());
  return scratch;
}

std::span<const float> Maximum::scores(std::span<const std::span<const float>> logits,
                                       std::vector<float>& scratch) const {
  scratch.assign(logits.front().size(), 0.0F);
  for (const auto& row : logits) core::max_exp(row, static_cast<float>(core::log_sum_exp(row)), scratch);
  return scratch;
}

std::shared_ptr<const engine::NextToken> next_token(Method method) {
  if (method == Method::avg) return std::make_shared<Average>();
  if (method == Method::max) return std::make_shared<Maximum>();
  return std::make_shared<engine::Greedy>();
}

}  // namespace chorus::ensemble
