#include "core/safetensors_write.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "core/container.h"
#include "core/error.h"

namespace chorus::core {
namespace {

/// As a JSON string. Bytes of UTF-8 stand as they are.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace

void SafeTensorsWriter::add(const std::string& name, const char* dtype,
                            const std::vector<std::int64_t>& shape, std::span<const std::byte> bytes) {
  std::size_t size = sizeof(float);  // every type here has four bytes
  for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
  if (size != bytes.size())
    throw Error(ErrorKind::data, fmt::format("tensor {} of {} bytes", quote_name(name), bytes.size()),
                fmt::format("{} bytes for {}", size, shape_text(shape)),
                "report this as a defect of the program");
  if (std::find(names_.begin(), names_.end(), name) != names_.end())
    throw Error(ErrorKind::data, fmt::format("tensor {} twice", quote_name(name)), "each name once",
                "report this as a defect of the program");
  names_.push_back(name);
  tensors_ +=
      fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", tensors_.empty() ? "" : ",",
                  quoted(name), dtype, fmt::join(shape, ","), data_.size(), data_.size() + bytes.size());
  data_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void SafeTensorsWriter::add(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const float> values) {
  add(name, "F32", shape, std::as_bytes(values));
}
void SafeTensorsWriter::add(const std::string& name, const std::vector<std::int64_t>& shape,
                            std::span<const std::int32_t> values) {
  add(name, "I32", shape, std::as_bytes(values));
}

void SafeTensorsWriter::note(const std::string& name, const std::string& text) {
  notes_[name] = text;
}

std::string SafeTensorsWriter::bytes() const {
  static_assert(std::endian::native == std::endian::little, "the format is little-endian");
  std::string header = tensors_;
  if (!notes_.empty()) {
    std::string notes;
    for (const auto& [name, text] : notes_)
      notes += fmt::format("{}{}:{}", notes.empty() ? "" : ",", quoted(name), quoted(text));
    header = fmt::format("\"__metadata__\":{{{}}}{}{}", notes, header.empty() ? "" : ",", header);
  }
  header = "{" + header + "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');  // tensors begin at a multiple of eight
  std::string out;
  for (std::uint64_t size = header.size(), byte = 0; byte < 8; ++byte)
    out += static_cast<char>(size >> (8 * byte) & 0xFF);
  return out + header + data_;
}

}  // namespace chorus::core
