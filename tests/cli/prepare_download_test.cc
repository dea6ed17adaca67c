// chorus prepare --download: a published data set from a hub on this machine into the cache, then on as with --data.
#include <gmock/gmock.h>

#include "tests/cli/program.h"
#include "tests/support/hub_server.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

const fs::path kData = fs::path(CHORUS_SOURCE_DIR) / "tests/data/data";

class PrepareDownload : public testing::Test {
 protected:
  void serve(std::vector<std::string> faults = {}) {
    server_ = std::make_unique<HubServer>(std::move(faults));
    for (const char* split : {"test", "train"}) {
      const std::string file = fmt::format("data/{}-00000-of-00001.parquet", split);
      server_->add("datasets/stanfordnlp/web_questions/" + file, read_file(kData / "hub_webqa" / file));
    }
    server_->add("datasets/stanfordnlp/web_questions/README.md", "# WebQuestions");
    const std::string items = "data/train-00000-of-00001.parquet";
    server_->add("datasets/iszhaoxin/MyriadLAMA/" + items, read_file(kData / "myriadlama" / items));
    program_.set("HF_ENDPOINT=" + server_->endpoint());
  }
  Outcome prepare(const std::string& set, const std::string& output, Arguments more = {"--download"}) const {
    more.insert(more.begin(), {"prepare", set, "--num-paraphrases", "0", "--output", output});
    return program_.run(more);
  }
  /// What the same command makes of a folder that is there.
  std::string from_folder(const std::string& set, const fs::path& folder) const {
    const Outcome done = prepare(set, "direct-" + set + ".jsonl", {"--data", folder.string()});
    EXPECT_EQ(done.code, 0) << done.err;
    return read_file(program_ / ("direct-" + set + ".jsonl"));
  }

  Program program_;
  std::unique_ptr<HubServer> server_;
};

TEST_F(PrepareDownload, FetchesWhatIsNotThereAndGoesOnAsWithData) {
  serve({"cut-once=700"});
  const Outcome done = prepare("webqa", "w.jsonl");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("trying again"));
  EXPECT_THAT(done.err, HasSubstr("stanfordnlp/web_questions: 2.4 kB fetched and checked"));
  EXPECT_EQ(read_file(program_ / "w.jsonl"), from_folder("webqa", kData / "hub_webqa"));
  EXPECT_THAT(done.err, HasSubstr("chorus generate --dataset webqa --data " +
                                  (program_ / "home/hub/datasets--stanfordnlp--web_questions").string()));
  // From now on it is there: nothing is asked of the hub.
  const std::size_t asked = server_->requests().size();
  program_.set("HF_HUB_OFFLINE=1");
  const Outcome again = prepare("webqa", "again.jsonl");
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("stanfordnlp/web_questions is here: "));
  EXPECT_EQ(read_file(program_ / "again.jsonl"), read_file(program_ / "w.jsonl"));
  EXPECT_EQ(server_->requests().size(), asked);
}

TEST_F(PrepareDownload, ASnapshotWithoutItsDataIsCompleted) {
  serve();
  ASSERT_EQ(program_
                .run({"models", "get", "--repo-type", "dataset", "stanfordnlp/web_questions", "--include",
                      "README.md"})
                .code,
            0);
  const Outcome done = prepare("webqa", "w.jsonl", {"--download", "--quiet"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(read_file(program_ / "w.jsonl"), from_folder("webqa", kData / "hub_webqa"));
}

TEST_F(PrepareDownload, OfAGatedRepositoryWithAToken) {
  serve({"gated"});
  expect_failure(prepare("myriadlama", "m.jsonl"), 3, "accept the terms at");
  EXPECT_FALSE(fs::exists(program_ / "m.jsonl"));
  program_.set("HF_TOKEN=good");
  const Outcome done = prepare("myriadlama", "m.jsonl");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(read_file(program_ / "m.jsonl"), from_folder("myriadlama", kData / "myriadlama"));
}

TEST_F(PrepareDownload, WhatCannotBeFetchedIsSaidBeforeAnythingIsBegun) {
  serve();
  expect_failure(prepare("webqa", "w.jsonl", {"--download", "--data", "w"}), 2, "--data excludes --download");
  expect_failure(prepare("pararel", "w.jsonl"), 2, "git clone");
  expect_failure(prepare("jsonl", "w.jsonl"), 2, "the data set jsonl has no download");
  expect_failure(prepare("webqa", "w.txt"), 2, "'w.txt'");
  expect_failure(prepare("webqa", "w.jsonl", {}), 2, "'chorus prepare webqa --download'");
  EXPECT_TRUE(server_->requests().empty());
  program_.set("HF_HUB_OFFLINE=1");
  expect_failure(prepare("webqa", "w.jsonl"), 2, "HF_HUB_OFFLINE is set");
  EXPECT_FALSE(fs::exists(program_ / "w.jsonl"));
}

}  // namespace
}  // namespace chorus::test
