// golden/tokenizers/X.json against tokenizers/X/tokenizer.json: one case per file, all of its texts.
// SmolLM2's also through the GGUF's metadata, as part of the same case.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/gguf.h"
#include "golden/golden.h"
#include "text/tokenizer.h"

namespace chorus::golden {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Ids = std::vector<text::TokenId>;

class Differences {
 public:
  template <typename T>
  void compare(std::string_view what, const std::string& text, const T& got, const T& expected) {
    if (got == expected) return;
    if (count_++ > 0) return;
    first_ = fmt::format("{} of {}: got {}, expected {}", what, shown(text), shown(got), shown(expected));
  }
  bool any() const { return count_ > 0; }
  std::string summary() const { return fmt::format("{} differences, first: {}", count_, first_); }

 private:
  static std::string shown(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  int count_ = 0;
  std::string first_;
};

// A file without `ids_with_special` is of a tokenizer that adds none.
void check(const json& cases, const text::Tokenizer& tokenizer, const std::string& from,
           Differences& differences) {
  for (const json& entry : cases) {
    const auto text = entry.at("text").get<std::string>();
    const auto ids = entry.at("ids").get<Ids>();
    const auto with_special = entry.contains("ids_with_special") ? entry["ids_with_special"].get<Ids>() : ids;
    differences.compare(from + " ids", text, tokenizer.encode(text), ids);
    differences.compare(from + " ids with special tokens", text, tokenizer.encode(text, true), with_special);
    differences.compare(from + " decoded", text, tokenizer.decode(ids, false),
                        entry.at("decoded").get<std::string>());
    differences.compare(from + " decoded without special tokens", text, tokenizer.decode(ids, true),
                        entry.at("decoded_skip_special").get<std::string>());
  }
}

void run_file(const fs::path& path, const Context& context, Report& report) {
  const std::string name = path.stem().string();
  const std::string label = "tokenizers/" + name;
  const fs::path tokenizer = context.tokenizers / name / "tokenizer.json";
  if (!fs::exists(tokenizer)) return report.skipped(label, tokenizer.string());
  const json golden = read_json(path);
  Differences differences;
  check(golden.at("cases"), text::Tokenizer::from_json(tokenizer), "tokenizer.json", differences);
  if (name == "smollm2" && fs::exists(context.smollm2)) {
    check(golden.at("cases"), text::Tokenizer::from_gguf(core::Gguf(context.smollm2)), "GGUF", differences);
  } else if (name == "smollm2") {
    report.note(fmt::format("{}: tokenizer.json alone, {} is missing", label, context.smollm2.string()));
  }
  differences.any() ? report.failed(label, differences.summary()) : report.passed(label);
}

}  // namespace

void run_tokenizers(const Context& context, Report& report) {
  for_each_file(context, "tokenizers", report,
                [&](const fs::path& file) { run_file(file, context, report); });
}

}  // namespace chorus::golden
