// How golden/flex spells its data: ranges of rows, and tensors by name. For the runner and for the tests on a device.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/dequantize.h"
#include "core/safetensors.h"
#include "flex/index.h"

namespace chorus::golden {

/// [[begin, end], ...] as the range that each of `length` rows lies in, -1 for none.
inline std::vector<flex::Index> ids_of(const nlohmann::json& ranges, flex::Index length) {
  std::vector<flex::Index> ids(static_cast<std::size_t>(length), -1);
  flex::Index id = 0;
  for (const auto& range : ranges) {
    for (auto i = range.at(0).get<std::size_t>(); i < range.at(1).get<std::size_t>(); ++i) ids.at(i) = id;
    ++id;
  }
  return ids;
}

inline std::vector<float> floats(const core::SafeTensors& file, const std::string& key) {
  const core::TensorInfo& info = file.tensor(key);
  std::vector<float> values(static_cast<std::size_t>(core::elements(info)));
  core::dequantize(info.dtype, info.data, values);
  return values;
}

}  // namespace chorus::golden
