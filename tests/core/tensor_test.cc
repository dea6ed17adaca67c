#include "core/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/support/errors.h"

namespace chorus::core {
namespace {

using test::expect_error;
using testing::Each;
using testing::ElementsAre;

TEST(AlignedBuffer, IsAlignedZeroedAndMoves) {
  for (const std::size_t size : {1U, 3U, 64U, 1000U}) {
    AlignedBuffer<float> buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_THAT(std::vector<float>(buffer.begin(), buffer.end()), Each(0.0F));
    const float* where = buffer.data();
    buffer[size - 1] = 5.0F;
    const AlignedBuffer<float> moved = std::move(buffer);
    EXPECT_EQ(moved.data(), where);
    EXPECT_EQ(moved.size(), size);
    EXPECT_EQ(moved[size - 1], 5.0F);
  }
}

TEST(AlignedBuffer, EmptyAndAbsurdSizes) {
  EXPECT_TRUE(AlignedBuffer<double>().empty());
  EXPECT_TRUE(AlignedBuffer<double>(0).span().empty());
  EXPECT_THROW(AlignedBuffer<double>(SIZE_MAX / 4), std::bad_array_new_length);
  EXPECT_EQ(AlignedBuffer<int>::uninitialized(17).size(), 17U);
}

TEST(View, IndexesRowMajor) {
  std::vector<int> data(24);
  std::iota(data.begin(), data.end(), 0);
  const View<int, 3> view(data, {2, 3, 4});
  EXPECT_EQ(view(1, 2, 3), 23);
  EXPECT_EQ(view(1, 0, 2), 14);
  EXPECT_EQ(view[1](2, 3), 23);
  EXPECT_EQ(view[1][2](0), 20);
  EXPECT_THAT(view.strides(), ElementsAre(12, 4, 1));
  EXPECT_EQ(view.size(), 24);
  view(0, 1, 0) = 99;
  EXPECT_EQ(data[4], 99);
  EXPECT_THAT(view[1].row(1), ElementsAre(16, 17, 18, 19));
}

TEST(View, StridedAndSliced) {
  std::vector<int> data(20);
  std::iota(data.begin(), data.end(), 0);
  const View<const int, 2> wide(data.data(), {4, 3}, {5, 1});  // 3 of 5 columns
  EXPECT_THAT(wide.row(2), ElementsAre(10, 11, 12));
  const View<const int, 2> middle = wide.slice(1, 3);
  EXPECT_THAT(middle.extents(), ElementsAre(2, 3));
  EXPECT_EQ(middle(1, 2), 12);
  const View<const int, 2> transposed(data.data(), {5, 4}, {1, 5});
  EXPECT_EQ(transposed(3, 2), 13);
  EXPECT_EQ(wide.slice(2, 2).size(), 0);
}

TEST(View, MutableBecomesConst) {
  std::vector<float> data(6, 1.0F);
  const View<float, 2> view(data, {2, 3});
  const View<const float, 2> constant = view;
  EXPECT_EQ(constant.data(), data.data());
  static_assert(!std::is_convertible_v<View<const float, 2>, View<float, 2>>);
}

TEST(View, ChecksItsExtents) {
  std::vector<float> data(6);
  using Matrix = View<float, 2>;
  expect_error(ErrorKind::usage, "6 elements viewed as [2, 4]", [&] { Matrix(data, {2, 4}); });
  expect_error(ErrorKind::usage, "[-2, -3]", [&] { Matrix(data, {-2, -3}); });
  expect_error(ErrorKind::usage, "[4611686018427387904, 4]", [&] {
    Matrix(data, {std::int64_t{1} << 62, 4});
  });
  expect_error(ErrorKind::usage, "[-1, 3]", [&] { Matrix(data.data(), {-1, 3}, {3, 1}); });
  EXPECT_EQ(Matrix(std::span(data).first(0), {0, 7}).size(), 0);
}

}  // namespace
}  // namespace chorus::core
