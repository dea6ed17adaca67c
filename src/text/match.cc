#include "text/match.h"

#include <algorithm>

namespace chorus::text {

bool contains_run(std::span<const std::string> gold, std::span<const std::string> prediction) {
  if (prediction.empty()) return false;
  return std::search(prediction.begin(), prediction.end(), gold.begin(), gold.end()) != prediction.end() ||
         gold.empty();
}

}  // namespace chorus::text
