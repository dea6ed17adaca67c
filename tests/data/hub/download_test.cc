// Downloads from a hub on this machine that behaves, and from hubs that do not.
#include "data/hub/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "data/digest.h"
#include "data/durable_file.h"
#include "tests/support/errors.h"
#include "tests/support/hub_server.h"
#include "tests/support/limited_disk.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::HubServer;
using testing::ElementsAre;
using testing::HasSubstr;

const HubRepo kRepo{RepoKind::model, "org/tiny"};
const std::string kWeights = test::noise(100'000), kConfig = "{\"model_type\": \"llama\"}\n";

class Download : public testing::Test {
 protected:
  void serve(std::vector<std::string> faults = {}) {
    server_ = std::make_unique<HubServer>(std::move(faults));
    server_->add("models/org/tiny/config.json", kConfig);
    server_->add("models/org/tiny/tokenizer.json", "{}");
    server_->add("models/org/tiny/model.safetensors", kWeights);
    server_->add("models/org/tiny/model.onnx", "not wanted");
    server_->add("models/org/tiny/original/params.json", "{}");
    settings_.endpoint = server_->endpoint();
    settings_.cache = cache();
    settings_.first_wait = std::chrono::milliseconds(1);
  }
  fs::path cache() const { return folder_ / "cache/hub"; }
  fs::path blob(const std::string& content) const {
    return cache() / "models--org--tiny/blobs" / sha256_hex(content);
  }
  fs::path incomplete() const { return blob(kWeights).string() + ".incomplete"; }
  DownloadEvents events() {
    return {.advance = [this](std::int64_t bytes) { advanced_ += bytes; },
            .cancelled = [this] { return cancelled_ && advanced_ >= cancel_at_; },
            .note = [this](const std::string& line) { notes_.push_back(line); }};
  }
  HubDownload ask(const std::string& revision = "main", const std::vector<std::string>& patterns = {}) {
    return {settings_, kRepo, revision, patterns, events()};
  }
  fs::path fetch() { return ask().run(); }
  /// What every good end looks like.
  void expect_whole(const fs::path& snapshot) {
    EXPECT_EQ(read_file(snapshot / "model.safetensors"), kWeights);
    EXPECT_EQ(read_file(snapshot / "config.json"), kConfig);
    EXPECT_FALSE(fs::exists(incomplete()));
    EXPECT_EQ(find_snapshot(kRepo, cache()), snapshot);
  }
  std::vector<std::string> ranges() const {
    std::vector<std::string> found;
    for (const std::string& line : server_->requests())
      if (line.find(" /cdn/") != std::string::npos) {
        const auto begin = line.find(' ', line.find(" /cdn/") + 1) + 1;
        found.push_back(line.substr(begin, line.find(' ', begin) - begin));
      }
    return found;
  }

  test::TempFolder folder_;
  std::unique_ptr<HubServer> server_;
  HubSettings settings_;
  std::int64_t advanced_ = 0, cancel_at_ = 0;
  bool cancelled_ = false;
  std::vector<std::string> notes_;
};

TEST_F(Download, LaysFilesOutAsTheHubsOwnCache) {
  serve();
  HubDownload download = ask();
  std::vector<std::string> names;
  for (const HubFile& file : download.files()) names.push_back(file.path);
  EXPECT_THAT(names, ElementsAre("config.json", "model.safetensors", "tokenizer.json"));
  EXPECT_EQ(download.bytes(), kWeights.size() + kConfig.size() + 2);
  EXPECT_EQ(download.present(), 0U);
  const fs::path snapshot = download.run();
  expect_whole(snapshot);
  EXPECT_EQ(advanced_, static_cast<std::int64_t>(download.bytes()));
  EXPECT_EQ(fs::read_symlink(snapshot / "model.safetensors"), fs::path("../../blobs") / sha256_hex(kWeights));
  // git hash-object of the same bytes
  EXPECT_EQ(fs::read_symlink(snapshot / "tokenizer.json").filename(),
            "9e26dfeeb6e641a33dae4961196235bdb965b21b");
  EXPECT_EQ(read_file(cache() / "models--org--tiny/refs/main"), download.commit());
  EXPECT_TRUE(notes_.empty());
}

TEST_F(Download, WhatIsThereIsNotFetchedAgain) {
  serve();
  fetch();
  const std::size_t before = server_->requests().size();
  HubDownload again = ask();
  EXPECT_EQ(again.present(), again.bytes());
  expect_whole(again.run());
  EXPECT_EQ(server_->requests().size(), before + 1);  // what there is
}

TEST_F(Download, CutConnectionsGoOnWhereTheyWere) {
  serve({"cut=30000"});
  expect_whole(fetch());
  EXPECT_THAT(ranges(), ElementsAre("-", "bytes=30000-", "bytes=60000-", "bytes=90000-"));
  EXPECT_EQ(notes_.size(), 3U);
  EXPECT_THAT(notes_.front(), HasSubstr("trying again"));
}

TEST_F(Download, AnIncompleteBlobOfAnEarlierRunIsContinued) {
  serve();
  fs::create_directories(incomplete().parent_path());
  test::write_file(incomplete(), std::string_view(kWeights).substr(0, 12345));
  HubDownload download = ask();
  EXPECT_EQ(download.present(), 12345U);
  expect_whole(download.run());
  EXPECT_THAT(ranges(), ElementsAre("bytes=12345-"));
}

TEST_F(Download, ServersWithoutRangesBeginAnew) {
  serve({"no-range", "cut-once=40000"});
  expect_whole(fetch());
  EXPECT_EQ(advanced_, static_cast<std::int64_t>(kWeights.size() + kConfig.size() + 2));
}

TEST_F(Download, ServersWithoutRangesThatAlwaysCutEndInAnError) {
  serve({"no-range", "cut=40000"});
  expect_error(ErrorKind::io, "model.safetensors", [&] { fetch(); });
  EXPECT_TRUE(fs::exists(incomplete()));
}

TEST_F(Download, AnIncompleteBlobOfOtherBytesIsFetchedAnew) {
  serve();
  fs::create_directories(incomplete().parent_path());
  test::write_file(incomplete(), std::string(500, 'x'));
  expect_whole(fetch());
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_.front(), HasSubstr("digest is wrong"));
}

