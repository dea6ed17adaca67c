#include "data/posix_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"

namespace chorus::data {
namespace {

std::string remedy(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "make room and run the same command again: what is finished stays";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a folder you may write to (--output-dir)";
    case ENOTDIR:
    case EEXIST:
      return "a file stands where a folder should be: move it or choose another folder";
    default:
      return "check the path";
  }
}

}  // namespace

void throw_io(std::string_view what, const std::filesystem::path& path, const std::string& expected) {
  const int code = errno;
  throw Error(ErrorKind::io,
              fmt::format("{}: cannot {}: {}", path.string(), what, std::system_category().message(code)),
              expected, remedy(code));
}

bool write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    if (written == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

}  // namespace chorus::data
