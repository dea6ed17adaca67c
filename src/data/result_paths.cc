#include "data/result_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "data/method.h"

namespace chorus::data {
namespace {

constexpr std::size_t kLongestStem =
    200;  // leaves room for ".feather.partial" in the 255 bytes of a file name

struct Option {
  std::string_view name, published;
  bool of_layout = true;
};
constexpr std::array kOptions = {
    Option{"layout", "concat"},
    Option{"separator", "\n\n[SEP]\n\n"},
    Option{"separator-scope", "none"},
    Option{"bos-scope", "first"},
    Option{"cue", "own"},
    Option{"positions", "sequential"},
    Option{"order", "given"},
    Option{"calibration", "none"},
    Option{"context-temperature", "1"},
    Option{"context-scale", "1"},
    Option{"seed", "0", false},
    Option{"repeat", "none", false},
};

const Option* option(std::string_view name) {
  const auto* found =
      std::find_if(kOptions.begin(), kOptions.end(), [&](const Option& o) { return o.name == name; });
  return found == kOptions.end() ? nullptr : found;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Keeps what is safe in a file name and is no separator of the option list.
std::string encoded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (is_alphanumeric(c) || std::string_view("-._+:").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// Results that are no method's answers.
bool is_no_method(const ResultName& name) {
  return name.method == "confidence" || name.method == "paraphrases" || name.method == "samples";
}

std::string base_name(const ResultName& name) {
  if (is_no_method(name)) return name.method;
  const MethodEntry& method = entry(method_from(name.method));
  if (method.kind == ResultKind::ensemble) return fmt::format("ensemble_{}", method.name);
  return std::string(method.value == Method::flex ? "flex_attention" : method.name);
}

bool is_flex(const ResultName& name) {
  return !is_no_method(name) && is_flex(method_from(name.method));
}

bool counts_paraphrases(const ResultName& name) {
  if (is_no_method(name)) return false;
  const ResultKind kind = entry(method_from(name.method)).kind;
  return kind == ResultKind::ensemble || kind == ResultKind::flex;
}

std::string option_list(const ResultName& name) {
  std::string list;
  for (const auto& [key, value] : name.options) {
    const Option* known = option(key);
    if (known == nullptr) {
      throw Error(ErrorKind::usage, fmt::format("'{}' in a file name", key), "a layout option", "use --tag");
    }
    if (value == known->published || (known->of_layout && !is_flex(name))) continue;
    list += list.empty() ? "." : ",";
    list += key + "=" + encoded(value);
  }
  return list;
}

/// A tag may not make one result's manifest the other's run notes (x.run.json) or log.
void check_tag(const std::string& tag) {
  const bool fits = std::all_of(tag.begin(), tag.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view("._=,+-").find(c) != std::string_view::npos;
  });
  const bool taken = tag == "run" || tag == "log" || tag.ends_with(".run") || tag.ends_with(".log");
  if (!fits || taken) {
    throw Error(ErrorKind::usage, fmt::format("tag '{}'", tag),
                "letters, digits and . _ = , + -, not ending in run or log", "choose another --tag");
  }
}

std::string folder_name(std::string_view what, std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '/' ? std::string("--") : std::string(1, c);
  const bool bad = out.empty() || out == "." || out == ".." || out.size() > kLongestStem ||
                   std::any_of(out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; });
  if (bad) {
    throw Error(ErrorKind::usage, fmt::format("{} '{}'", what, name), "a name that can be a folder",
                "choose another name");
  }
  return out;
}

}  // namespace

std::filesystem::path result_folder(const std::filesystem::path& output_dir, std::string_view dataset,
                                    std::string_view model) {
  return output_dir / folder_name("data set", dataset) / folder_name("model", model);
}

std::string result_stem(const ResultName& name) {
  std::string stem = base_name(name);
  if (!name.indexs.empty()) {
    stem = fmt::format("diversity/{}-{}", stem, fmt::join(name.indexs, ","));
  } else if (!name.draw.empty()) {
    stem += "-" + name.draw;
  } else if (counts_paraphrases(name)) {
    if (name.paraphrases < 1) {
      throw Error(ErrorKind::usage, fmt::format("{} paraphrases", name.paraphrases), "1 or more",
                  "raise --num-paraphrases");
    }
    stem += fmt::format("-{}", name.paraphrases);
  }
  const std::string options = option_list(name);
  if (name.tag.empty()) {
    stem += options;
  } else {
    check_tag(name.tag);
    stem += "." + name.tag;
  }
  if (stem.size() > kLongestStem) {
    throw Error(ErrorKind::usage, fmt::format("a file name of {} bytes", stem.size()),
                fmt::format("at most {}", kLongestStem), "name the result with --tag");
  }
  return stem;
}

ResultFiles single_file(const std::filesystem::path& path) {
  const std::string ending = path.extension().string(), stem = path.stem().string();
  if (ending != ".jsonl" && ending != ".feather" && ending != ".csv")
    throw Error(ErrorKind::usage, fmt::format("the output '{}'", path.string()),
                "a name that ends in .jsonl, .feather or .csv", "rename it");
  for (const char* taken : {".log", ".run", ".rewrite"})
    if (stem.ends_with(taken))
      throw Error(ErrorKind::usage, fmt::format("the output '{}'", path.string()),
                  "a name that no log or run notes have", "choose another name");
  return {path.parent_path(), stem, {ending.substr(1)}};
}

}  // namespace chorus::data
