#include "core/container.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "core/error.h"

namespace chorus::core {
namespace {

/// Length of the well-formed UTF-8 character that `text` begins with; 0 for a control character, a quote, a backslash
/// and for bytes that are not UTF-8. fmt's own "{:?}" is no help: version 9 aborts on a lead byte of 0xf5.
std::size_t printable_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f && first != '"' && first != '\\' ? 1 : 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  // The second byte is narrower after these: overlong forms, surrogates, what lies past U+10FFFF, C1 controls.
  const unsigned least = first == 0xe0 || first == 0xc2 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  return length;
}

std::string escape(unsigned char byte) {
  switch (byte) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\x{:02x}", byte);
  }
}

}  // namespace

std::int64_t elements(const TensorInfo& tensor) {
  std::int64_t product = 1;
  for (const std::int64_t extent : tensor.shape) product *= extent;
  return product;
}

std::optional<std::size_t> tensor_bytes(DType type, std::span<const std::int64_t> shape) {
  const DTypeTraits block = traits(type);
  const auto per_block = static_cast<std::int64_t>(block.block_elements);
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return std::nullopt;
  const std::int64_t row = shape.empty() ? 1 : shape.back();
  if (row % per_block != 0) return std::nullopt;
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(count / per_block, static_cast<std::int64_t>(block.block_bytes), &bytes))
    return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string quote_name(std::string_view name) {
  constexpr std::size_t kLongest = 120;
  const std::string_view shown = name.substr(0, kLongest);
  std::string result = "\"";
  for (std::size_t at = 0; at < shown.size();) {
    const std::size_t length = printable_length(shown.substr(at));
    if (length == 0) {
      result += escape(static_cast<unsigned char>(shown[at++]));
    } else {
      result += shown.substr(at, length);
      at += length;
    }
  }
  result += '"';
  if (name.size() > kLongest) result += fmt::format("... ({} bytes)", name.size());
  return result;
}

bool TensorTable::add(TensorInfo tensor) {
  if (!index_.try_emplace(tensor.name, tensors_.size()).second) return false;
  tensors_.push_back(std::move(tensor));
  return true;
}

const TensorInfo* TensorTable::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const TensorInfo& TensorTable::tensor(std::string_view name, std::string_view container) const {
  if (const TensorInfo* found = find(name)) return *found;
  throw Error(ErrorKind::model, fmt::format("{} has no tensor {}", container, quote_name(name)),
              fmt::format("it among the file's {} tensors", tensors_.size()),
              "check that the file is whole and of a supported architecture");
}

}  // namespace chorus::core