TEST_F(Download, AnIncompleteBlobThatIsTooLongOrFull) {
  serve();
  fs::create_directories(incomplete().parent_path());
  test::write_file(incomplete(), kWeights + "more");
  expect_whole(fetch());
  fs::remove(blob(kWeights));
  test::write_file(incomplete(), kWeights);
  expect_whole(fetch());
}

TEST_F(Download, AWrongDigestIsAnErrorAndLeavesNothing) {
  serve({"wrong-hash"});
  expect_error(ErrorKind::io, "its SHA-256 is", [&] { fetch(); });
  for (const auto& entry : fs::directory_iterator(cache() / "models--org--tiny/blobs"))
    EXPECT_FALSE(entry.file_size() == kWeights.size()) << entry.path();
  EXPECT_FALSE(fs::exists(cache() / "models--org--tiny/refs/main"));
}

TEST_F(Download, MoreBytesThanListedAreRefused) {
  serve({"extra"});
  expect_error(ErrorKind::io, "sends more than", [&] { fetch(); });
}

TEST_F(Download, AHubWithoutDigestsInItsListIsAskedForEach) {
  serve({"no-hash"});
  expect_whole(fetch());
}

TEST_F(Download, BusyServersAreAskedAgain) {
  for (const char* status : {"status=503*3", "status=429*3", "status=500*1"}) {
    serve({status, "after=0"});
    expect_whole(fetch());
    fs::remove_all(cache());
  }
  serve({"status=429*100"});
  expect_error(ErrorKind::io, "HTTP 429", [&] { fetch(); });
  serve({"status=429*1", "after=100000"});  // longer than anybody waits
  expect_error(ErrorKind::io, "HTTP 429", [&] { fetch(); });
  serve({"status=502*100"});
  expect_error(ErrorKind::io, "HTTP 502", [&] { fetch(); });
}

