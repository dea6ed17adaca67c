// Files that the `gguf` Python package wrote (data/make.py), the real model, and small ones of our own
// writer.
#include "core/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "tests/core/reference_data.h"
#include "tests/support/errors.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_folder.h"

namespace chorus::core {
namespace {

using test::expect_error;
using test::GgufWriter;
using test::reference_bytes;
using test::reference_path;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Gguf, ReadsMetadataOfEveryType) {
  const Gguf file(reference_path("reference.gguf"));
  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.text("general.architecture"), "llama");
  EXPECT_EQ(file.integer("general.alignment"), 64);
  EXPECT_EQ(file.integer("t.u8"), 200);
  EXPECT_EQ(file.integer("t.i8"), -100);
  EXPECT_EQ(file.integer("t.u16"), 60000);
  EXPECT_EQ(file.integer("t.i16"), -30000);
  EXPECT_EQ(file.integer("t.u32"), 4000000000);
  EXPECT_EQ(file.integer("t.i32"), -2000000000);
  EXPECT_EQ(file.integer("t.i64"), -(std::int64_t{1} << 62));
  EXPECT_EQ(file.number("t.u64"), 0x1p63);
  EXPECT_EQ(file.number("t.i8"), -100.0);
  EXPECT_EQ(file.number("t.f32"), static_cast<double>(0.1F));
  EXPECT_EQ(file.number("t.f64"), 0.1);
  EXPECT_EQ(file.flag("t.true"), true);
  EXPECT_EQ(file.flag("t.false"), false);
  EXPECT_EQ(file.text("t.text"), "naïve 語");
  EXPECT_THAT(file.texts("t.texts"), ElementsAre("", "Ġthe", "\n\n"));
  EXPECT_THAT(file.integers("t.integers"), ElementsAre(1, -2, 3));
  EXPECT_THAT(file.floats("t.floats"), ElementsAre(0.5F, -1.25F));
  EXPECT_TRUE(file.has("t.nested"));
  EXPECT_EQ(file.keys().size(), 20U);
}

TEST(Gguf, AbsentKeysAreNoError) {
  const Gguf file(reference_path("reference.gguf"));
  EXPECT_FALSE(file.has("no"));
  EXPECT_EQ(file.integer("no"), std::nullopt);
  EXPECT_EQ(file.number("no"), std::nullopt);
  EXPECT_EQ(file.flag("no"), std::nullopt);
  EXPECT_EQ(file.text("no"), std::nullopt);
  EXPECT_THAT(file.texts("no"), IsEmpty());
  EXPECT_THAT(file.integers("no"), IsEmpty());
  EXPECT_THAT(file.floats("no"), IsEmpty());
}

TEST(Gguf, AnotherTypeOfValueIsAnError) {
  const Gguf file(reference_path("reference.gguf"));
  const auto refused = [](const std::string& part, auto&& get) { expect_error(ErrorKind::model, part, get); };
  refused("metadata \"t.f32\" is of type f32; expected an integer", [&] { file.integer("t.f32"); });
  refused("\"t.u64\" is of type u64; expected an integer of 63 bits", [&] { file.integer("t.u64"); });
  refused("\"t.true\" is of type bool; expected a number", [&] { file.number("t.true"); });
  refused("\"t.u8\" is of type u8; expected bool", [&] { file.flag("t.u8"); });
  refused("\"t.texts\" is of type array of 3 string; expected string", [&] { file.text("t.texts"); });
  refused("\"t.text\" is of type string; expected array of string", [&] { file.texts("t.text"); });
  refused("\"t.integers\" is of type array of 3 i32", [&] { file.texts("t.integers"); });
  refused("\"t.floats\" is of type array of 2 f32", [&] { file.integers("t.floats"); });
  refused("\"t.nested\" is of type array of 2 array", [&] { file.integers("t.nested"); });
  refused("\"t.flags\" is of type array of 2 bool", [&] { file.floats("t.flags"); });
}

