#include "core/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string_view>
#include <utility>

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

namespace chorus::core {
namespace {

using test::expect_error;
using test::TempFolder;
using test::write_file;

std::string_view text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, ShowsTheBytesAndMoves) {
  const TempFolder folder;
  write_file(folder / "a", std::string_view("hello"));
  write_file(folder / "b", std::string_view("other"));
  MappedFile file(folder / "a");
  EXPECT_EQ(text(file), "hello");
  EXPECT_EQ(file.path(), folder / "a");
  const auto* where = file.bytes().data();
  MappedFile moved = std::move(file);
  EXPECT_EQ(moved.bytes().data(), where);
  MappedFile assigned(folder / "b");
  assigned = std::move(moved);
  EXPECT_EQ(text(assigned), "hello");
}

TEST(MappedFile, StaysReadableWhenTheNameIsGone) {
  const TempFolder folder;
  write_file(folder / "a", std::string_view("hello"));
  const MappedFile file(folder / "a");
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(text(file), "hello");
}

TEST(MappedFile, EmptyFileIsAnEmptySpan) {
  const TempFolder folder;
  write_file(folder / "empty", std::string_view());
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
}

TEST(MappedFile, SaysWhatCannotBeOpened) {
  const TempFolder folder;
  expect_error(ErrorKind::io, "No such file or directory", [&] { MappedFile(folder / "missing"); });
  expect_error(ErrorKind::io, "Is a directory", [&] { MappedFile{folder.path()}; });
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_error(ErrorKind::io, "cannot be mapped", [&] { MappedFile(folder / "pipe"); });
}

}  // namespace
}  // namespace chorus::core
