// GGUF files, version 2 and 3 (github.com/ggml-org/ggml/blob/master/docs/gguf.md): typed metadata and a table
// of tensors. Opening reads the header and checks every count, length, size and offset in it against the
// file; the tensors' bytes are mapped, not read.
//
//   Gguf file("SmolLM2-135M-Instruct.Q4_1.gguf");
//   std::int64_t layers = file.integer("llama.block_count").value();
//   const TensorInfo& w = file.tensor("blk.0.attn_q.weight");   // w.shape is [out, in]
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/container.h"
#include "core/mapped_file.h"

namespace chorus::core {

/// Value types of GGUF metadata, with the numbers the file uses.
enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64
};

class Gguf {
 public:
  /// Throws Error(io) when the file cannot be opened and Error(model) when its content is not a sound GGUF.
  explicit Gguf(const std::filesystem::path& path);
  /// The same on bytes in memory, which must outlive the object; `name` stands for the path in errors.
  static Gguf from_bytes(std::span<const std::byte> bytes, std::string name);

  const TensorInfo* find(std::string_view tensor_name) const { return tensors_.find(tensor_name); }
  /// Throws Error(model) when there is no such tensor.
  const TensorInfo& tensor(std::string_view tensor_name) const { return tensors_.tensor(tensor_name, name_); }
  const std::vector<TensorInfo>& tensors() const { return tensors_.all(); }

  // Metadata. A key that is absent gives nullopt or an empty vector; one that holds another type of value
  // throws Error(model). Views live as long as the object.
  bool has(std::string_view key) const { return values_.find(key) != values_.end(); }
  std::vector<std::string_view> keys() const;                       ///< in alphabetical order
  std::optional<std::int64_t> integer(std::string_view key) const;  ///< any integer type
  std::optional<double> number(std::string_view key) const;         ///< any integer or floating-point type
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string_view> text(std::string_view key) const;
  std::vector<std::string_view> texts(std::string_view key) const;
  std::vector<std::int64_t> integers(std::string_view key) const;
  std::vector<float> floats(std::string_view key) const;

  /// The path or name it was opened by, for messages.
  const std::string& name() const { return name_; }
  std::uint32_t version() const { return version_; }

 private:
  struct Value {
    GgufType type{};
    GgufType element{};                   // of an array
    std::uint64_t count = 1;              // of an array
    std::span<const std::byte> bytes;     // of a scalar or of an array of scalars, as they stand in the file
    std::vector<std::string_view> texts;  // of a string (one) or an array of strings
  };
  class Parser;

  Gguf(std::optional<MappedFile> file, std::span<const std::byte> bytes, std::string name);
  const Value* value(std::string_view key) const;
  const Value* array(std::string_view key, std::string_view wanted) const;
  [[noreturn]] void wrong_type(std::string_view key, const Value& value, std::string_view wanted) const;

  std::optional<MappedFile> file_;
  std::string name_;
  std::uint32_t version_ = 0;
  std::map<std::string, Value, std::less<>> values_;
  TensorTable tensors_;
};

}  // namespace chorus::core
