// What chorus doctor found out, one line a subject.
//
//   Findings findings;
//   findings.ok("locale", "UTF-8");
//   findings.warn("models", "none is on disk", "chorus models get qwen3_0.6b");
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace chorus::cli {

enum class Level { ok, warn, error };

struct Finding {
  Level level = Level::ok;
  std::string subject, text, todo;
  ErrorKind kind = ErrorKind::io;  // of an error: decides the exit code
};

class Findings {
 public:
  void ok(std::string subject, std::string text) {
    all_.push_back({Level::ok, std::move(subject), std::move(text), "", ErrorKind::io});
  }
  void warn(std::string subject, std::string text, std::string todo) {
    all_.push_back({Level::warn, std::move(subject), std::move(text), std::move(todo), ErrorKind::io});
  }
  void error(std::string subject, ErrorKind kind, std::string text, std::string todo) {
    all_.push_back({Level::error, std::move(subject), std::move(text), std::move(todo), kind});
  }
  const std::vector<Finding>& all() const { return all_; }

 private:
  std::vector<Finding> all_;
};

/// Processor, threads, memory against the model, libraries, GPU, locale, WordNet, and the self-test (a second).
struct MachineChecks {
  int threads = 0;    // as --threads
  std::string model;  // as --model: is there room for it?
};
void check_machine(const MachineChecks& checks, Findings& findings);

/// Folders that must take files, the hub's settings, models that are on disk and whether they are whole.
void check_files(const std::string& model, Findings& findings);

}  // namespace chorus::cli
