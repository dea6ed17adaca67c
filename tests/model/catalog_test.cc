// Models are found in folders laid out as huggingface_hub lays them out: models--ORG--NAME, refs/main,
// snapshots/COMMIT.
#include "model/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "core/error.h"

namespace chorus::model {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kSmol = "SmolLM2-135M-Instruct.Q4_1.gguf";

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

class Catalog : public ::testing::Test {
 protected:
  Catalog() {
    root_ = fs::path(::testing::TempDir()) /
            (std::string("catalog_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
    paths_ = {root_ / "home", root_ / "hub"};
  }
  ~Catalog() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  fs::path snapshot(const std::string& repository, const std::string& commit) const {
    return paths_.hub_cache / repository / "snapshots" / commit;
  }
  /// What `hf download` leaves: files as links into blobs/.
  void add_to_hub(const std::string& repository, const std::string& commit) const {
    const fs::path folder = paths_.hub_cache / repository;
    write(folder / "refs" / "main", commit);
    write(folder / "blobs" / "c1", "{}");
    write(folder / "blobs" / "w1", "12345");
    fs::create_directories(folder / "snapshots" / commit);
    fs::create_symlink("../../blobs/c1", folder / "snapshots" / commit / "config.json");
    fs::create_symlink("../../blobs/w1", folder / "snapshots" / commit / "model.safetensors");
  }
  std::string failure(const std::string& name) const {
    try {
      resolve_model(name, paths_);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::model);
      EXPECT_FALSE(e.expected().empty());
      EXPECT_FALSE(e.todo().empty());
      return e.what();
    }
    ADD_FAILURE() << name << " was found";
    return "";
  }

  fs::path root_;
  ModelPaths paths_;
};

TEST_F(Catalog, FindsTheSmallModelUnderItsAlias) {
  write(paths_.chorus_home / "models" / kSmol, "GGUF...");
  for (const char* name : {"smollm2-135m", "smollm2_135m", "SmolLM2-135M"}) {
    const ModelRef ref = resolve_model(name, paths_);
    EXPECT_EQ(ref.path, paths_.chorus_home / "models" / kSmol);
    EXPECT_EQ(ref.name, "smollm2-135m");
  }
}

TEST_F(Catalog, FindsAliasesAndTheirIdsInTheHubCache) {
  add_to_hub("models--meta-llama--Llama-3.2-3B-Instruct", "0cb88a4");
  for (const char* name : {"llama3.2_3b_it", "llama3.2-3b-it", "meta-llama/Llama-3.2-3B-Instruct"}) {
    const ModelRef ref = resolve_model(name, paths_);
    EXPECT_EQ(ref.path, snapshot("models--meta-llama--Llama-3.2-3B-Instruct", "0cb88a4"));
    EXPECT_EQ(ref.name, "llama3.2_3b_it");
  }
}

TEST_F(Catalog, FindsAnyOtherIdInTheHubCache) {
  add_to_hub("models--some-org--Their.Model_1B", "abc");
  const ModelRef ref = resolve_model("some-org/Their.Model_1B", paths_);
  EXPECT_EQ(ref.name, "some-org--Their.Model_1B");
  // The alias is a quantised file; the id of the same model is other weights and keeps its own name.
  add_to_hub("models--HuggingFaceTB--SmolLM2-135M-Instruct", "abc");
  EXPECT_EQ(resolve_model("HuggingFaceTB/SmolLM2-135M-Instruct", paths_).name,
            "HuggingFaceTB--SmolLM2-135M-Instruct");
}

TEST_F(Catalog, TakesTheSnapshotThatMainNames) {
  add_to_hub("models--o--m", "old");
  add_to_hub("models--o--m", "new");
  EXPECT_EQ(resolve_model("o/m", paths_).path, snapshot("models--o--m", "new"));
  fs::remove(paths_.hub_cache / "models--o--m" / "refs" / "main");
  EXPECT_THAT(failure("o/m"), HasSubstr("not in the hub cache"));
  fs::remove_all(snapshot("models--o--m", "new"));
  EXPECT_EQ(resolve_model("o/m", paths_).path, snapshot("models--o--m", "old"));
}

TEST_F(Catalog, LyingReferencesDoNotLeaveTheCache) {
  write(root_ / "outside" / "config.json", "{}");
  write(root_ / "outside" / "model.safetensors", "");
  fs::create_directories(paths_.hub_cache / "models--o--m" / "snapshots");
  for (const char* commit : {"../../../outside", "..", ".", "", "/etc", "gone"}) {
    write(paths_.hub_cache / "models--o--m" / "refs" / "main", commit);
    EXPECT_THAT(failure("o/m"), HasSubstr("not in the hub cache")) << commit;
  }
}

TEST_F(Catalog, SaysWhatAPartialDownloadLacks) {
  const fs::path folder = snapshot("models--Qwen--Qwen3-8B", "c");
  write(paths_.hub_cache / "models--Qwen--Qwen3-8B" / "refs" / "main", "c\n");
  fs::create_directories(folder);
  EXPECT_THAT(failure("qwen3_8b"), HasSubstr("lacks config.json"));
  write(folder / "config.json", "{}");
  EXPECT_THAT(failure("qwen3_8b"), HasSubstr("lacks *.safetensors"));
  write(folder / "model-00001-of-00003.safetensors", "");
  EXPECT_THAT(failure("qwen3_8b"),
              AllOf(HasSubstr("lacks 2 of 3 shards"), HasSubstr("chorus models get Qwen/Qwen3-8B")));
  write(folder / "model-00002-of-00003.safetensors", "");
  write(folder / "model-00003-of-00003.safetensors", "");
  EXPECT_EQ(resolve_model("qwen3_8b", paths_).name, "qwen3_8b");
}

TEST_F(Catalog, NamesFoldersAndFilesByTheirLastComponent) {
  write(root_ / "My model" / "config.json", "{}");
  write(root_ / "My model" / "model.safetensors", "");
  write(root_ / "some.model.Q4_1.gguf", "");
  write(root_ / "sha256-blob", "GGUF\x03");
  for (const char* tail : {"", "/", "/.", "/../My model//"}) {
    const ModelRef ref = resolve_model((root_ / "My model").string() + tail, paths_);
    EXPECT_EQ(ref.name, "My_model") << tail;
  }
  EXPECT_EQ(resolve_model((root_ / "some.model.Q4_1.gguf").string(), paths_).name, "some.model.Q4_1");
  EXPECT_EQ(resolve_model((root_ / "sha256-blob").string(), paths_).name, "sha256-blob");
  add_to_hub("models--o--m", "abc");
  EXPECT_EQ(resolve_model(snapshot("models--o--m", "abc").string(), paths_).name, "o--m");
}

TEST_F(Catalog, RefusesWhatIsNoModel) {
  fs::create_directories(root_ / "empty");
  write(root_ / "notes.txt", "GGU");
  write(root_ / "m" / "model.safetensors", "");
  write(root_ / "g" / "a.gguf", "");
  EXPECT_THAT(failure((root_ / "empty").string()), HasSubstr("lacks config.json"));
  EXPECT_THAT(failure((root_ / "g").string()), HasSubstr("a.gguf"));
  EXPECT_THAT(failure((root_ / "m" / "model.safetensors").string()), HasSubstr("give the folder"));
  EXPECT_THAT(failure((root_ / "notes.txt").string()), HasSubstr("GGUF file"));
  EXPECT_THAT(failure((root_ / "gone.gguf").string()), HasSubstr("nothing is there"));
  EXPECT_THAT(failure("gone.gguf"), HasSubstr("nothing is there"));
  EXPECT_THAT(failure("models/gone.gguf"), HasSubstr("nothing is there"));
  EXPECT_THAT(failure("org/none"), AllOf(HasSubstr("no file or folder"), HasSubstr("not in the hub cache")));
  for (const std::string& bad : {std::string(), std::string("../x/y"), std::string("a/b/c"),
                                 std::string(5000, 'x'), std::string("a\0b", 3), std::string("\xff\xfe")}) {
    failure(bad);
  }
}

TEST_F(Catalog, OffersNamesCloseToAnUnknownOne) {
  EXPECT_THAT(failure("llama3.2_3b_itt"), AllOf(HasSubstr("no known name"), HasSubstr("llama3.2_3b_it")));
  EXPECT_THAT(failure("smollm2"), HasSubstr("smollm2-135m"));
  EXPECT_THAT(failure("llama3.2_8b"),
              HasSubstr("llama3.1_8b"));  // the scripts list it; no such model was published
  EXPECT_THAT(failure("qwen3-9b"), HasSubstr("qwen3_8b"));
  EXPECT_THAT(failure("gpt-5"), HasSubstr("chorus models"));
}

TEST_F(Catalog, SaysWhereAKnownModelWasLookedFor) {
  EXPECT_THAT(failure("smollm2-135m"), AllOf(HasSubstr((paths_.chorus_home / "models" / kSmol).string()),
                                             HasSubstr("./run demo"), HasSubstr("CHORUS_HOME")));
  EXPECT_THAT(failure("qwen3_8b"),
              AllOf(HasSubstr((paths_.hub_cache / "models--Qwen--Qwen3-8B").string()),
                    HasSubstr("chorus models get Qwen/Qwen3-8B"), HasSubstr("HF_HUB_CACHE")));
}

TEST_F(Catalog, ListsEveryAliasOnceAndWhatIsOnDisk) {
  write(paths_.chorus_home / "models" / kSmol, "GGUF");
  add_to_hub("models--Qwen--Qwen3-8B", "abc");
  std::set<std::string> aliases, present;
  for (const CatalogEntry& entry : catalog(paths_)) {
    EXPECT_TRUE(aliases.insert(entry.alias).second) << entry.alias;
    EXPECT_NE(entry.hub_id.find('/'), std::string::npos) << entry.alias;
    EXPECT_FALSE(entry.license.empty()) << entry.alias;
    if (!entry.on_disk()) continue;
    present.insert(entry.alias);
    EXPECT_EQ(entry.bytes, entry.alias == "qwen3_8b" ? 5u : 4u);
    EXPECT_EQ(resolve_model(entry.alias, paths_).path, entry.path);
  }
  EXPECT_THAT(present, ::testing::ElementsAre("qwen3_8b", "smollm2-135m"));
  // The published scripts' names, those that exist on the hub.
  for (const char* name :
       {"llama3.2_1b", "llama3.2_1b_it", "llama3.2_3b", "llama3.2_3b_it", "llama3.1_8b", "llama3.1_8b_it",
        "llama3.1_70b", "deepseek_r1_distill_llama_8b", "deepseek_r1_distill_qwen_14b",
        "deepseek_r1_distill_qwen_32b", "qwen2.5_3b", "qwen2.5_3b_it", "qwen2.5_7b", "qwen2.5_7b_it",
        "qwen2.5_14b", "qwen2.5_14b_it", "qwen3_1.7b", "qwen3_4b", "qwen3_8b"}) {
    EXPECT_TRUE(aliases.contains(name)) << name;
  }
}

TEST(ModelPaths, FollowTheEnvironment) {
  const auto with = [](std::map<std::string, std::string> variables) {
    return ModelPaths::from_environment([&](const char* name) -> const char* {
      const auto it = variables.find(name);
      return it == variables.end() ? nullptr : it->second.c_str();
    });
  };
  EXPECT_EQ(with({{"HOME", "/h"}}).chorus_home, "/h/.cache/chorus");
  EXPECT_EQ(with({{"HOME", "/h"}}).hub_cache, "/h/.cache/huggingface/hub");
  EXPECT_EQ(with({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}}).chorus_home, "/x/chorus");
  EXPECT_EQ(with({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}}).hub_cache, "/x/huggingface/hub");
  EXPECT_EQ(with({{"HOME", "/h"}, {"HF_HOME", "~/hf"}}).hub_cache, "/h/hf/hub");
  EXPECT_EQ(with({{"HOME", "/h"}, {"HF_HOME", "/hf"}, {"HF_HUB_CACHE", "/hub"}}).hub_cache, "/hub");
  EXPECT_EQ(with({{"HOME", "/h"}, {"CHORUS_HOME", "/c"}}).chorus_home, "/c");
  EXPECT_EQ(with({{"HOME", "/h"}, {"CHORUS_HOME", ""}}).chorus_home, "/h/.cache/chorus");
}

}  // namespace
}  // namespace chorus::model
