// Makes small GGUF files for tests, sound or, by the raw calls, not.
//
//   const auto bytes = GgufWriter().text("general.architecture", "llama").u32("llama.block_count", 2)
//                          .f32_tensor("output_norm.weight", {96}, norm).bytes();
//   write_file(folder / "m.gguf", bytes);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chorus::test {

/// Little-endian values one after another.
class ByteSink {
 public:
  template <class T>
  ByteSink& put(const T& value) {
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof(T));
    return *this;
  }
  ByteSink& append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  /// A GGUF string: 8 bytes of length, then the text.
  ByteSink& text(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    return append(std::as_bytes(std::span(text)));
  }
  void pad(std::size_t alignment) { bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

class GgufWriter {
 public:
  // Numbers of ggml's tensor types.
  static constexpr std::uint32_t kF32 = 0, kF16 = 1, kQ4_0 = 2, kQ4_1 = 3, kQ8_0 = 8, kBF16 = 30;

  GgufWriter& version(std::uint32_t version) { return version_ = version, *this; }
  /// Of the tensor data; also written as general.alignment.
  GgufWriter& alignment(std::uint32_t alignment) {
    alignment_ = alignment;
    return u32("general.alignment", alignment);
  }

  GgufWriter& u32(std::string_view key, std::uint32_t value) { return scalar(key, 4, value); }
  GgufWriter& i32(std::string_view key, std::int32_t value) { return scalar(key, 5, value); }
  GgufWriter& f32(std::string_view key, float value) { return scalar(key, 6, value); }
  GgufWriter& flag(std::string_view key, bool value) {
    return scalar(key, 7, static_cast<std::uint8_t>(value));
  }
  GgufWriter& u64(std::string_view key, std::uint64_t value) { return scalar(key, 10, value); }
  GgufWriter& text(std::string_view key, std::string_view value) {
    begin(key, 8).text(value);
    return *this;
  }
  GgufWriter& texts(std::string_view key, const std::vector<std::string>& values) {
    array_header(key, 8, values.size());
    for (const std::string& value : values) metadata_.text(value);
    return *this;
  }
  GgufWriter& i32s(std::string_view key, const std::vector<std::int32_t>& values) {
    return array(key, 5, values);
  }
  GgufWriter& f32s(std::string_view key, const std::vector<float>& values) { return array(key, 6, values); }
  /// Key, type number and whatever bytes are to follow: the way to a broken value.
  GgufWriter& raw(std::string_view key, std::uint32_t type, std::span<const std::byte> bytes) {
    begin(key, type).append(bytes);
    return *this;
  }

  /// `shape` outermost first, as PyTorch prints it.
  GgufWriter& tensor(std::string_view name, std::uint32_t ggml_type, const std::vector<std::int64_t>& shape,
                     std::span<const std::byte> data) {
    data_.pad(alignment_);
    const std::uint64_t offset = data_.bytes().size();
    data_.append(data);
    return tensor_header(name, ggml_type, shape, offset);
  }
  GgufWriter& f32_tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                         std::span<const float> values) {
    return tensor(name, kF32, shape, std::as_bytes(values));
  }
  /// An entry of the tensor table with no data of its own.
  GgufWriter& tensor_header(std::string_view name, std::uint32_t ggml_type,
                            const std::vector<std::int64_t>& shape, std::uint64_t offset) {
    tensors_.text(name).put(static_cast<std::uint32_t>(shape.size()));
    for (auto extent = shape.rbegin(); extent != shape.rend(); ++extent) tensors_.put(*extent);
    tensors_.put(ggml_type).put(offset);
    ++tensor_count_;
    return *this;
  }

  // What the header says, whatever was written.
  GgufWriter& claim_tensors(std::uint64_t count) { return tensor_count_ = count, *this; }
  GgufWriter& claim_values(std::uint64_t count) { return value_count_ = count, *this; }

  std::vector<std::byte> bytes() const {
    ByteSink file;
    file.append(std::as_bytes(std::span("GGUF", 4))).put(version_).put(tensor_count_).put(value_count_);
    file.append(metadata_.bytes()).append(tensors_.bytes());
    file.pad(alignment_);
    return file.append(data_.bytes()).bytes();
  }

 private:
  ByteSink& begin(std::string_view key, std::uint32_t type) {
    ++value_count_;
    return metadata_.text(key).put(type);
  }
  void array_header(std::string_view key, std::uint32_t element, std::size_t count) {
    begin(key, 9).put(element).put(static_cast<std::uint64_t>(count));
  }
  template <class T>
  GgufWriter& scalar(std::string_view key, std::uint32_t type, T value) {
    begin(key, type).put(value);
    return *this;
  }
  template <class T>
  GgufWriter& array(std::string_view key, std::uint32_t element, const std::vector<T>& values) {
    array_header(key, element, values.size());
    metadata_.append(std::as_bytes(std::span(values)));
    return *this;
  }

  std::uint32_t version_ = 3;
  std::size_t alignment_ = 32;
  std::uint64_t tensor_count_ = 0, value_count_ = 0;
  ByteSink metadata_, tensors_, data_;
};

}  // namespace chorus::test
