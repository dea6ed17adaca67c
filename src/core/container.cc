#include "core/container.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "core/error.h"

namespace chorus::core {

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
  if (name.size() <= kLongest) return fmt::format("{:?}", name);
  return fmt::format("{:?}... ({} bytes)", name.substr(0, kLongest), name.size());
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
