// Strided views of [batch][head][row][dim] tensors; dim is contiguous, the other strides are counted in elements.
//
//   auto q = head_major(q_data, {.batch = 2, .heads = 9, .rows = 128, .dim = 64});
//   auto k = token_major(k_data, {.heads = 3, .rows = 128, .dim = 64});   // [token][head][dim], as a projection writes it
#pragma once

#include <cstdint>
#include <type_traits>

#include "flex/index.h"

namespace chorus::flex {

struct Extents {
  Index batch = 1, heads = 1, rows = 0, dim = 0;
  friend constexpr bool operator==(const Extents&, const Extents&) = default;
};

template <class T>
struct View {
  T* data = nullptr;
  Extents extents{};
  std::int64_t batch_stride = 0, head_stride = 0, row_stride = 0;

  T* row(Index b, Index h, Index r) const {
    return data + b * batch_stride + h * head_stride + r * row_stride;
  }
  /// To View<const T>.
  template <class U>
  requires(!std::is_const_v<T> && std::is_same_v<U, const T>) operator View<U>() const {
    return {data, extents, batch_stride, head_stride, row_stride};
  }
};

/// Contiguous [batch][head][row][dim].
template <class T>
View<T> head_major(T* data, Extents e) {
  const std::int64_t head = std::int64_t{e.rows} * e.dim;
  return {data, e, head * e.heads, head, e.dim};
}

/// Contiguous [batch][row][head][dim].
template <class T>
View<T> token_major(T* data, Extents e) {
  const std::int64_t row = std::int64_t{e.heads} * e.dim;
  return {data, e, row * e.rows, e.dim, row};
}

}  // namespace chorus::flex
