// Files that the `safetensors` Python package wrote, and files that are not what they say.
#include "core/safetensors.h"

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
using test::reference_bytes;
using test::reference_path;
using testing::ElementsAre;
using testing::IsEmpty;

/// A file of this header and so many bytes of data.
std::vector<std::byte> file_of(std::string_view header, std::size_t data) {
  test::ByteSink file;
  file.text(header);
  const std::vector<std::byte> zeros(data);
  return file.append(zeros).bytes();
}

void expect_refused(const std::string& part, std::string_view header, std::size_t data) {
  const auto bytes = file_of(header, data);
  expect_error(ErrorKind::model, part, [&] { SafeTensors::from_bytes(bytes, "bad.safetensors"); });
}

template <class T>
std::vector<T> values(const TensorInfo& tensor) {
  std::vector<T> result(tensor.data.size() / sizeof(T));
  std::memcpy(result.data(), tensor.data.data(), tensor.data.size());
  return result;
}

TEST(SafeTensors, ReadsEveryPlainType) {
  const SafeTensors file(reference_path("mixed.safetensors"));
  EXPECT_EQ(file.tensors().size(), 10U);
  EXPECT_THAT(values<double>(file.tensor("f64")), ElementsAre(1.5, -2.0));
  EXPECT_THAT(values<std::uint16_t>(file.tensor("f16")), ElementsAre(0x3e00));
  EXPECT_THAT(values<std::int8_t>(file.tensor("i8")), ElementsAre(-1));
  EXPECT_THAT(values<std::int16_t>(file.tensor("i16")), ElementsAre(-2));
  EXPECT_THAT(values<std::int32_t>(file.tensor("i32")), ElementsAre(-3));
  EXPECT_THAT(values<std::int64_t>(file.tensor("i64")), ElementsAre(-4));
  EXPECT_THAT(values<std::uint8_t>(file.tensor("u8")), ElementsAre(5, 6, 7));
  EXPECT_THAT(values<std::uint8_t>(file.tensor("bool")), ElementsAre(1, 0));
  EXPECT_THAT(file.tensor("f16").shape, ElementsAre(1, 1));
  EXPECT_THAT(file.tensor("empty").shape, ElementsAre(0, 4));
  EXPECT_THAT(file.tensor("scalar").shape, IsEmpty());
  EXPECT_THAT(values<float>(file.tensor("scalar")), ElementsAre(2.5F));
  EXPECT_EQ(file.tensor("i64").dtype, DType::i64);
  EXPECT_EQ(file.find("i65"), nullptr);
  expect_error(ErrorKind::model, "has no tensor \"i65\"", [&] { file.tensor("i65"); });
}

TEST(SafeTensors, EveryTruncationIsAnError) {
  const auto bytes = reference_bytes("mixed.safetensors");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    expect_error(ErrorKind::model, "cut", [&] { SafeTensors::from_bytes(cut, "cut"); });
  }
}

TEST(SafeTensors, AnyByteOfTheHeaderMayBeWrong) {
  const auto sound = reference_bytes("mixed.safetensors");
  int refused = 0;
  for (std::size_t at = 0; at < sound.size() - 100; ++at) {
    for (const int value : {0x00, 0x22, 0x30, 0x39, 0x7d, 0xff}) {
      auto bytes = sound;
      bytes[at] = static_cast<std::byte>(value);
      try {
        SafeTensors::from_bytes(bytes, "bad");
      } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::model);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(SafeTensors, HeadersThatAreNone) {
  const test::TempFolder folder;
  test::write_file(folder / "empty", std::string_view());
  expect_error(ErrorKind::model, "ends at byte 0", [&] { SafeTensors(folder / "empty"); });
  expect_error(ErrorKind::io, "No such file", [&] { SafeTensors(folder / "missing"); });
  expect_refused("does not begin with '{'", "", 0);
  expect_refused("does not begin with '{'", "[]", 0);
  expect_refused("is not JSON", "{", 0);
  expect_refused("is not JSON", "{\"a\":\xff}", 0);
  expect_refused("is not JSON", "{\"a\":" + std::string(5000, '['), 0);
  const auto huge = [](std::uint64_t length) { return test::ByteSink().put(length).bytes(); };
  const auto bytes = huge(100'000'001);
  expect_error(ErrorKind::model, "at most 100000000", [&] { SafeTensors::from_bytes(bytes, "huge"); });
  const auto more = huge(1000);
  expect_error(ErrorKind::model, "ends at byte 8", [&] { SafeTensors::from_bytes(more, "cut"); });
  EXPECT_THAT(SafeTensors::from_bytes(file_of("{}      ", 0), "none").tensors(), IsEmpty());
}

TEST(SafeTensors, EntriesThatAreNotSound) {
  expect_refused("tensor \"a\" has no sound dtype", R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4);
  expect_refused("tensor \"a\" has no sound dtype", R"({"a":7})", 4);
  expect_refused("is of type \"F8_E4M3\"", R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})",
                 1);
  expect_refused("no sound shape", R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4);
  expect_refused("no sound shape", R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4);
  expect_refused("no sound shape", R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4);
  expect_refused("no sound shape",
                 R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4);
  expect_refused("no sound data_offsets", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}})", 4);
  expect_refused("no sound data_offsets", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4);
  expect_refused("has 4 bytes; expected 8", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4);
  expect_refused("size below 2^63",
                 R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0);
  expect_refused("__metadata__ of another form", R"({"__metadata__":{"a":1}})", 0);
}

