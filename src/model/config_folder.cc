// config.json of a Hugging Face folder, both spellings of the rotary settings.
#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <optional>

#include "core/error.h"
#include "model/config.h"

namespace chorus::model {
namespace {

namespace dom = simdjson::dom;

constexpr std::int64_t kLargest = std::int64_t{1} << 31;

/// Reads typed fields of one JSON object and names the file and key in every error.
class Fields {
 public:
  Fields(dom::object object, std::string file) : object_(object), file_(std::move(file)) {}

  [[noreturn]] void refuse(const std::string& got, const std::string& expected) const {
    throw Error(ErrorKind::model, fmt::format("{}: {}", file_, got), expected,
                "check the model's config.json");
  }
  std::optional<dom::element> find(const char* key) const {
    dom::element value;
    if (object_[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return value;
  }
  std::int64_t positive(const char* key, std::optional<std::int64_t> absent = std::nullopt) const {
    const auto value = find(key);
    if (!value && absent) return *absent;
    std::int64_t number = 0;
    if (!value || value->get(number) != simdjson::SUCCESS || number <= 0 || number >= kLargest)
      refuse(fmt::format("'{}' is {}", key, value ? simdjson::minify(*value) : "missing"),
             "a positive integer");
    return number;
  }
  double number(const char* key, std::optional<double> absent = std::nullopt) const {
    const auto value = find(key);
    if (!value && absent) return *absent;
    double result = 0;
    if (!value || value->get(result) != simdjson::SUCCESS || !std::isfinite(result) || result <= 0)
      refuse(fmt::format("'{}' is {}", key, value ? simdjson::minify(*value) : "missing"),
             "a positive number");
    return result;
  }
  bool flag(const char* key) const {
    const auto value = find(key);
    bool result = false;
    if (value && value->get(result) != simdjson::SUCCESS)
      refuse(fmt::format("'{}' is no boolean", key), "true or false");
    return result;
  }
  std::string text(const char* key, const char* absent) const {
    const auto value = find(key);
    if (!value) return absent;
    std::string_view result;
    if (value->get(result) != simdjson::SUCCESS) refuse(fmt::format("'{}' is no string", key), "a string");
    return std::string(result);
  }
  std::optional<Fields> object(const char* key) const {
    const auto value = find(key);
    dom::object result;
    if (!value) return std::nullopt;
    if (value->get(result) != simdjson::SUCCESS) refuse(fmt::format("'{}' is no object", key), "an object");
    return Fields(result, file_);
  }

 private:
  dom::object object_;
  std::string file_;
};

RopeConfig rope_from(const Fields& config, std::int64_t context) {
  // Newer files hold theta and scaling together in rope_parameters, older ones rope_theta and rope_scaling apart.
  const auto together = config.object("rope_parameters");
  const auto apart = config.object("rope_scaling");
  RopeConfig rope;
  rope.theta = together && together->find("rope_theta") ? together->number("rope_theta")
                                                        : config.number("rope_theta", 10000.0);
  const auto& scaling = together ? together : apart;
  if (!scaling) return rope;
  const std::string kind = scaling->text("rope_type", scaling->text("type", "default").c_str());
  if (kind == "default") return rope;
  if (kind == "linear") {
    rope.scaling = RopeConfig::Scaling::linear;
    rope.factor = scaling->number("factor");
  } else if (kind == "llama3") {
    rope.scaling = RopeConfig::Scaling::llama3;
    rope.factor = scaling->number("factor");
    rope.low_freq_factor = scaling->number("low_freq_factor");
    rope.high_freq_factor = scaling->number("high_freq_factor");
    rope.original_context = scaling->number("original_max_position_embeddings", static_cast<double>(context));
    if (rope.high_freq_factor <= rope.low_freq_factor)
      config.refuse(fmt::format("high_freq_factor is not above low_freq_factor: {} and {}",
                                rope.high_freq_factor, rope.low_freq_factor),
                    "a high factor above the low one");
  } else {
    config.refuse(fmt::format("rotary scaling '{}'", kind), "default, linear or llama3");
  }
  return rope;
}

dom::element parse(dom::parser& parser, const std::filesystem::path& file) {
  dom::element root;
  if (const auto error = parser.load(file.string()).get(root); error != simdjson::SUCCESS)
    throw Error(ErrorKind::model, fmt::format("{}: {}", file.string(), simdjson::error_message(error)),
                "a JSON object", "download the model's files again");
  if (!root.is_object())
    throw Error(ErrorKind::model, file.string() + " holds no JSON object", "an object",
                "download the model's files again");
  return root;
}

void add_stop_ids(const dom::element& root, const std::filesystem::path& file,
                  std::vector<std::int32_t>& ids) {
  dom::element value;
  if (root["eos_token_id"].get(value) != simdjson::SUCCESS || value.is_null()) return;
  const auto add = [&](dom::element e) {
    std::int64_t id = 0;
    if (e.get(id) != simdjson::SUCCESS || id < 0 || id >= kLargest)
      throw Error(ErrorKind::model, fmt::format("{}: eos_token_id is {}", file.string(), simdjson::minify(e)),
                  "token ids", "check the file");
    for (const auto known : ids)
      if (known == id) return;
    ids.push_back(static_cast<std::int32_t>(id));
  };
  dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return add(value);
  for (const dom::element e : list) add(e);
}

}  // namespace

ModelConfig config_from_folder(const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  dom::parser parser;
  const dom::element root = parse(parser, file);
  const Fields fields(dom::object(root), file.string());

  ModelConfig c;
  c.family = fields.text("model_type", "");
  check_family(c.family, file.string());
  if (const auto act = fields.text("hidden_act", "silu"); act != "silu")
    fields.refuse(fmt::format("hidden_act '{}'", act), "silu");
  if (fields.flag("use_sliding_window"))
    fields.refuse("use_sliding_window is true", "full attention in every layer");
  if (fields.flag("mlp_bias")) fields.refuse("mlp_bias is true", "no bias in the feed-forward");
  c.layers = fields.positive("num_hidden_layers");
  c.hidden = fields.positive("hidden_size");
  c.intermediate = fields.positive("intermediate_size");
  c.heads = fields.positive("num_attention_heads");
  c.kv_heads = fields.positive("num_key_value_heads", c.heads);
  c.head_dim = fields.positive("head_dim", c.hidden / c.heads);
  c.vocab = fields.positive("vocab_size");
  c.context = fields.positive("max_position_embeddings", 2048);
  c.norm_eps = fields.number("rms_norm_eps", 1e-6);
  c.tied_embeddings = fields.flag("tie_word_embeddings");
  c.qkv_bias = c.family == "qwen2" || fields.flag("attention_bias");
  c.qk_norm = c.family == "qwen3";
  if (c.family != "qwen2" && c.qkv_bias) fields.refuse("attention_bias is true", "false outside qwen2");
  c.rope = rope_from(fields, c.context);
  check(c, file.string());
  add_stop_ids(root, file, c.stop_ids);
  const auto generation = folder / "generation_config.json";
  if (std::filesystem::exists(generation)) {
    dom::parser other;
    add_stop_ids(parse(other, generation), generation, c.stop_ids);
  }
  return c;
}

}  // namespace chorus::model
