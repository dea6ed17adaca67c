#include "golden/golden.h"

#include <fmt/format.h>

#include <cstdio>

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

}  // namespace chorus::golden
