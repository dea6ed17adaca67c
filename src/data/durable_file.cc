#include "data/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "data/posix_file.h"

namespace chorus::data {
namespace {

/// Opens the temporary file for this process alone. Its name is fixed, so what a killed run left is used up
/// by the next one; two writers at once must not share it.
Descriptor open_alone(const std::filesystem::path& temporary) {
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() < 0) throw_io("be created", temporary);
  struct stat opened {
  }, named{};
  const bool ours = ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file.get(), &opened) == 0 &&
                    ::stat(temporary.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
  if (!ours) {
    throw Error(ErrorKind::io, temporary.string() + " is being written by another process", "one writer",
                "wait for it or choose another folder");
  }
  return file;
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder)) return;
  errno = error ? error.value() : ENOTDIR;
  throw_io("be made a folder", folder);
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) throw_io("be opened", folder);
  // Some file systems have no fsync for folders and say EINVAL.
  if (::fsync(handle.get()) != 0 && errno != EINVAL) throw_io("be synced", folder);
}

void write_durable(const std::filesystem::path& path, std::string_view bytes) {
  PendingFile file(path, bytes);
  file.commit();
  sync_folder(parent_of(path));
}

std::string read_file(const std::filesystem::path& path, const std::string& expected) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || std::filesystem::is_directory(path) || !(bytes << file.rdbuf())) {
    if (file && std::filesystem::is_regular_file(path) && std::filesystem::file_size(path) == 0) return "";
    throw Error(ErrorKind::io, path.string() + " cannot be read", expected,
                "check the path and its permissions");
  }
  return std::move(bytes).str();
}

PendingFile::PendingFile(std::filesystem::path path, std::string_view bytes)
    : path_(std::move(path)), temporary_(path_.string() + ".partial"), file_(open_alone(temporary_)) {
  const int fd = file_.get();
  if (::ftruncate(fd, 0) == 0 && write_at(fd, bytes, 0) && ::fsync(fd) == 0) return;
  const int code = errno;
  ::unlink(temporary_.c_str());
  errno = code;
  throw_io("be written", path_);
}

PendingFile::~PendingFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)) {}

void PendingFile::commit() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw_io("be replaced", path_);
  temporary_.clear();
}

}  // namespace chorus::data