TEST(SafeTensors, DataMustBeCoveredOnce) {
  const auto two = [](const char* a, const char* b) {
    return fmt::format(
        R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":{}}},"b":{{"dtype":"U8","shape":[4],)"
        R"("data_offsets":{}}}}})",
        a, b);
  };
  EXPECT_EQ(SafeTensors::from_bytes(file_of(two("[4,8]", "[0,4]"), 8), "fine").tensors().front().name, "b");
  expect_refused("\"b\" begins at byte 2 of the data; expected 4", two("[0,4]", "[2,6]"), 8);  // overlap
  expect_refused("\"b\" begins at byte 0 of the data; expected 4", two("[0,4]", "[0,4]"), 8);
  expect_refused("\"b\" begins at byte 5 of the data; expected 4", two("[0,4]", "[5,9]"), 9);  // hole
  expect_refused("\"a\" begins at byte 1 of the data; expected 0", two("[1,5]", "[5,9]"), 9);
  expect_refused("1 bytes follow the last tensor", two("[0,4]", "[4,8]"), 9);
  expect_refused("ends at byte 8 of the data; expected at most the 7 bytes", two("[0,4]", "[4,8]"), 7);
  expect_refused("tensor \"a\" occurs twice",
                 R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                 R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                 2);
}

class Folder : public testing::Test {
 protected:
  void shard(const char* name, const char* tensor, std::uint8_t value) {
    const auto header = fmt::format(R"({{"{}":{{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}}})", tensor);
    test::ByteSink file;
    test::write_file(folder / name, file.text(header).put(value).bytes());
  }
  void index(std::string_view text) { test::write_file(folder / "model.safetensors.index.json", text); }
  void refused(const std::string& part) {
    expect_error(ErrorKind::model, part, [&] { SafeTensorsFolder{folder.path()}; });
  }

  test::TempFolder folder;
};

TEST_F(Folder, OneFile) {
  shard("model.safetensors", "w", 7);
  const SafeTensorsFolder model(folder.path());
  EXPECT_EQ(values<std::uint8_t>(model.tensor("w")).at(0), 7);
  EXPECT_EQ(model.find("v"), nullptr);
  expect_error(ErrorKind::model, folder.path().string() + " has no tensor \"v\"", [&] { model.tensor("v"); });
}

TEST_F(Folder, ShardsOfAnIndex) {
  shard("model-00001-of-00002.safetensors", "a", 1);
  shard("model-00002-of-00002.safetensors", "b", 2);
  index(R"({"metadata":{"total_size":2},"weight_map":{"b":"model-00002-of-00002.safetensors",)"
        R"("a":"model-00001-of-00002.safetensors"}})");
  const SafeTensorsFolder opened(folder.path());
  const SafeTensorsFolder& model = opened;
  EXPECT_EQ(model.tensors().size(), 2U);
  EXPECT_EQ(values<std::uint8_t>(model.tensor("a")).at(0), 1);
  EXPECT_EQ(values<std::uint8_t>(model.tensor("b")).at(0), 2);
}

TEST_F(Folder, ShardsMayBeLinksAsInTheHubCache) {
  shard("blob", "a", 1);
  std::filesystem::create_symlink(folder / "blob", folder / "model-1.safetensors");
  index(R"({"weight_map":{"a":"model-1.safetensors"}})");
  EXPECT_EQ(SafeTensorsFolder(folder.path()).tensors().size(), 1U);
}

TEST_F(Folder, IndexesThatAreNotSound) {
  refused("holds no weights; expected model.safetensors or model.safetensors.index.json");
  index("");
  refused("not JSON");
  index("{}");
  refused("no weight_map");
  index(R"({"weight_map":{}})");
  refused("weight_map is empty");
  index(R"({"weight_map":{"a":7}})");
  refused("no plain file name for tensor \"a\"");
  shard("s", "a", 1);
  for (const char* name : {"", ".", "..", "../s", "/etc/passwd", "sub/s", "..\\\\s", "s\\u0000"}) {
    index(fmt::format(R"({{"weight_map":{{"a":"{}"}}}})", name));
    refused("no plain file name for tensor \"a\"");
  }
  index(R"({"weight_map":{"a":"s","a":"s"}})");
  refused("tensor \"a\" occurs twice");
  index(R"({"weight_map":{"a":"t"}})");
  refused("shard \"t\" is not there");
  index(R"({"weight_map":{"a":"s","b":"s"}})");
  refused("has no tensor \"b\"");
}

TEST(SafeTensorsFolder, OpensTheGoldenModels) {
  const auto models = std::filesystem::path(CHORUS_SOURCE_DIR) / ".." / "shared" / "golden" / "models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << "no ../shared/golden/models";
  for (const auto& model : std::filesystem::directory_iterator(models)) {
    const SafeTensorsFolder weights(model.path());
    EXPECT_THAT(weights.tensor("model.embed_tokens.weight").shape, ElementsAre(512, 96)) << model.path();
    EXPECT_GT(SafeTensors(model.path() / "expected.safetensors").tensors().size(), 0U);
  }
}

}  // namespace
}  // namespace chorus::core
