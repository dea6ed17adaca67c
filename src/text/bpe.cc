#include "text/bpe.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "text/utf8.h"

namespace chorus::text {
namespace {

constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kShort = 24;  // below it, looking at every pair beats a heap

std::uint64_t pair_of(TokenId left, TokenId right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) |
         static_cast<std::uint32_t>(right);
}

std::size_t hash_of(std::uint64_t pair) {
  pair *= 0x9E3779B97F4A7C15u;
  return static_cast<std::size_t>(pair ^ (pair >> 32));
}

// For std::*_heap, which keep the greatest on top: the lowest rank, then the leftmost.
bool later(const Bpe::Candidate& a, const Bpe::Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
}

}  // namespace

Bpe::Bpe(const Vocabulary& vocabulary, std::span<const Merge> merges, BpeRules rules)
    : vocabulary_(&vocabulary),
      rules_(rules),
      slots_(std::bit_ceil(2 * merges.size() + 1), Slot{kEmpty, 0, 0}) {
  for (const Merge& merge : merges) {
    const std::uint64_t pair = pair_of(merge.left, merge.right);
    std::size_t slot = hash_of(pair) & (slots_.size() - 1);
    while (slots_[slot].pair != kEmpty && slots_[slot].pair != pair) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = {pair, merge.rank, merge.merged};
  }
  byte_ids_.reserve(256);
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char raw = static_cast<char>(byte);
    const auto id = rules_.alphabet == Alphabet::bytes ? vocabulary.find({&raw, 1})
                                                       : vocabulary.find(fmt::format("<0x{:02X}>", byte));
    byte_ids_.push_back(id.value_or(-1));
  }
}

const Bpe::Slot* Bpe::find(TokenId left, TokenId right) const {
  const std::uint64_t pair = pair_of(left, right);
  for (std::size_t slot = hash_of(pair) & (slots_.size() - 1); slots_[slot].pair != kEmpty;
       slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot].pair == pair) return &slots_[slot];
  }
  return nullptr;
}

// Bytes or characters, each as its token; what has none as its bytes, the unknown token, or nothing.
void Bpe::cut(std::string_view pretoken, std::vector<Symbol>& symbols) const {
  symbols.clear();
  bool after_unknown = false;
  const auto push = [&](TokenId id) {
    symbols.push_back({id, 0, 0});
    after_unknown = false;
  };
  const auto push_unknown = [&] {
    if (!rules_.unknown || (after_unknown && rules_.fuse_unknown)) return;
    push(*rules_.unknown);
    after_unknown = true;
  };
  const auto byte_id = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  for (std::size_t at = 0; at < pretoken.size();) {
    if (rules_.alphabet == Alphabet::bytes) {
      const TokenId id = byte_id(pretoken[at++]);
      id >= 0 ? push(id) : push_unknown();
      continue;
    }
    const std::string_view character = pretoken.substr(at, next_code_point(pretoken, at).bytes);
    at += character.size();
    if (const auto id = vocabulary_->find(character)) {
      push(*id);
    } else if (rules_.byte_fallback && std::all_of(character.begin(), character.end(),
                                                   [&](char byte) { return byte_id(byte) >= 0; })) {
      for (const char byte : character) push(byte_id(byte));
    } else {
      push_unknown();
    }
  }
}

void Bpe::merge_short(std::vector<Symbol>& symbols) const {
  std::vector<Symbol>& s = symbols;
  // `next` holds the rank of (this, next symbol) and `previous` what they become, found once per new
  // neighbour.
  constexpr std::int32_t none = std::numeric_limits<std::int32_t>::max();
  const auto look = [&](std::size_t i) {
    const Slot* slot = i + 1 < s.size() ? find(s[i].id, s[i + 1].id) : nullptr;
    s[i].next = slot ? slot->rank : none;
    s[i].previous = slot ? slot->merged : -1;
  };
  for (std::size_t i = 0; i < s.size(); ++i) look(i);
  while (s.size() > 1) {
    const auto best = std::min_element(s.begin(), s.end(),
                                       [](const Symbol& a, const Symbol& b) { return a.next < b.next; });
    if (best->next == none) return;
    const auto at = static_cast<std::size_t>(best - s.begin());
    s[at].id = s[at].previous;
    s.erase(best + 1);
    look(at);
    if (at > 0) look(at - 1);
  }
}

void Bpe::push_candidate(std::int32_t at, Scratch& scratch) const {
  if (at < 0) return;
  const Symbol& symbol = scratch.symbols[static_cast<std::size_t>(at)];
  if (symbol.next < 0) return;
  const TokenId right = scratch.symbols[static_cast<std::size_t>(symbol.next)].id;
  if (const Slot* slot = find(symbol.id, right)) {
    scratch.heap.push_back({slot->rank, at, symbol.id, right, slot->merged});
    std::push_heap(scratch.heap.begin(), scratch.heap.end(), later);
  }
}

void Bpe::merge_long(Scratch& scratch) const {
  auto& symbols = scratch.symbols;
  const auto count = static_cast<std::int32_t>(symbols.size());
  const auto symbol = [&](std::int32_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };
  scratch.heap.clear();
  for (std::int32_t i = 0; i < count; ++i) {
    symbol(i).previous = i - 1;
    symbol(i).next = i + 1 < count ? i + 1 : -1;
  }
  for (std::int32_t i = 0; i < count; ++i) push_candidate(i, scratch);
  while (!scratch.heap.empty()) {
    std::pop_heap(scratch.heap.begin(), scratch.heap.end(), later);
    const Candidate best = scratch.heap.back();
    scratch.heap.pop_back();
    Symbol& left = symbol(best.at);
    // Stale: one of the two has been joined with another since. A symbol swallowed by its left has id -1.
    if (left.id != best.left || left.next < 0 || symbol(left.next).id != best.right) continue;
    Symbol& right = symbol(left.next);
    left.id = best.merged;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) symbol(left.next).previous = best.at;
    push_candidate(left.previous, scratch);
    push_candidate(best.at, scratch);
  }
  std::erase_if(symbols, [](const Symbol& s) { return s.id < 0; });
}

void Bpe::encode(std::string_view pretoken, Scratch& scratch, std::vector<TokenId>& out) const {
  if (rules_.ignore_merges) {
    if (const auto id = vocabulary_->find(pretoken)) {
      out.push_back(*id);
      return;
    }
  }
  cut(pretoken, scratch.symbols);
  scratch.symbols.size() <= kShort ? merge_short(scratch.symbols) : merge_long(scratch);
  for (const Symbol& symbol : scratch.symbols) out.push_back(symbol.id);
}

}  // namespace chorus::text
