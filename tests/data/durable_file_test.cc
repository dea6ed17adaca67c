#include "data/durable_file.h"

#include <gtest/gtest.h>

#include "tests/support/errors.h"
#include "tests/support/limited_disk.h"
#include "tests/support/temp_folder.h"

namespace chorus::data {
namespace {

using test::expect_error;
using test::TempFolder;

TEST(DurableFile, ReplacesAndLeavesNothingElse) {
  const TempFolder folder;
  write_durable(folder / "a", "one");
  write_durable(folder / "a", "two");
  EXPECT_EQ(read_file(folder / "a"), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  write_durable(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty"), "");
}

TEST(DurableFile, WhatAKilledRunLeftIsUsedUp) {
  const TempFolder folder;
  test::write_file(folder / "a.partial", "a longer text of a run that was killed");
  write_durable(folder / "a", "short");
  EXPECT_EQ(read_file(folder / "a"), "short");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.partial"));
}

TEST(DurableFile, PendingFilesLeaveNothingUnlessCommitted) {
  const TempFolder folder;
  write_durable(folder / "a", "old");
  {
    const PendingFile pending(folder / "a", "new");
    EXPECT_EQ(read_file(folder / "a"), "old");
    expect_error(ErrorKind::io, "another process", [&] { PendingFile(folder / "a", "third"); });
  }
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.partial"));
}

TEST(DurableFile, UnwritablePlaces) {
  const TempFolder folder;
  test::write_file(folder / "file", "");
  expect_error(ErrorKind::io, "cannot be created", [&] { write_durable(folder / "file" / "a", "x"); });
  expect_error(ErrorKind::io, "folder", [&] { make_folder(folder / "file" / "a"); });
  expect_error(ErrorKind::io, "folder", [&] { make_folder(folder / "file"); });
  expect_error(ErrorKind::io, "cannot be created", [] { write_durable("/proc/chorus", "x"); });
  std::filesystem::create_directory(folder / "taken");
  expect_error(ErrorKind::io, "cannot be replaced", [&] { write_durable(folder / "taken", "x"); });
  EXPECT_FALSE(std::filesystem::exists(folder / "taken.partial"));
  expect_error(ErrorKind::io, "cannot be read", [&] { (void)read_file(folder / "nothing"); });
  expect_error(ErrorKind::io, "cannot be read", [&] { (void)read_file(folder.path()); });
}

TEST(DurableFile, FullDiskKeepsTheOldContent) {
  const test::LimitedDisk disk(1 << 16);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  write_durable(disk.path() / "a", "old");
  expect_error(ErrorKind::io, "No space left",
               [&] { write_durable(disk.path() / "a", std::string(1 << 17, 'x')); });
  EXPECT_EQ(read_file(disk.path() / "a"), "old");
  EXPECT_FALSE(std::filesystem::exists(disk.path() / "a.partial"));
}

}  // namespace
}  // namespace chorus::data
