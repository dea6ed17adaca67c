#include "text/vocabulary.h"

#include <bit>
#include <functional>

namespace chorus::text {

Vocabulary::Vocabulary(std::span<const std::string> texts) {
  std::size_t bytes = 0;
  for (const auto& text : texts) bytes += text.size();
  pool_.reserve(bytes);
  starts_.reserve(texts.size() + 1);
  starts_.push_back(0);
  slots_.assign(std::bit_ceil(2 * texts.size() + 2), -1);
  for (std::size_t id = 0; id < texts.size(); ++id) {
    pool_ += texts[id];
    starts_.push_back(pool_.size());
    if (texts[id].empty() || find(texts[id])) continue;
    std::size_t slot = std::hash<std::string_view>{}(texts[id]) & (slots_.size() - 1);
    while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<TokenId>(id);
  }
}

std::string_view Vocabulary::text(TokenId id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= size()) return {};
  const auto i = static_cast<std::size_t>(id);
  return std::string_view(pool_).substr(starts_[i], starts_[i + 1] - starts_[i]);
}

std::optional<TokenId> Vocabulary::find(std::string_view text) const {
  if (slots_.empty() || text.empty()) return std::nullopt;
  std::size_t slot = std::hash<std::string_view>{}(text) & (slots_.size() - 1);
  for (; slots_[slot] >= 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (this->text(slots_[slot]) == text) return slots_[slot];
  }
  return std::nullopt;
}

}  // namespace chorus::text
