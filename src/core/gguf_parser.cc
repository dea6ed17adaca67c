// The header of a GGUF file, read once from front to back. Nothing in it is believed before it is checked:
// counts never reserve more memory than the bytes that are there could fill.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "core/byte_reader.h"
#include "core/error.h"
#include "core/gguf.h"

namespace chorus::core {
namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint32_t kMaxDimensions = 4;
constexpr int kMaxArrayDepth = 8;
constexpr std::string_view kDamaged = "the file is damaged: get it again";

/// Bytes of a scalar; 0 for strings and arrays.
std::uint64_t scalar_size(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    case GgufType::string:
    case GgufType::array:
      return 0;
  }
  return 0;
}

std::optional<DType> dtype_of(std::uint32_t ggml_type) {
  switch (ggml_type) {
    case 0:
      return DType::f32;
    case 1:
      return DType::f16;
    case 2:
      return DType::q4_0;
    case 3:
      return DType::q4_1;
    case 6:
      return DType::q5_0;
    case 7:
      return DType::q5_1;
    case 8:
      return DType::q8_0;
    case 12:
      return DType::q4_k;
    case 13:
      return DType::q5_k;
    case 14:
      return DType::q6_k;
    case 24:
      return DType::i8;
    case 25:
      return DType::i16;
    case 26:
      return DType::i32;
    case 27:
      return DType::i64;
    case 28:
      return DType::f64;
    case 30:
      return DType::bf16;
    default:
      return std::nullopt;
  }
}

/// "IQ4_XS" where the number has a name, else "number 77".
std::string ggml_type_name(std::uint32_t type) {
  struct Named {
    std::uint32_t number;
    std::string_view name;
  };
  constexpr Named kKnown[] = {{9, "Q8_1"},     {10, "Q2_K"},   {11, "Q3_K"},    {15, "Q8_K"},
                              {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"},
                              {20, "IQ4_NL"},  {21, "IQ3_S"},  {22, "IQ2_S"},   {23, "IQ4_XS"},
                              {29, "IQ1_M"},   {34, "TQ1_0"},  {35, "TQ2_0"},   {39, "MXFP4"}};
  for (const Named& known : kKnown)
    if (known.number == type) return std::string(known.name);
  return fmt::format("number {}", type);
}

}  // namespace

class Gguf::Parser {
 public:
  Parser(Gguf& out, std::span<const std::byte> bytes) : out_(out), bytes_(bytes), in_(bytes, out.name_) {}

  void parse() {
    check_start();
    const auto tensor_count = in_.read<std::uint64_t>("the tensor count");
    const auto value_count = in_.read<std::uint64_t>("the metadata count");
    for (std::uint64_t i = 0; i < value_count; ++i) metadata();
    const std::uint64_t alignment = alignment_value();
    for (std::uint64_t i = 0; i < tensor_count; ++i) tensor_header(alignment);
    place_tensors(alignment);
  }

 private:
  struct Placed {
    TensorInfo info;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };

  [[noreturn]] void fail(const std::string& got, std::string expected,
                         std::string_view todo = kDamaged) const {
    throw Error(ErrorKind::model, fmt::format("{}: {}", in_.file(), got), std::move(expected),
                std::string(todo));
  }

  void check_start() {
    if (in_.read<std::uint32_t>("the magic number") != kMagic)
      throw Error(ErrorKind::model, fmt::format("{} does not begin with \"GGUF\"", in_.file()), "a GGUF file",
                  "check what was downloaded");
    out_.version_ = in_.read<std::uint32_t>("the version");
    if (out_.version_ == 2 || out_.version_ == 3) return;
    const bool swapped = out_.version_ == 0x02000000U || out_.version_ == 0x03000000U;
    fail(swapped ? "is a big-endian GGUF" : fmt::format("is of GGUF version {}", out_.version_),
         "version 2 or 3, little-endian", "convert it with llama.cpp's tools or get a current file");
  }

  std::string_view string(std::string_view what) {
    return in_.text(in_.read<std::uint64_t>("a string's length"), what);
  }

  GgufType type(std::string_view key) {
    const auto number = in_.read<std::uint32_t>("a value's type");
    if (number > static_cast<std::uint32_t>(GgufType::f64))
      fail(fmt::format("metadata {} is of type number {}", quote_name(key), number), "a type from 0 to 12");
    return static_cast<GgufType>(number);
  }

