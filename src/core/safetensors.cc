#include "core/safetensors.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/byte_reader.h"
#include "core/error.h"

namespace chorus::core {
namespace {

namespace dom = simdjson::dom;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr std::string_view kDamaged = "the file is damaged: get it again";

[[noreturn]] void fail(std::string_view file, const std::string& got, std::string expected) {
  throw Error(ErrorKind::model, fmt::format("{}: {}", file, got), std::move(expected), std::string(kDamaged));
}

std::optional<DType> dtype_of(std::string_view name) {
  using Named = std::pair<std::string_view, DType>;
  constexpr std::array<Named, 10> kTypes{{{"F32", DType::f32},
                                          {"F16", DType::f16},
                                          {"BF16", DType::bf16},
                                          {"F64", DType::f64},
                                          {"I8", DType::i8},
                                          {"I16", DType::i16},
                                          {"I32", DType::i32},
                                          {"I64", DType::i64},
                                          {"U8", DType::u8},
                                          {"BOOL", DType::u8}}};
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return std::nullopt;
}

struct Entry {
  TensorInfo info;
  std::uint64_t begin = 0, end = 0;
};

class Header {
 public:
  explicit Header(std::string_view file) : file_(file) {}

  /// In the order of their bytes. Reading two members of one name is an error.
  std::vector<Entry> entries(dom::object object) {
    std::vector<Entry> result;
    std::set<std::string_view> names;
    for (const auto& [name, value] : object) {
      if (!names.insert(name).second)
        fail(file_, fmt::format("tensor {} occurs twice", quote_name(name)), "each name once");
      if (name == "__metadata__") {
        check_metadata(value);
      } else {
        result.push_back(entry(name, value));
      }
    }
    std::sort(result.begin(), result.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    return result;
  }

 private:
  void check_metadata(dom::element value) const {
    dom::object object;
    bool sound = value.get(object) == simdjson::SUCCESS;
    if (sound)
      for (const auto& [key, text] : object) sound = sound && text.is_string();
    if (!sound) fail(file_, "__metadata__ of another form", "an object of strings");
  }

  Entry entry(std::string_view name, dom::element value) const {
    Entry result;
    result.info.name = std::string(name);
    std::string_view type_name;
    if (value["dtype"].get(type_name) != simdjson::SUCCESS) wrong(name, "dtype", "a string");
    const auto dtype = dtype_of(type_name);
    if (!dtype)
      throw Error(ErrorKind::model,
                  fmt::format("{}: tensor {} is of type {}", file_, quote_name(name), quote_name(type_name)),
                  "F32, F16, BF16, F64, I8, I16, I32, I64, U8 or BOOL", "get the model in F32, F16 or BF16");
    result.info.dtype = *dtype;
    for (const std::uint64_t extent : numbers(name, value, "shape")) {
      if (!std::in_range<std::int64_t>(extent)) wrong(name, "shape", "extents that fit 63 bits");
      result.info.shape.push_back(static_cast<std::int64_t>(extent));
    }
    const auto offsets = numbers(name, value, "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1])
      wrong(name, "data_offsets", "a begin and an end not before it");
    result.begin = offsets[0];
    result.end = offsets[1];
    const auto size = tensor_bytes(*dtype, result.info.shape);
    if (!size || *size != result.end - result.begin)
      fail(file_,
           fmt::format("tensor {} of type {} and shape {} has {} bytes", quote_name(name), type_name,
                       shape_text(result.info.shape), result.end - result.begin),
           size ? fmt::format("{}", *size) : "a size below 2^63");
    return result;
  }

  std::vector<std::uint64_t> numbers(std::string_view name, dom::element value,
                                     std::string_view field) const {
    constexpr std::string_view kWanted = "an array of whole numbers";
    dom::array array;
    if (value[field].get(array) != simdjson::SUCCESS) wrong(name, field, kWanted);
    std::vector<std::uint64_t> result;
    for (const dom::element number : array) {
      std::uint64_t read = 0;
      if (number.get(read) != simdjson::SUCCESS) wrong(name, field, kWanted);
      result.push_back(read);
    }
    return result;
  }

  [[noreturn]] void wrong(std::string_view name, std::string_view field, std::string_view wanted) const {
    fail(file_, fmt::format("tensor {} has no sound {}", quote_name(name), field), std::string(wanted));
  }

  std::string_view file_;
};

/// Fills `table` with the tensors of one file.
void read_tensors(std::span<const std::byte> bytes, const std::string& file, TensorTable& table) {
  ByteReader in(bytes, file);
  const auto length = in.read<std::uint64_t>("the header's length");
  if (length > kMaxHeader)
    fail(file, fmt::format("the header would have {} bytes", length),
         "at most 100000000, as in every safetensors file");
  const std::string_view text = in.text(length, "the header");
  if (!text.starts_with('{')) fail(file, "the header does not begin with '{'", "a safetensors file");
  dom::parser parser;
  dom::object object;
  const simdjson::padded_string padded(text);
  if (const auto error = parser.parse(padded).get(object))
    fail(file, fmt::format("the header is not JSON ({})", simdjson::error_message(error)), "a JSON object");
  const auto data = bytes.subspan(in.position());
  std::uint64_t end = 0;
  for (Entry& entry : Header(file).entries(object)) {
    if (entry.begin != end)
      fail(file,
           fmt::format("tensor {} begins at byte {} of the data", quote_name(entry.info.name), entry.begin),
           fmt::format("{}, where the one before it ends", end));
    if (entry.end > data.size())
      throw Error(ErrorKind::model,
                  fmt::format("{}: tensor {} ends at byte {} of the data", file, quote_name(entry.info.name),
                              entry.end),
                  fmt::format("at most the {} bytes that are there", data.size()),
                  "the file is truncated: get it again");
    end = entry.end;
    entry.info.data = data.subspan(entry.begin, entry.end - entry.begin);
    table.add(std::move(entry.info));
  }
  if (end != data.size())
    fail(file, fmt::format("{} bytes follow the last tensor", data.size() - end), "none");
}

}  // namespace

SafeTensors::SafeTensors(std::optional<MappedFile> file, std::span<const std::byte> bytes, std::string name)
    : file_(std::move(file)), name_(std::move(name)) {
  read_tensors(bytes, name_, tensors_);
}

SafeTensors::SafeTensors(const std::filesystem::path& path) : file_(MappedFile(path)), name_(path.string()) {
  read_tensors(file_->bytes(), name_, tensors_);
}

SafeTensors SafeTensors::from_bytes(std::span<const std::byte> bytes, std::string name) {
  return SafeTensors(std::nullopt, bytes, std::move(name));
}

}  // namespace chorus::core
