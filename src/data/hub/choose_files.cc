#include "data/hub/choose_files.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "core/error.h"
#include "core/progress.h"

namespace chorus::data {
namespace {

bool matches(const std::string& path, std::string pattern) {
  if (pattern.ends_with('/')) pattern += '*';
  return ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0;
}

/// Up to eight names, each with its size.
std::string listed(const std::vector<HubFile>& files) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> names;
  for (const HubFile& file : files) {
    if (names.size() == kMost) break;
    names.push_back(file.bytes > 0 ? fmt::format("{} ({})", file.path, core::size_text(file.bytes))
                                   : file.path);
  }
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (files.size() > kMost) text += fmt::format(" and {} more", files.size() - kMost);
  return text.empty() ? "no files" : text;
}

std::vector<HubFile> matching(const std::vector<HubFile>& files, const auto& wanted) {
  std::vector<HubFile> found;
  std::copy_if(files.begin(), files.end(), std::back_inserter(found), wanted);
  return found;
}

std::vector<HubFile> by_patterns(const std::vector<HubFile>& files, const HubRepo& repo,
                                 const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns)
    if (std::none_of(files.begin(), files.end(), [&](const HubFile& f) { return matches(f.path, pattern); }))
      throw Error(repo.kind == RepoKind::model ? ErrorKind::model : ErrorKind::data,
                  fmt::format("no file of the {} matches '{}'", repo.text(), pattern),
                  "one of its files: " + listed(files), "correct --include");
  return matching(files, [&](const HubFile& file) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches(file.path, pattern); });
  });
}

std::vector<HubFile> of_a_model(const std::vector<HubFile>& files, const HubRepo& repo) {
  const auto on_top = [](const HubFile& file) { return file.path.find('/') == std::string::npos; };
  const auto any_named = [&](const char* pattern) {
    return std::any_of(files.begin(), files.end(),
                       [&](const HubFile& f) { return on_top(f) && matches(f.path, pattern); });
  };
  if (!any_named("config.json") || !any_named("*.safetensors")) {
    const auto gguf = matching(files, [](const HubFile& f) { return f.path.ends_with(".gguf"); });
    const std::string lacks = any_named("config.json") ? "safetensors" : "config.json";
    if (!gguf.empty())
      throw Error(ErrorKind::model, fmt::format("the {} has GGUF files and no {}", repo.text(), lacks),
                  "one of them by name: " + listed(gguf),
                  fmt::format("chorus models get {} --include '{}'", repo.id, gguf.front().path));
    throw Error(ErrorKind::model, fmt::format("the {} has no {}", repo.text(), lacks),
                "config.json and *.safetensors among its files: " + listed(files),
                "find a repository with the model in this form; --include takes other files all the same");
  }
  // Some repositories hold the same weights twice, model*.safetensors and consolidated*.safetensors.
  const char* const weights = any_named("model*.safetensors") ? "model*.safetensors" : "*.safetensors";
  return matching(files, [&](const HubFile& file) {
    if (!on_top(file)) return false;
    for (const char* pattern :
         {"config.json", "generation_config.json", "tokenizer*", "special_tokens_map.json", "chat_template*",
          "LICENSE*", "*.safetensors.index.json", weights})
      if (matches(file.path, pattern)) return true;
    return false;
  });
}

}  // namespace

std::vector<HubFile> choose_files(const std::vector<HubFile>& files, const HubRepo& repo,
                                  const std::vector<std::string>& patterns) {
  if (!patterns.empty()) return by_patterns(files, repo, patterns);
  if (repo.kind == RepoKind::model) return of_a_model(files, repo);
  auto all = matching(files, [](const HubFile& file) { return file.path != ".gitattributes"; });
  if (all.empty())
    throw Error(ErrorKind::data, fmt::format("the {} has no files", repo.text()), "a data set with files",
                "check the id");
  return all;
}

}  // namespace chorus::data