TEST_F(Download, GatedAndPrivateRepositoriesSayWhatToDo) {
  serve({"gated"});
  expect_error(ErrorKind::model, "HF_TOKEN set", [&] { fetch(); });
  settings_.token = "bad";
  expect_error(ErrorKind::model, "has no access: accept the terms at", [&] { fetch(); });
  settings_.token = "good";
  expect_whole(fetch());
  serve({"private"});
  settings_.token.clear();
  expect_error(ErrorKind::model, "set HF_TOKEN to an access token", [&] { fetch(); });
  settings_.token = "bad";
  expect_error(ErrorKind::model, "may have expired", [&] { fetch(); });
}

TEST_F(Download, TheTokenStaysWithTheHub) {
  serve();
  settings_.token = "good";
  expect_whole(fetch());  // the other host answers 400 to a token
  for (const std::string& line : server_->requests())
    EXPECT_EQ(line.ends_with(" Bearer_good"), line.find(" /cdn/") == std::string::npos) << line;
}

TEST_F(Download, NamesThatAreNotThere) {
  serve();
  expect_error(ErrorKind::model, "HTTP 404", [&] {
    HubDownload(settings_, {RepoKind::model, "org/none"}, "main", {}, events());
  });
  expect_error(ErrorKind::data, "data set org/none", [&] {
    HubDownload(settings_, {RepoKind::dataset, "org/none"}, "main", {}, events());
  });
  expect_error(ErrorKind::model, "correct --revision", [&] { ask("v9"); });
  expect_error(ErrorKind::model,
               "no file of the model org/tiny matches '*.gguf'; expected one of its files: config.json (",
               [&] { ask("main", {"*.gguf"}); });
  expect_error(ErrorKind::usage, "no id of a hub", [&] {
    HubDownload(settings_, {RepoKind::model, "tiny"}, "main", {}, events());
  });
  expect_error(ErrorKind::usage, "--revision", [&] { ask("../x"); });
  settings_.offline = true;
  expect_error(ErrorKind::usage, "HF_HUB_OFFLINE", [&] { ask(); });
}

TEST_F(Download, RevisionsAndPatterns) {
  serve();
  HubDownload download = ask("refs/pr/1", {"original/", "*.onnx"});
  ASSERT_EQ(download.files().size(), 2U);
  const fs::path snapshot = download.run();
  EXPECT_EQ(read_file(snapshot / "original/params.json"), "{}");
  EXPECT_EQ(fs::canonical(snapshot / "original/params.json").parent_path(),
            fs::canonical(cache() / "models--org--tiny/blobs"));
  EXPECT_EQ(read_file(cache() / "models--org--tiny/refs/refs/pr/1"), download.commit());
  EXPECT_EQ(find_snapshot(kRepo, cache(), "refs/pr/1"), snapshot);
  EXPECT_EQ(find_snapshot(kRepo, cache(), download.commit()), snapshot);
  EXPECT_EQ(find_snapshot(kRepo, cache(), "v9"), std::nullopt);
}

TEST_F(Download, DataSets) {
  serve();
  server_->add("datasets/org/questions/data/test-00000-of-00001.parquet", kWeights);
  server_->add("datasets/org/questions/README.md", "# questions");
  server_->add("datasets/org/questions/.gitattributes", "x");
  HubDownload download(settings_, {RepoKind::dataset, "org/questions"}, "main", {}, events());
  const fs::path snapshot = download.run();
  EXPECT_EQ(download.files().size(), 2U);
  EXPECT_EQ(snapshot.parent_path(), cache() / "datasets--org--questions/snapshots");
  EXPECT_EQ(read_file(snapshot / "data/test-00000-of-00001.parquet"), kWeights);
  EXPECT_EQ(hub_dataset("webqa").id, "stanfordnlp/web_questions");
  expect_error(ErrorKind::usage, "git clone", [] { hub_dataset("pararel"); });
}

