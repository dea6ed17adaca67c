// The few POSIX calls of this room that must not be wrapped in a stream: writing all of a file, errno as an Error.
//
//   Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
//   if (file.get() < 0) throw_io("be created", path);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace chorus::data {

using core::Descriptor;

/// Error(io): "PATH: cannot WHAT: what errno says" (WHAT as in "be opened"), and what to do about a full disk
/// or a missing permission.
[[noreturn]] void throw_io(std::string_view what, const std::filesystem::path& path,
                           const std::string& expected = "a place that can be written");

/// Writes every byte at `offset`; false with errno set when it could not (a part may be written then).
bool write_at(int fd, std::string_view bytes, std::uint64_t offset);

}  // namespace chorus::data
