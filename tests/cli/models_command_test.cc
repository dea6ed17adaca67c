#include "cli/models_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace chorus::cli {
namespace {

namespace fs = std::filesystem;

class ModelsCommand : public ::testing::Test {
 protected:
  ModelsCommand() {
    fs::remove_all(root_);
    fs::create_directories(paths_.chorus_home / "models");
    std::ofstream file(paths_.chorus_home / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf");
    file << std::string(1234567, 'x');
  }
  ~ModelsCommand() override { fs::remove_all(root_); }

  fs::path root_ = fs::path(::testing::TempDir()) / "models_command";
  model::ModelPaths paths_{root_ / "home", root_ / "hub"};
};

TEST_F(ModelsCommand, PrintsOneRowAnAlias) {
  std::istringstream lines(models_report(paths_, false));
  std::string header, first;
  std::getline(lines, header);
  std::getline(lines, first);
  EXPECT_TRUE(header.starts_with("model ")) << header;
  std::istringstream cells(first);
  std::string alias, on_disk, size, unit, licence, id;
  cells >> alias >> on_disk >> size >> unit >> licence >> id;
  EXPECT_EQ(alias, "smollm2-135m");
  EXPECT_EQ(on_disk, "yes");
  EXPECT_EQ(size + unit, "1.2MB");
  EXPECT_EQ(licence, "Apache-2.0");
  EXPECT_EQ(id, "HuggingFaceTB/SmolLM2-135M-Instruct");
}

TEST_F(ModelsCommand, PrintsJsonForPrograms) {
  const auto list = nlohmann::json::parse(models_report(paths_, true));
  ASSERT_EQ(list.size(), model::catalog(paths_).size());
  EXPECT_EQ(list[0]["alias"], "smollm2-135m");
  EXPECT_EQ(list[0]["on_disk"], true);
  EXPECT_EQ(list[0]["bytes"], 1234567);
  EXPECT_TRUE(fs::is_regular_file(list[0]["path"].get<std::string>()));
  for (const auto& entry : list) {
    if (entry["on_disk"] == true) continue;
    EXPECT_TRUE(entry["path"].is_null() && entry["bytes"].is_null()) << entry;
  }
}

TEST_F(ModelsCommand, IsASubcommand) {
  CLI::App app;
  add_models_command(app);
  ::testing::internal::CaptureStdout();
  app.parse("models --json", false);
  EXPECT_EQ(nlohmann::json::parse(::testing::internal::GetCapturedStdout())[0]["alias"], "smollm2-135m");
  EXPECT_THROW(app.parse("models --no-such-option", false), CLI::ExtrasError);
}

}  // namespace
}  // namespace chorus::cli
