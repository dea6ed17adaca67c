// The golden runner: each suite lists the cases it finds in its folder and reports every one.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chorus::golden {

struct Context {
  std::filesystem::path dir;         // the golden folder
  std::filesystem::path tokenizers;  // real tokenizer files, one folder each
  std::filesystem::path smollm2;     // the small real model's GGUF (may be missing)
};

/// Counts and prints. A failure prints its name and reason at once.
class Report {
 public:
  void passed(const std::string& name);
  void failed(const std::string& name, const std::string& reason);
  void skipped(const std::string& name, const std::string& missing_file);  // counted as skipped
  void not_counted(const std::string& name,
                   const std::string& reason);  // a part not built yet, an unknown folder
  void note(const std::string& line);           // printed, not counted

  int failures() const { return failed_; }
  std::string summary() const;  // "N passed, N failed, N skipped"

 private:
  int passed_ = 0, failed_ = 0, skipped_ = 0;
};

/// Calls `run` for every .json file and every folder in a suite's folder, by name. What it throws is a failure of that one
/// and hides no other.
void for_each_file(const Context& context, const std::string& suite, Report& report,
                   const std::function<void(const std::filesystem::path&)>& run);

nlohmann::json read_json(const std::filesystem::path& file);

// One suite per folder of the golden directory.
void run_tokenizers(const Context& context, Report& report);
void run_flex(const Context& context, Report& report);
void run_models(const Context& context, Report& report);
void run_relations(const Context& context, Report& report);
void run_smollm2(const Context& context, Report& report);
void run_lemmas(const Context& context, Report& report);

}  // namespace chorus::golden