TEST_F(Download, AnswersThatAreNoHubs) {
  for (const char* answer : {"<html>Sign in</html>", "", "[1", "[]", "{}", R"({"sha": 5})",
                             R"({"sha": "abc"})", R"({"sha": "0123456789012345678901234567890123456789"})",
                             R"({"sha": "0123456789012345678901234567890123456789", "siblings": [5]})"}) {
    serve({std::string("answer=") + answer});
    expect_error(ErrorKind::io, "check HF_ENDPOINT", [&] { ask(); });
  }
}

TEST_F(Download, FileNamesThatLeaveTheCacheAreRefused) {
  for (const char* name : {"../../x", "/etc/x", "a/../b", "a//b", "a\\b", ".", "tokenizer\n"}) {
    serve({std::string("name=") + name});
    expect_error(ErrorKind::io, "with a file named", [&] { ask(); });
  }
}

TEST_F(Download, InterruptedKeepsWhatCame) {
  serve({"slow=2000"});
  cancelled_ = true;
  cancel_at_ = 10'000;
  try {
    fetch();
    FAIL() << "not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 130);
    EXPECT_THAT(error.what(), HasSubstr("run the same command again to go on"));
  }
  EXPECT_GE(fs::file_size(incomplete()), 5000U);
  EXPECT_FALSE(fs::exists(cache() / "models--org--tiny/refs/main"));
  cancelled_ = false;
  serve();
  expect_whole(fetch());
  EXPECT_THAT(ranges().front(), testing::StartsWith("bytes="));
}

TEST_F(Download, DamagedBlobsAreFoundAndComeAgain) {
  serve();
  fetch();
  EXPECT_TRUE(ask().verify().empty());
  test::write_file(blob(kWeights), test::noise(kWeights.size(), 2));
  EXPECT_THAT(ask().verify(), ElementsAre("model.safetensors"));
  expect_whole(fetch());
}

TEST_F(Download, NoServerAtAll) {
  serve();
  settings_.endpoint = "http://127.0.0.1:1";
  expect_error(ErrorKind::io, "check the network", [&] { fetch(); });
  EXPECT_EQ(notes_.size(), static_cast<std::size_t>(settings_.tries - 1));
}

TEST_F(Download, ADiskTooSmallIsSaidBeforeAnythingComes) {
  const test::LimitedDisk disk(64 * 1024);
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount";
  serve();
  settings_.cache = disk.path() / "hub";
  expect_error(ErrorKind::io, "make room", [&] { fetch(); });
}

TEST_F(Download, ACacheThatCannotBeMade) {
  serve();
  test::write_file(folder_ / "file", "");
  settings_.cache = folder_ / "file/hub";
  expect_error(ErrorKind::io, "HF_HUB_CACHE", [&] { ask(); });
}

TEST_F(Download, HuggingFaceHubReadsTheCache) {
  if (std::system("python3 -c 'import huggingface_hub' 2>/dev/null") != 0)
    GTEST_SKIP() << "huggingface_hub is not installed for python3";
  serve();
  const fs::path snapshot = fetch();
  const std::string script =
      "import huggingface_hub as h, sys; c = sys.argv[1]; "
      "assert h.snapshot_download('org/tiny', cache_dir=c, local_files_only=True) == sys.argv[2]; "
      "assert h.try_to_load_from_cache('org/tiny', 'config.json', cache_dir=c) == sys.argv[2] + "
      "'/config.json'; "
      "i = h.scan_cache_dir(c); assert not i.warnings, i.warnings; "
      "r, = i.repos; v, = r.revisions; assert v.refs == {'main'} and len(v.files) == 3";
  const std::string command =
      "python3 -c \"" + script + "\" '" + cache().string() + "' '" + snapshot.string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace chorus::data
