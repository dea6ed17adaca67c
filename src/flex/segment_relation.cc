#include "flex/mods/segment_relation.h"

#include <fmt/format.h>

#include "core/error.h"

namespace chorus::flex {
namespace {

std::vector<Index> checked(std::vector<Index> ids, Index segments, Index free_from) {
  if (free_from < 0 || static_cast<std::size_t>(free_from) > ids.size())
    throw Error(ErrorKind::usage,
                fmt::format("segment relation: {} tokens, free from {}", ids.size(), free_from),
                "a segment for each token that is not free", "");
  ids.resize(static_cast<std::size_t>(free_from));
  for (const Index id : ids)
    if (id < -1 || id >= segments)
      throw Error(ErrorKind::usage, fmt::format("segment relation: segment {}", id),
                  fmt::format("-1 to {}", segments - 1), "");
  return ids;
}

}  // namespace

SegmentRelation::SegmentRelation(std::vector<Index> segment_of, Index segments,
                                 std::span<const std::pair<Index, Index>> sees, Index free_from)
    : segments_(segments),
      free_from_(free_from),
      runs_(checked(std::move(segment_of), segments, free_from)),
      sees_(static_cast<std::size_t>(segments) * static_cast<std::size_t>(segments), 0) {
  const auto at = [&](Index a, Index b) -> unsigned char& {
    return sees_[static_cast<std::size_t>(a) * static_cast<std::size_t>(segments) +
                 static_cast<std::size_t>(b)];
  };
  for (Index s = 0; s < segments; ++s) at(s, s) = 1;
  for (const auto& [a, b] : sees) {
    if (a < 0 || a >= segments || b < 0 || b >= segments)
      throw Error(ErrorKind::usage, fmt::format("segment relation: {} sees {}", a, b),
                  fmt::format("segments 0 to {}", segments - 1), "");
    at(a, b) = 1;
  }
}

SegmentMask SegmentRelation::mask() const {
  SegmentMask mod;
  mod.runs = runs_.view();
  mod.sees = sees_.data();
  mod.segments = segments_;
  mod.free_from = free_from_;
  return mod;
}

}  // namespace chorus::flex
