// What is written is read back by the reader, and by Python with nothing but its standard library.
#include "core/safetensors_write.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>

#include "core/safetensors.h"
#include "support/errors.h"
#include "support/temp_folder.h"

namespace chorus::core {
namespace {

SafeTensorsWriter some() {
  SafeTensorsWriter file;
  file.add("a \"quoted\" name", {2, 3}, std::vector<float>{1, -2.5F, 3, 4, 5, 6e-30F});
  file.add("ids", {4}, std::vector<std::int32_t>{7, -1, 0, 1 << 30});
  file.add("empty", {0, 5}, std::vector<float>{});
  file.note("question", "Wo?\n\"Café\"");
  return file;
}

TEST(SafeTensorsWriter, IsReadBack) {
  const std::string bytes = some().bytes();
  const auto read = SafeTensors::from_bytes(std::as_bytes(std::span(bytes)), "memory");
  const TensorInfo& a = read.tensor("a \"quoted\" name");
  EXPECT_EQ(a.dtype, DType::f32);
  EXPECT_THAT(a.shape, testing::ElementsAre(2, 3));
  std::vector<float> values(6);
  std::memcpy(values.data(), a.data.data(), a.data.size());
  EXPECT_THAT(values, testing::ElementsAre(1, -2.5F, 3, 4, 5, 6e-30F));
  EXPECT_EQ(read.tensor("ids").dtype, DType::i32);
  EXPECT_THAT(read.tensor("empty").shape, testing::ElementsAre(0, 5));
  const std::string nothing = SafeTensorsWriter().bytes();
  EXPECT_TRUE(SafeTensors::from_bytes(std::as_bytes(std::span(nothing)), "memory").tensors().empty());
}

TEST(SafeTensorsWriter, IsReadByPython) {
  const test::TempFolder folder;
  test::write_file(folder / "t.safetensors", some().bytes());
  const std::string command =
      fmt::format("python3 '{}/tests/core/read_safetensors.py' '{}' > '{}'", CHORUS_SOURCE_DIR,
                  (folder / "t.safetensors").string(), (folder / "out").string());
  if (std::system("python3 --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no python3";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream in(folder / "out");
  std::string out{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(out,
            "question: Wo?\\n\"Café\"\n"
            "a \"quoted\" name [2, 3] [1.0, -2.5, 3.0, 4.0, 5.0, 6e-30]\n"
            "ids [4] [7, -1, 0, 1073741824]\n"
            "empty [0, 5] []\n");
}

TEST(SafeTensorsWriter, ShapeAndNamesAreChecked) {
  SafeTensorsWriter file;
  file.add("x", {1}, std::vector<float>{1});
  test::expect_error(ErrorKind::data, "twice", [&] { file.add("x", {1}, std::vector<float>{1}); });
  test::expect_error(ErrorKind::data, "8 bytes", [&] { file.add("y", {3}, std::vector<float>{1, 2}); });
}

}  // namespace
}  // namespace chorus::core
