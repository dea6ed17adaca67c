#include "core/gguf.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace chorus::core {
namespace {

constexpr std::array<std::string_view, 13> kTypeNames{"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                      "bool", "string", "array", "u64", "i64", "f64"};

template <class T>
T load(std::span<const std::byte> bytes, std::uint64_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

std::optional<std::int64_t> load_integer(GgufType type, std::span<const std::byte> bytes,
                                         std::uint64_t index) {
  switch (type) {
    case GgufType::u8:
      return load<std::uint8_t>(bytes, index);
    case GgufType::i8:
      return load<std::int8_t>(bytes, index);
    case GgufType::u16:
      return load<std::uint16_t>(bytes, index);
    case GgufType::i16:
      return load<std::int16_t>(bytes, index);
    case GgufType::u32:
      return load<std::uint32_t>(bytes, index);
    case GgufType::i32:
      return load<std::int32_t>(bytes, index);
    case GgufType::i64:
      return load<std::int64_t>(bytes, index);
    case GgufType::u64: {
      const auto value = load<std::uint64_t>(bytes, index);
      if (std::in_range<std::int64_t>(value)) return static_cast<std::int64_t>(value);
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> load_number(GgufType type, std::span<const std::byte> bytes, std::uint64_t index) {
  if (type == GgufType::f32) return load<float>(bytes, index);
  if (type == GgufType::f64) return load<double>(bytes, index);
  if (type == GgufType::u64) return static_cast<double>(load<std::uint64_t>(bytes, index));
  if (const auto integer = load_integer(type, bytes, index)) return static_cast<double>(*integer);
  return std::nullopt;
}

}  // namespace

const Gguf::Value* Gguf::value(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void Gguf::wrong_type(std::string_view key, const Value& value, std::string_view wanted) const {
  const auto type_name = [](GgufType type) { return kTypeNames[static_cast<std::size_t>(type)]; };
  std::string got(type_name(value.type));
  if (value.type == GgufType::array)
    got = fmt::format("array of {} {}", value.count, type_name(value.element));
  throw Error(ErrorKind::model, fmt::format("{}: metadata {} is of type {}", name_, quote_name(key), got),
              std::string(wanted), "the file is damaged or of an unknown kind: get it again");
}

std::vector<std::string_view> Gguf::keys() const {
  std::vector<std::string_view> result;
  for (const auto& entry : values_) result.push_back(entry.first);
  return result;
}

std::optional<std::int64_t> Gguf::integer(std::string_view key) const {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  const auto integer = load_integer(found->type, found->bytes, 0);
  if (!integer) wrong_type(key, *found, "an integer of 63 bits");
  return integer;
}

std::optional<double> Gguf::number(std::string_view key) const {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  const auto number = load_number(found->type, found->bytes, 0);
  if (!number) wrong_type(key, *found, "a number");
  return number;
}

std::optional<bool> Gguf::flag(std::string_view key) const {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->type != GgufType::boolean) wrong_type(key, *found, "bool");
  return load<std::uint8_t>(found->bytes, 0) != 0;
}

std::optional<std::string_view> Gguf::text(std::string_view key) const {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->type != GgufType::string) wrong_type(key, *found, "string");
  return found->texts.front();
}

const Gguf::Value* Gguf::array(std::string_view key, std::string_view wanted) const {
  const Value* found = value(key);
  if (found != nullptr && found->type != GgufType::array) wrong_type(key, *found, wanted);
  return found != nullptr && found->count > 0 ? found : nullptr;
}

std::vector<std::string_view> Gguf::texts(std::string_view key) const {
  const Value* found = array(key, "array of string");
  if (found == nullptr) return {};
  if (found->element != GgufType::string) wrong_type(key, *found, "array of string");
  return found->texts;
}

std::vector<std::int64_t> Gguf::integers(std::string_view key) const {
  constexpr std::string_view kWanted = "array of integers of 63 bits";
  std::vector<std::int64_t> result;
  const Value* found = array(key, kWanted);
  if (found == nullptr) return result;
  for (std::uint64_t i = 0; i < found->count; ++i) {
    const auto integer = load_integer(found->element, found->bytes, i);
    if (!integer) wrong_type(key, *found, kWanted);
    result.push_back(*integer);
  }
  return result;
}

std::vector<float> Gguf::floats(std::string_view key) const {
  constexpr std::string_view kWanted = "array of numbers";
  std::vector<float> result;
  const Value* found = array(key, kWanted);
  if (found == nullptr) return result;
  for (std::uint64_t i = 0; i < found->count; ++i) {
    const auto number = load_number(found->element, found->bytes, i);
    if (!number) wrong_type(key, *found, kWanted);
    result.push_back(static_cast<float>(*number));
  }
  return result;
}

}  // namespace chorus::core
