// Memory for numbers, and typed strided views of it.
//
//   AlignedBuffer<float> storage(rows * columns);                    // zeros
//   View<float, 2> x(storage.span(), {rows, columns});               // contiguous, of the span's size
//   x(3, 5) = 1.0F;  std::span<float> row = x.row(3);  View<float, 1> y = x[3];
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace chorus::core {

/// An owning array of `size` values that starts at a multiple of 64 bytes (a cache line, an AVX-512
/// register).
template <class T>
requires std::is_trivially_copyable_v<T>
class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedBuffer() = default;
  /// All bytes zero. Throws std::bad_alloc when there is no room, std::bad_array_new_length when `size` is
  /// absurd.
  explicit AlignedBuffer(std::size_t size) : data_(allocate(size)), size_(size) {
    std::uninitialized_value_construct_n(data_.get(), size);
  }
  static AlignedBuffer uninitialized(std::size_t size) {
    AlignedBuffer buffer;
    buffer.data_.reset(allocate(size));
    buffer.size_ = size;
    return buffer;
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(T* memory) const { ::operator delete (memory, std::align_val_t{kAlignment}); }
  };
  static T* allocate(std::size_t size) {
    if (size > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    if (size == 0) return nullptr;
    return static_cast<T*>(::operator new (size * sizeof(T), std::align_val_t{kAlignment}));
  }

  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

/// A view of `Rank` axes, outermost first; strides count elements. It owns nothing. T may be const.
template <class T, int Rank>
requires(Rank >= 1) class View {
 public:
  using Index = std::int64_t;
  using Axes = std::array<Index, static_cast<std::size_t>(Rank)>;

  View() = default;
  /// Contiguous. Throws Error(usage) when `data` does not have exactly the extents' product of elements.
  View(std::span<T> data, const Axes& extents) : View(data.data(), extents, contiguous(extents)) {
    if (size() != static_cast<Index>(data.size())) misfit(data.size(), extents);
  }
  /// Strided and unchecked but for a negative extent; for slices of what was checked.
  View(T* data, const Axes& extents, const Axes& strides)
      : data_(data), extents_(extents), strides_(strides) {
    for (const Index extent : extents)
      if (extent < 0) misfit(0, extents);
  }
  /// A view of const elements from one of mutable ones.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, std::remove_const_t<T>>) View(const View<U, Rank>& other)
      : View(other.data(), other.extents(), other.strides()) {}

  T* data() const { return data_; }
  const Axes& extents() const { return extents_; }
  const Axes& strides() const { return strides_; }
  Index extent(int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  Index stride(int axis) const { return strides_[static_cast<std::size_t>(axis)]; }
  Index size() const {
    Index product = 1;
    for (const Index extent : extents_) product *= extent;
    return product;
  }

  /// One element. Indices are asserted, not checked.
  template <class... I>
  requires(sizeof...(I) == static_cast<std::size_t>(Rank)) T& operator()(I... indices) const {
    const Axes at{static_cast<Index>(indices)...};
    Index offset = 0;
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      assert(at[axis] >= 0 && at[axis] < extents_[axis]);
      offset += at[axis] * strides_[axis];
    }
    return data_[offset];
  }

  /// Everything at `index` of the outermost axis.
  auto operator[](Index index) const requires(Rank >= 2) {
    assert(index >= 0 && index < extents_[0]);
    std::array<Index, static_cast<std::size_t>(Rank) - 1> extents, strides;
    std::copy(extents_.begin() + 1, extents_.end(), extents.begin());
    std::copy(strides_.begin() + 1, strides_.end(), strides.begin());
    return View<T, Rank - 1>(data_ + index * strides_[0], extents, strides);
  }

  /// [begin, end) of the outermost axis.
  View slice(Index begin, Index end) const {
    assert(0 <= begin && begin <= end && end <= extents_[0]);
    Axes extents = extents_;
    extents[0] = end - begin;
    return View(data_ + begin * strides_[0], extents, strides_);
  }

  /// A row of a matrix whose rows are contiguous.
  std::span<T> row(Index index) const requires(Rank == 2) {
    assert(index >= 0 && index < extents_[0] && strides_[1] == 1);
    return {data_ + index * strides_[0], static_cast<std::size_t>(extents_[1])};
  }

 private:
  static Axes contiguous(const Axes& extents) {
    Axes strides;
    Index stride = 1;
    for (std::size_t axis = extents.size(); axis-- > 0;) {
      strides[axis] = stride;
      if (__builtin_mul_overflow(stride, extents[axis], &stride)) misfit(0, extents);
    }
    return strides;
  }
  [[noreturn]] static void misfit(std::size_t elements, const Axes& extents) {
    throw Error(ErrorKind::usage,
                fmt::format("{} elements viewed as [{}]", elements, fmt::join(extents, ", ")),
                "extents whose product is the number of elements", "check the shapes");
  }

  T* data_ = nullptr;
  Axes extents_{};
  Axes strides_{};
};

}  // namespace chorus::core
