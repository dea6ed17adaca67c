// Reading a layout file: every field is checked, and errors name it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "core/error.h"
#include "data/durable_file.h"
#include "ensemble/layout_file.h"

namespace chorus::ensemble {

using data::Json;

class LayoutFile::Parser {
 public:
  explicit Parser(const std::string& name) : name_(name) {}

  std::vector<Part> parse(std::string_view text) {
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) refuse("", "no JSON", "a JSON object");
    if (!json.is_object() || !json.contains("segments") || !json["segments"].is_array() ||
        json["segments"].empty())
      refuse("", "no list 'segments'", "{\"segments\": [...]}, at least one");
    for (const auto& [key, value] : json.items())
      if (key != "segments" && key != "comment") refuse(key, "unknown", "segments");
    const Json& segments = json["segments"];
    for (std::size_t i = 0; i < segments.size(); ++i) add_name(i, segments[i]);
    for (std::size_t i = 0; i < segments.size(); ++i) add_rest(i, segments[i]);
    if (std::none_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.each && p.counts; }))
      refuse("segments", "no segment of the phrasings", "one with \"each\": \"paraphrase\"");
    return std::move(parts_);
  }

 private:
  [[noreturn]] void refuse(const std::string& field, const std::string& got,
                           const std::string& expected) const {
    throw Error(ErrorKind::usage, fmt::format("{}: {}{}{}", name_, field, field.empty() ? "" : ": ", got),
                expected, "correct the layout file");
  }
  std::string field(std::size_t i, const char* key) const { return fmt::format("segments[{}].{}", i, key); }

  bool flag(std::size_t i, const Json& segment, const char* key, bool otherwise) const {
    if (!segment.contains(key)) return otherwise;
    if (!segment[key].is_boolean()) refuse(field(i, key), segment[key].dump(), "true or false");
    return segment[key].get<bool>();
  }

  void add_name(std::size_t i, const Json& segment) {
    constexpr std::array<std::string_view, 9> kFields = {"name", "text",  "each", "between",   "segment",
                                                         "sees", "start", "free", "paraphrase"};
    if (!segment.is_object()) refuse(fmt::format("segments[{}]", i), segment.dump(), "an object");
    for (const auto& [key, value] : segment.items())
      if (std::find(kFields.begin(), kFields.end(), key) == kFields.end())
        refuse(field(i, key.c_str()), "unknown", fmt::format("{}", fmt::join(kFields, ", ")));
    Part part;
    for (const char* key : {"name", "text"})
      if (!segment.contains(key) || !segment[key].is_string())
        refuse(field(i, key), segment.contains(key) ? segment[key].dump() : "missing", "a string");
    part.name = segment["name"].get<std::string>();
    part.text = segment["text"].get<std::string>();
    const bool taken = part.name == "all" || std::any_of(parts_.begin(), parts_.end(),
                                                         [&](const Part& p) { return p.name == part.name; });
    if (part.name.empty() || taken || part.name.find_first_of(". ") != std::string::npos)
      refuse(field(i, "name"), fmt::format("'{}'", part.name),
             "a name of its own without dots and spaces, not 'all'");
    if (segment.contains("each") && segment["each"] != "paraphrase")
      refuse(field(i, "each"), segment["each"].dump(), "\"paraphrase\"");
    part.each = segment.contains("each");
    parts_.push_back(std::move(part));
  }

  void add_rest(std::size_t i, const Json& segment) {
    Part& part = parts_[i];
    check_text(i);
    part.between = flag(i, segment, "between", false);
    part.counts = flag(i, segment, "paraphrase", part.each);
    part.free = flag(i, segment, "free", false);
    if (!part.each && (part.between || part.counts))
      refuse(field(i, part.between ? "between" : "paraphrase"), "true without each",
             "\"each\": \"paraphrase\" beside it");
    if (part.free &&
        (i + 1 < parts_.size() || part.each || segment.contains("segment") || segment.contains("sees")))
      refuse(field(i, "free"), "true", "the last segment, without each, segment and sees: free rows see all");
    if (segment.contains("segment")) add_home(i, segment["segment"]);
    if (segment.contains("sees")) add_sees(i, segment["sees"]);
    if (part.free) part.start = Start::after_all;
    if (segment.contains("start")) add_start(i, segment["start"]);
  }

  void check_text(std::size_t i) const {
    const Part& part = parts_[i];
    if (part.text == "{bos}") {
      if (part.each) refuse(field(i, "text"), "{bos} in a repeated segment", "{bos} once");
      return;
    }
    for (std::size_t open = part.text.find('{'); open != std::string::npos;
         open = part.text.find('{', open + 1)) {
      const std::size_t close = part.text.find('}', open);
      if (close == std::string::npos) continue;
      const std::string name = part.text.substr(open, close - open + 1);
      const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 1) != name.size() - 1;
      if (plain || name == "{prefix}" || name == "{cue}" || (name == "{body}" && part.each)) continue;
      refuse(field(i, "text"), name, "{prefix}, {cue}, {body} in repeated segments, or {bos} alone");
    }
  }

  std::size_t named(std::size_t i, const char* key, const std::string& name) const {
    for (std::size_t p = 0; p < parts_.size(); ++p)
      if (parts_[p].name == name) return p;
    refuse(field(i, key), fmt::format("'{}'", name), "the name of a segment");
  }

  void add_home(std::size_t i, const Json& value) {
    Part& part = parts_[i];
    part.home = value.is_null() ? Home::none : Home::other;
    if (value.is_null()) return;
    if (!value.is_string()) refuse(field(i, "segment"), value.dump(), "null or the name of a segment");
    part.home_part = named(i, "segment", value.get<std::string>());
    const Part& home = parts_[part.home_part];
    if (part.home_part >= i || home.home != Home::own || home.free || home.each != part.each)
      refuse(field(i, "segment"), fmt::format("'{}'", home.name),
             "a segment of its own before this one, repeated as this one is");
  }

  void add_sees(std::size_t i, const Json& value) {
    Part& part = parts_[i];
    if (!value.is_array() || part.home != Home::own)
      refuse(field(i, "sees"), value.dump(), "a list of names, in a segment of its own");
    for (const Json& item : value) {
      if (!item.is_string()) refuse(field(i, "sees"), item.dump(), "names of segments");
      std::string name = item.get<std::string>();
      const bool same = name.ends_with(".same");
      if (same) name.resize(name.size() - 5);
      const std::size_t seen = named(i, "sees", name);
      if (parts_[seen].free || (same && !(part.each && parts_[seen].each)))
        refuse(field(i, "sees"), item.dump(),
               same ? "'.same' between repeated segments" : "a segment that is not free");
      part.sees.push_back({seen, same});
    }
  }

  void add_start(std::size_t i, const Json& value) {
    Part& part = parts_[i];
    constexpr std::int64_t kMost = 1 << 24;
    if (value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() <= kMost) {
      part.start = Start::at;
      part.at = value.get<std::int32_t>();
      return;
    }
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (!text.starts_with("after "))
      refuse(field(i, "start"), value.dump(), "a position, 'after NAME' or 'after all'");
    if (text == "after all") {
      part.start = Start::after_all;
      return;
    }
    part.start = Start::after;
    part.after = named(i, "start", text.substr(6));
    if (part.after >= i) refuse(field(i, "start"), fmt::format("'{}'", text), "a segment before this one");
  }

  const std::string& name_;
  std::vector<Part> parts_;
};

LayoutFile LayoutFile::parse(std::string_view json, const std::string& name) {
  LayoutFile file;
  file.path_ = name;
  file.parts_ = Parser(name).parse(json);
  return file;
}

LayoutFile LayoutFile::read(const std::filesystem::path& path) {
  return parse(data::read_file(path, "a layout as JSON"), path.string());
}

}  // namespace chorus::ensemble
