#include "golden/golden.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>

#include "core/error.h"

namespace chorus::golden {

void Report::passed(const std::string&) {
  ++passed_;
}

void Report::failed(const std::string& name, const std::string& reason) {
  ++failed_;
  note(fmt::format("FAILED {}: {}", name, reason));
}

void Report::skipped(const std::string& name, const std::string& missing_file) {
  ++skipped_;
  note(fmt::format("skipped {}: {} is missing", name, missing_file));
}

void Report::not_counted(const std::string& name, const std::string& reason) {
  note(fmt::format("not counted {}: {}", name, reason));
}

void Report::note(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string Report::summary() const {
  return fmt::format("{} passed, {} failed, {} skipped", passed_, failed_, skipped_);
}

void for_each_file(const Context& context, const std::string& suite, Report& report,
                   const std::function<void(const std::filesystem::path&)>& run) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(context.dir / suite))
    if (entry.is_directory() || entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    try {
      run(file);
    } catch (const std::exception& error) {
      report.failed(suite + "/" + file.stem().string(), error.what());
    }
  }
}

nlohmann::json read_json(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw Error(ErrorKind::io, file.string() + " cannot be read", "a golden file", "check the golden folder");
  return nlohmann::json::parse(in);
}

}  // namespace chorus::golden
