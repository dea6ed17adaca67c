// chorus models get, against a hub on this machine.
#include <gmock/gmock.h>

#include "tests/cli/program.h"
#include "tests/support/hub_server.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

class ModelsGet : public testing::Test {
 protected:
  /// The tiny model is there as a GGUF file, and a repository of 300 kB of something as a folder.
  void serve(std::vector<std::string> faults = {}) {
    server_ = std::make_unique<HubServer>(std::move(faults));
    server_->add("models/org/tiny-GGUF/tiny.Q8_0.gguf", read_file(program_ / "tiny.gguf"));
    server_->add("models/org/tiny-GGUF/README.md", "# tiny");
    server_->add("models/org/folder/config.json", "{}");
    server_->add("models/org/folder/tokenizer.json", "{}");
    server_->add("models/org/folder/model.safetensors", weights_);
    program_.set("HF_ENDPOINT=" + server_->endpoint());
  }
  fs::path repository() const { return program_ / "home/hub/models--org--folder"; }
  std::uintmax_t incomplete_bytes() const {
    std::error_code error;
    for (fs::directory_iterator it(repository() / "blobs", error), end; !error && it != end;
         it.increment(error))
      if (it->path().extension() == ".incomplete") return it->file_size(error);
    return 0;
  }
  bool asked_for_a_range() const {
    for (const std::string& line : server_->requests())
      if (line.find(" bytes=") != std::string::npos) return true;
    return false;
  }
  void expect_whole(const Outcome& done) const {
    ASSERT_EQ(done.code, 0) << done.err;
    const fs::path folder = lines_of(done.out).at(0);
    EXPECT_EQ(folder.parent_path(), repository() / "snapshots");
    EXPECT_EQ(read_file(folder / "model.safetensors"), weights_);
    EXPECT_EQ(incomplete_bytes(), 0U);
  }

  Program program_;
  std::unique_ptr<HubServer> server_;
  const std::string weights_ = noise(300'000);
};

TEST_F(ModelsGet, WhatWasFetchedCanBeAsked) {
  serve();
  const Arguments ask{"ask", "--num-few-shot", "0", "--model"};
  const auto with = [&](const std::string& model) {
    Arguments all = ask;
    all.insert(all.end(), {model, "the?"});
    return program_.run(all);
  };
  expect_failure(with("org/tiny-GGUF"), 4, "'chorus models get org/tiny-GGUF' fetches it");
  expect_failure(program_.run({"models", "get", "org/tiny-GGUF"}), 4,
                 "chorus models get org/tiny-GGUF --include 'tiny.Q8_0.gguf'");
  const Outcome got = program_.run({"models", "get", "org/tiny-GGUF", "--include", "*Q8_0.gguf"});
  ASSERT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.err, HasSubstr("(100 %)"));
  EXPECT_THAT(got.err, HasSubstr("use it: chorus ask --model org/tiny-GGUF"));
  program_.set("HF_HUB_OFFLINE=1");
  const Outcome asked = with("org/tiny-GGUF");
  EXPECT_EQ(asked.code, 0) << asked.err;
  EXPECT_EQ(asked.out, with("tiny.gguf").out);
}

TEST_F(ModelsGet, FetchesOnceAndSaysSo) {
  serve();
  expect_whole(program_.run({"models", "get", "org/folder"}));
  const Outcome again = program_.run({"models", "get", "org/folder", "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  const auto json = nlohmann::json::parse(again.out);
  EXPECT_EQ(json["fetched"], 0);
  EXPECT_EQ(json["bytes"], 300'002);  // two files of two bytes, which are the same two
  EXPECT_EQ(json["files"].size(), 3U);
  EXPECT_THAT(program_.run({"models", "get", "org/folder"}).err, HasSubstr("everything is here already"));
  write_file(fs::canonical(fs::path(json["path"].get<std::string>()) / "model.safetensors"),
             noise(300'000, 7));
  const Outcome verified = program_.run({"models", "get", "org/folder", "--verify"});
  EXPECT_THAT(verified.err, HasSubstr("model.safetensors on disk is damaged"));
  expect_whole(verified);
}

TEST_F(ModelsGet, ADryRunFetchesNothing) {
  serve();
  const Outcome listed = program_.run({"models", "get", "org/folder", "--dry-run"});
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("model.safetensors"));
  EXPECT_THAT(listed.out, HasSubstr("300.0 kB to fetch"));
  EXPECT_FALSE(fs::exists(repository()));
}

TEST_F(ModelsGet, KilledInTheMiddleItGoesOn) {
  serve({"slow=2000"});
  const auto child = program_.start({"models", "get", "org/folder"});
  child->signal_when([&] { return incomplete_bytes() > 50'000; }, SIGKILL);
  EXPECT_EQ(child->wait().signal, SIGKILL);
  const auto kept = incomplete_bytes();
  EXPECT_GT(kept, 50'000U);
  serve();
  expect_whole(program_.run({"models", "get", "org/folder"}));
  EXPECT_TRUE(asked_for_a_range());
}

TEST_F(ModelsGet, InterruptedItSaysHowFarItIs) {
  serve({"slow=2000"});
  const auto child = program_.start({"models", "get", "org/folder"});
  child->signal_when([&] { return incomplete_bytes() > 50'000; }, SIGINT);
  const Outcome stopped = child->wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(lines_of(stopped.err).back(), testing::StartsWith("interrupted: "));
  EXPECT_THAT(stopped.err, HasSubstr("of 300.0 kB are in"));
  serve({"cut=100000"});
  const Outcome done = program_.run({"models", "get", "org/folder"});
  EXPECT_THAT(done.err, HasSubstr("trying again"));
  expect_whole(done);
}

TEST_F(ModelsGet, RefusalsHaveTheirExitCodes) {
  serve({"gated"});
  expect_failure(program_.run({"models", "get", "org/folder"}), 4, "accept the terms at");
  program_.set("HF_TOKEN=good");
  expect_whole(program_.run({"models", "get", "org/folder"}));
  serve({"wrong-hash"});
  fs::remove_all(repository());
  expect_failure(program_.run({"models", "get", "org/folder"}), 6, "its SHA-256 is");
  serve({"answer=<html>"});
  expect_failure(program_.run({"models", "get", "org/folder"}), 6, "check HF_ENDPOINT");
  serve();
  expect_failure(program_.run({"models", "get", "org/none"}), 4, "HTTP 404");
  expect_failure(program_.run({"models", "get", "nonesuch"}), 4, "no known name");
  expect_failure(program_.run({"models", "get", "smollm2-135m"}), 4, "./run demo");
  expect_failure(program_.run({"models", "get"}), 2, "name");
  expect_failure(program_.run({"models", "fetch"}), 2, "unknown subcommand 'fetch'");
  expect_failure(program_.run({"models", "get", "--repo-type", "dataset", "webqa"}), 2, "no id of a hub");
  program_.set("HF_HUB_OFFLINE=1");
  expect_failure(program_.run({"models", "get", "org/folder"}), 2, "HF_HUB_OFFLINE");
}

TEST_F(ModelsGet, DataSets) {
  serve();
  server_->add("datasets/org/questions/data/test.jsonl", noise(5000));
  const Outcome got = program_.run({"models", "get", "--repo-type", "dataset", "org/questions"});
  ASSERT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(read_file(fs::path(lines_of(got.out).at(0)) / "data/test.jsonl"), noise(5000));
}

}  // namespace
}  // namespace chorus::test
