// chorus_golden [--if-present] [DIR]: every golden case found in DIR, by default ../shared/golden beside the
// checkout.
//
// Real tokenizers come from $CHORUS_DATA/tokenizers, else DIR/../data/tokenizers; the small real model from
// $CHORUS_HOME/models, else the build's project-local folder. Exits 1 if a case fails and 3 if DIR is no golden
// folder; with --if-present (ctest's way) a DIR that does not exist is a skip: 77.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "golden/golden.h"

namespace chorus::golden {

namespace {

namespace fs = std::filesystem;

constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in tests/CMakeLists.txt

struct Suite {
  const char* folder;
  void (*run)(const Context&, Report&);
};

constexpr std::array kSuites = {Suite{"tokenizers", run_tokenizers}, Suite{"flex", run_flex},
                                Suite{"models", run_models},         Suite{"relations", run_relations},
                                Suite{"smollm2", run_smollm2},       Suite{"lemmas", run_lemmas}};

// A variable that is set and not empty, and below it `rest`.
fs::path below_variable(const char* variable, const char* rest, const fs::path& otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? fs::path(value) / rest : otherwise;
}

Context context_of(const fs::path& dir) {
  static constexpr const char* kModel = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
  Context context;
  context.dir = dir;
  context.tokenizers = below_variable("CHORUS_DATA", "tokenizers",
                                      fs::weakly_canonical(dir).parent_path() / "data" / "tokenizers");
  context.smollm2 = below_variable("CHORUS_HOME", kModel, fs::path(CHORUS_HOME_DIR) / kModel);
  return context;
}

void name_other_folders(const fs::path& dir, Report& report) {
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    bool known = !entry.is_directory();
    for (const Suite& suite : kSuites) known = known || name == suite.folder;
    if (known) continue;
    report.not_counted(name, "a folder this program does not know");
  }
}

// One suite that cannot go on must not hide the others' results.
void run(const Suite& suite, const Context& context, Report& report) {
  if (!fs::is_directory(context.dir / suite.folder)) return;
  try {
    suite.run(context, report);
  } catch (const std::exception& error) {
    report.failed(suite.folder, error.what());
  }
}

bool has_suites(const fs::path& dir) {
  return std::any_of(kSuites.begin(), kSuites.end(),
                     [&](const Suite& suite) { return fs::is_directory(dir / suite.folder); });
}

std::string suite_names() {
  std::string names;
  for (const Suite& suite : kSuites) names += fmt::format("{}{}", names.empty() ? "" : ", ", suite.folder);
  return names;
}

int run_all(const fs::path& dir, bool if_present) {
  if (if_present && !fs::exists(dir)) {
    fmt::print("skipped: no golden folder at {}\n", dir.string());
    return kSkipped;
  }
  if (!has_suites(dir)) {
    fmt::print(
        stderr,
        "chorus_golden: {} has none of the golden folders; expected {}; give the folder they are in as the "
        "argument\n",
        dir.string(), suite_names());
    return 3;
  }
  const Context context = context_of(dir);
  Report report;
  for (const Suite& suite : kSuites) run(suite, context, report);
  name_other_folders(dir, report);
  report.note(report.summary());
  return report.failures() > 0 ? 1 : 0;
}

}  // namespace
}  // namespace chorus::golden

int main(int argc, char** argv) {
  std::filesystem::path dir = std::filesystem::path(CHORUS_SOURCE_DIR) / ".." / "shared" / "golden";
  bool if_present = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--if-present") {
      if_present = true;
    } else if (argument.starts_with("-")) {
      fmt::print(stderr, "usage: chorus_golden [--if-present] [DIR]\n");
      return argument == "--help" ? 0 : 2;
    } else {
      dir = argument;
    }
  }
  try {
    return chorus::golden::run_all(dir, if_present);
  } catch (const std::exception& error) {
    fmt::print(stderr, "chorus_golden: {}\n", error.what());
    return 3;
  }
}
