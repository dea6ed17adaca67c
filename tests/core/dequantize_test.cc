// Every weight type, bit for bit as the `gguf` Python package dequantises it (data/make.py).
#include "core/dequantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <vector>

#include "core/gguf.h"
#include "core/safetensors.h"
#include "tests/core/reference_data.h"
#include "tests/support/errors.h"

namespace chorus::core {
namespace {

using test::expect_error;
using test::reference_path;

std::vector<float> floats(const TensorInfo& tensor) {
  std::vector<float> out(static_cast<std::size_t>(elements(tensor)));
  dequantize(tensor.dtype, tensor.data, out);
  return out;
}

void expect_same_bits(std::span<const float> got, std::span<const float> expected, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << what << "[" << i << "] is " << got[i] << ", expected " << expected[i];
}

class EveryType : public testing::TestWithParam<const char*> {};

TEST_P(EveryType, IsBitEqualToThePythonPackage) {
  const Gguf quantised(reference_path("reference.gguf"));
  const SafeTensors expected(reference_path("reference.safetensors"));
  const TensorInfo& tensor = quantised.tensor(GetParam());
  EXPECT_EQ(traits(tensor.dtype).name, GetParam());
  EXPECT_EQ(tensor.shape, expected.tensor(GetParam()).shape);
  expect_same_bits(floats(tensor), floats(expected.tensor(GetParam())), GetParam());
}

TEST_P(EveryType, RowsAreTheSameAsTheWhole) {
  const Gguf file(reference_path("reference.gguf"));
  const TensorInfo& tensor = file.tensor(GetParam());
  if (tensor.shape.size() != 2) return;
  const std::vector<float> all = floats(tensor);
  const auto columns = static_cast<std::size_t>(tensor.shape[1]);
  for (std::int64_t first = 0; first <= tensor.shape[0]; ++first) {
    for (std::int64_t rows = 0; first + rows <= tensor.shape[0]; ++rows) {
      std::vector<float> out(static_cast<std::size_t>(rows) * columns);
      dequantize_rows(tensor, first, rows, out);
      expect_same_bits(out, std::span(all).subspan(static_cast<std::size_t>(first) * columns, out.size()),
                       GetParam());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dequantize, EveryType,
                         testing::Values("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K",
                                         "Q5_K", "Q6_K"),
                         [](const auto& type) { return type.param; });

TEST(Dequantize, RefusesSizesThatDoNotAgree) {
  std::vector<std::byte> in(36);
  std::vector<float> out(64);
  dequantize(DType::q4_0, in, out);
  const auto bytes = std::span<const std::byte>(in);
  expect_error(ErrorKind::model, "35 bytes of Q4_0 for 64 weights",
               [&] { dequantize(DType::q4_0, bytes.first(35), out); });
  expect_error(ErrorKind::model, "36 bytes of Q4_0 for 63 weights",
               [&] { dequantize(DType::q4_0, bytes, std::span(out).first(63)); });
  expect_error(ErrorKind::model, "36 bytes of Q4_K for 64 weights",
               [&] { dequantize(DType::q4_k, bytes, out); });
  dequantize(DType::q4_0, {}, {});
}

TEST(Dequantize, RefusesTypesThatHoldNoWeights) {
  std::vector<std::byte> in(8);
  std::vector<float> out(1);
  expect_error(ErrorKind::model, "I64", [&] { dequantize(DType::i64, in, out); });
  expect_error(ErrorKind::model, "F64", [&] { dequantize(DType::f64, in, out); });
}

TEST(DequantizeRows, RefusesRowsThatAreNotThere) {
  const Gguf file(reference_path("reference.gguf"));
  const TensorInfo& tensor = file.tensor("Q8_0");  // [3, 64]
  std::vector<float> out(64);
  dequantize_rows(tensor, 2, 1, out);
  const auto refused = [&](std::int64_t first, std::int64_t rows, std::size_t room) {
    std::vector<float> into(room);
    expect_error(ErrorKind::model, "of tensor \"Q8_0\"", [&] { dequantize_rows(tensor, first, rows, into); });
  };
  refused(3, 1, 64);
  refused(2, 2, 128);
  refused(-1, 1, 64);
  refused(0, -1, 0);
  refused(INT64_MAX, 1, 64);
  refused(0, 1, 63);
  expect_error(ErrorKind::model, "[2, 3, 5]", [&] { dequantize_rows(file.tensor("F32"), 0, 1, out); });
}

}  // namespace
}  // namespace chorus::core