  std::span<const std::byte> scalars(GgufType of, std::uint64_t count, std::string_view key) {
    // A count whose product would overflow is more than the file holds anyhow; take() then reports the end.
    const std::uint64_t size = scalar_size(of);
    const auto bytes = in_.take(count > in_.remaining() ? count : count * size, "metadata");
    if (of == GgufType::boolean &&
        std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
      fail(fmt::format("metadata {} is a bool that is neither 0 nor 1", quote_name(key)), "0 or 1");
    return bytes;
  }

  void metadata() {
    const std::string_view key = string("a metadata key");
    Value value;
    value.type = type(key);
    if (value.type == GgufType::string) {
      value.texts.push_back(string("a metadata string"));
    } else if (value.type == GgufType::array) {
      array(value, key);
    } else {
      value.bytes = scalars(value.type, 1, key);
    }
    if (!out_.values_.try_emplace(std::string(key), std::move(value)).second)
      fail(fmt::format("metadata {} occurs twice", quote_name(key)), "each key once");
  }

  void array(Value& value, std::string_view key) {
    value.element = type(key);
    value.count = in_.read<std::uint64_t>("an array's length");
    if (value.element == GgufType::string) {
      value.texts.reserve(std::min(value.count, in_.remaining() / sizeof(std::uint64_t)));
      for (std::uint64_t i = 0; i < value.count; ++i) value.texts.push_back(string("a string of an array"));
    } else if (value.element == GgufType::array) {
      for (std::uint64_t i = 0; i < value.count; ++i) skip_array(key, 2);
    } else {
      value.bytes = scalars(value.element, value.count, key);
    }
  }

  /// Arrays of arrays occur in no model we read: they are checked and passed over.
  void skip_array(std::string_view key, int depth) {
    if (depth > kMaxArrayDepth)
      fail(fmt::format("metadata {} nests arrays more than {} deep", quote_name(key), kMaxArrayDepth),
           "a flat array");
    const GgufType element = type(key);
    const auto count = in_.read<std::uint64_t>("an array's length");
    if (scalar_size(element) != 0) {
      scalars(element, count, key);
      return;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      if (element == GgufType::array) {
        skip_array(key, depth + 1);
      } else {
        string("a string of an array");
      }
    }
  }

  std::uint64_t alignment_value() const {
    const std::int64_t alignment = out_.integer("general.alignment").value_or(32);
    if (alignment <= 0 || alignment > (1 << 30) ||
        !std::has_single_bit(static_cast<std::uint64_t>(alignment)))
      fail(fmt::format("general.alignment is {}", alignment), "a power of two");
    return static_cast<std::uint64_t>(alignment);
  }

  std::vector<std::int64_t> shape(const std::string& name) {
    const auto dimensions = in_.read<std::uint32_t>("a tensor's dimensions");
    if (dimensions > kMaxDimensions)
      fail(fmt::format("tensor {} has {} dimensions", quote_name(name), dimensions), "at most 4");
    std::vector<std::int64_t> extents;
    for (std::uint32_t d = 0; d < dimensions; ++d) {
      const auto extent = in_.read<std::uint64_t>("a tensor's extent");
      if (!std::in_range<std::int64_t>(extent))
        fail(fmt::format("tensor {} has an extent of {}", quote_name(name), extent), "one that fits 63 bits");
      extents.push_back(static_cast<std::int64_t>(extent));
    }
    std::reverse(extents.begin(), extents.end());  // ne[0], the first in the file, is the innermost
    return extents;
  }

  void tensor_header(std::uint64_t alignment) {
    Placed placed;
    placed.info.name = std::string(string("a tensor's name"));
    placed.info.shape = shape(placed.info.name);
    const auto number = in_.read<std::uint32_t>("a tensor's type");
    placed.offset = in_.read<std::uint64_t>("a tensor's offset");
    const auto dtype = dtype_of(number);
    if (!dtype)
      fail(fmt::format("tensor {} is of type {}", quote_name(placed.info.name), ggml_type_name(number)),
           "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K",
           "get the model in one of these quantisations");
    placed.info.dtype = *dtype;
    const auto size = tensor_bytes(*dtype, placed.info.shape);
    if (!size)
      fail(fmt::format("tensor {} of type {} has shape {}", quote_name(placed.info.name), traits(*dtype).name,
                       shape_text(placed.info.shape)),
           fmt::format("rows of whole blocks of {} and a size below 2^63", traits(*dtype).block_elements));
    placed.size = *size;
    if (placed.offset % alignment != 0)
      fail(fmt::format("tensor {} lies at offset {}", quote_name(placed.info.name), placed.offset),
           fmt::format("a multiple of the alignment {}", alignment));
    placed_.push_back(std::move(placed));
  }

  void place_tensors(std::uint64_t alignment) {
    // A file without tensors may end right after its header.
    const std::uint64_t start = (in_.position() + alignment - 1) / alignment * alignment;
    const std::uint64_t room = start < bytes_.size() ? bytes_.size() - start : 0;
    for (Placed& placed : placed_) {
      if (placed.offset > room || placed.size > room - placed.offset)
        fail(fmt::format("tensor {} has {} bytes at offset {} of the {} bytes of tensor data",
                         quote_name(placed.info.name), placed.size, placed.offset, room),
             "every tensor inside the file", "the file is truncated or damaged: get it again");
      if (placed.size > 0) placed.info.data = bytes_.subspan(start + placed.offset, placed.size);
    }
    check_overlap();
    for (Placed& placed : placed_) {
      const std::string name = placed.info.name;
      if (!out_.tensors_.add(std::move(placed.info)))
        fail(fmt::format("tensor {} occurs twice", quote_name(name)), "each name once");
    }
  }

  void check_overlap() const {
    std::vector<const Placed*> order;
    for (const Placed& placed : placed_)
      if (placed.size > 0) order.push_back(&placed);
    std::sort(order.begin(), order.end(),
              [](const Placed* a, const Placed* b) { return a->offset < b->offset; });
    for (std::size_t i = 1; i < order.size(); ++i)
      if (order[i - 1]->offset + order[i - 1]->size > order[i]->offset)
        fail(fmt::format("tensors {} and {} share bytes", quote_name(order[i - 1]->info.name),
                         quote_name(order[i]->info.name)),
             "tensors that do not overlap");
  }

  Gguf& out_;
  std::span<const std::byte> bytes_;
  ByteReader in_;
  std::vector<Placed> placed_;
};

Gguf::Gguf(std::optional<MappedFile> file, std::span<const std::byte> bytes, std::string name)
    : file_(std::move(file)), name_(std::move(name)) {
  Parser(*this, bytes).parse();
}

// Moving a MappedFile keeps its mapping where it is.
Gguf::Gguf(const std::filesystem::path& path) : file_(MappedFile(path)), name_(path.string()) {
  Parser(*this, file_->bytes()).parse();
}

Gguf Gguf::from_bytes(std::span<const std::byte> bytes, std::string name) {
  return Gguf(std::nullopt, bytes, std::move(name));
}

}  // namespace chorus::core
