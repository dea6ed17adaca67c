// Reads little-endian values one after another and never past the end: the one place where parsers of binary
// headers touch bytes.
//
//   ByteReader in(bytes, "m.gguf");
//   auto version = in.read<std::uint32_t>("version");
//   std::string_view name = in.text(in.read<std::uint64_t>("length"), "name");
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace chorus::core {

static_assert(std::endian::native == std::endian::little,
              "model files are little-endian and are read in place");

class ByteReader {
 public:
  /// `file` names the source in errors. The bytes must outlive the reader and the views it returns.
  ByteReader(std::span<const std::byte> bytes, std::string file) : bytes_(bytes), file_(std::move(file)) {}

  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return bytes_.size() - position_; }
  const std::string& file() const { return file_; }

  /// The next `count` bytes. Throws Error(model) when the file ends before them; `what` says what they were
  /// to be.
  std::span<const std::byte> take(std::uint64_t count, std::string_view what) {
    if (count > remaining()) ended(count, what);
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  template <class T>
  requires std::is_trivially_copyable_v<T> T read(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  std::string_view text(std::uint64_t count, std::string_view what) {
    const auto taken = take(count, what);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  [[noreturn]] void ended(std::uint64_t count, std::string_view what) const {
    throw Error(ErrorKind::model, fmt::format("{} ends at byte {}", file_, bytes_.size()),
                fmt::format("{} bytes of {} from byte {}", count, what, position_),
                "the file is truncated or damaged: get it again");
  }

  std::span<const std::byte> bytes_;
  std::string file_;
  std::size_t position_ = 0;
};

}  // namespace chorus::core