TEST(Gguf, FindsTensorsAndReversesTheirExtents) {
  const Gguf file(reference_path("reference.gguf"));
  EXPECT_EQ(file.tensors().size(), 11U);
  const TensorInfo& tensor = file.tensor("F32");
  EXPECT_THAT(tensor.shape, ElementsAre(2, 3, 5));  // numpy's shape
  EXPECT_EQ(elements(tensor), 30);
  EXPECT_EQ(tensor.data.size(), 120U);
  EXPECT_EQ(file.find("F32"), &tensor);
  EXPECT_EQ(file.find("F3"), nullptr);
  expect_error(ErrorKind::model, "has no tensor \"output.weight\"", [&] { file.tensor("output.weight"); });
}

TEST(Gguf, KeepsItsViewsWhenMoved) {
  Gguf file(reference_path("reference.gguf"));
  const TensorInfo* tensor = file.find("Q4_0");
  const std::string_view text = *file.text("t.text");
  const Gguf moved = std::move(file);
  EXPECT_EQ(moved.find("Q4_0"), tensor);
  EXPECT_EQ(moved.text("t.text"), text);
  EXPECT_EQ(moved.text("t.text")->data(), text.data());
}

TEST(Gguf, ReadsVersion2) {
  auto bytes = reference_bytes("reference.gguf");
  bytes[4] = std::byte{2};
  const Gguf file = Gguf::from_bytes(bytes, "two.gguf");
  EXPECT_EQ(file.version(), 2U);
  EXPECT_EQ(file.tensors().size(), 11U);
}

TEST(Gguf, HonoursTheAlignment) {
  const std::vector<float> a{1.0F}, b{2.0F};
  for (const std::uint32_t alignment : {1U, 4U, 8U, 32U, 4096U}) {
    const auto bytes =
        GgufWriter().alignment(alignment).f32_tensor("a", {1}, a).f32_tensor("b", {1}, b).bytes();
    const Gguf file = Gguf::from_bytes(bytes, "aligned.gguf");
    float value = 0;
    std::memcpy(&value, file.tensor("b").data.data(), sizeof(value));
    EXPECT_EQ(value, 2.0F) << alignment;
    EXPECT_EQ((file.tensor("b").data.data() - bytes.data()) % static_cast<std::ptrdiff_t>(alignment), 0)
        << alignment;
  }
}

TEST(Gguf, ScalarsEmptyTensorsAndEmptyFilesOfTensorsAreFine) {
  EXPECT_THAT(Gguf::from_bytes(GgufWriter().bytes(), "none.gguf").tensors(), IsEmpty());
  const std::vector<float> one{7.0F};
  const auto bytes = GgufWriter().f32_tensor("scalar", {}, one).f32_tensor("empty", {0, 4}, {}).bytes();
  const Gguf file = Gguf::from_bytes(bytes, "small.gguf");
  EXPECT_EQ(elements(file.tensor("scalar")), 1);
  EXPECT_EQ(elements(file.tensor("empty")), 0);
}

TEST(Gguf, OpensTheRealModel) {
  const auto path = std::filesystem::path(CHORUS_HOME_DIR) / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << "; './run demo' fetches it";
  const Gguf file(path);
  std::size_t q4_1 = 0, f32 = 0, q8_0 = 0;
  for (const TensorInfo& tensor : file.tensors()) {
    q4_1 += tensor.dtype == DType::q4_1;
    f32 += tensor.dtype == DType::f32;
    q8_0 += tensor.dtype == DType::q8_0;
  }
  EXPECT_THAT(std::vector({q4_1, f32, q8_0}), ElementsAre(210U, 61U, 1U));
  EXPECT_THAT(file.tensor("token_embd.weight").shape, ElementsAre(49152, 576));
  EXPECT_THAT(file.tensor("blk.29.ffn_down.weight").shape, ElementsAre(576, 1536));
  EXPECT_EQ(file.integer("llama.block_count"), 30);
  EXPECT_EQ(file.texts("tokenizer.ggml.tokens").size(), 49152U);
  EXPECT_EQ(file.integers("tokenizer.ggml.token_type").size(), 49152U);
}

}  // namespace
}  // namespace chorus::core
