// Model files that are not what they should be: one clear line, exit code 4, no result begun.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

class BadModel : public testing::Test {
 protected:
  void expect(const std::string& model, const std::string& part) const {
    SCOPED_TRACE(model);
    const Outcome outcome = program_.run({"generate", "--limit", "1", "--model", model});
    expect_failure(outcome, 4, part);
    EXPECT_FALSE(fs::exists(program_ / "results")) << "something was begun";
    expect_failure(program_.run({"ask", "--model", model, "the?"}), 4, part);
  }
  /// A sound folder, to be damaged.
  fs::path folder(const std::string& name) const {
    fs::create_directories(program_ / name);
    write_folder(tiny_file({.context = 4096}), program_ / name);
    return program_ / name;
  }

  Program program_;
};

GgufWriter tiny_gguf() {
  GgufWriter w = gguf_of(tiny_file({}));
  add_tiny_tokenizer(w, true);
  return w;
}

TEST_F(BadModel, Names) {
  expect("nowhere", "model 'nowhere'");
  expect("./nowhere.gguf", "'./nowhere.gguf'");
  expect("nobody/nothing", "model 'nobody/nothing'");
  expect("llama3.2_1b", "llama3.2_1b");
  fs::create_directories(program_ / "empty");
  expect("./empty", "empty");
}

TEST_F(BadModel, TruncatedGguf) {
  const auto bytes = tiny_gguf().bytes();
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{20}, std::size_t{200},
                                 bytes.size() / 2, bytes.size() - 1}) {
    write_file(program_ / "t.gguf", std::span(bytes).first(size));
    expect("t.gguf", "t.gguf");
  }
}

TEST_F(BadModel, GgufThatLies) {
  const std::pair<std::string, std::vector<std::byte>> files[] = {
      {"tensors", tiny_gguf().claim_tensors(std::uint64_t{1} << 60).bytes()},
      {"values", tiny_gguf().claim_values(std::uint64_t{1} << 60).bytes()},
      {"offset", tiny_gguf().tensor_header("more", GgufWriter::kF32, {32}, std::uint64_t{1} << 62).bytes()},
      {"extent",
       tiny_gguf()
           .tensor_header("more", GgufWriter::kF32, {std::int64_t{1} << 40, std::int64_t{1} << 40}, 0)
           .bytes()},
      {"version", tiny_gguf().version(99).bytes()},
      {"vocabulary", [] {
         GgufWriter w = gguf_of(tiny_file({}));
         w.text("tokenizer.ggml.model", "gpt2")
             .texts("tokenizer.ggml.tokens", std::vector<std::string>(9999, "a"));
         return w.bytes();
       }()}};
  for (const auto& [name, bytes] : files) {
    write_file(program_ / (name + ".gguf"), bytes);
    expect(name + ".gguf", name + ".gguf");
  }
}

TEST_F(BadModel, UnknownArchitectureOrQuantisation) {
  write_file(program_ / "a.gguf", GgufWriter().text("general.architecture", "mamba").bytes());
  expect("a.gguf", "model family 'mamba'; expected llama, qwen2 or qwen3");
  write_file(program_ / "q.gguf", tiny_gguf().tensor_header("more", 16, {256}, 0).bytes());
  expect("q.gguf", "IQ2_XXS");
  write_file(program_ / "n.gguf", gguf_of(tiny_file({})).bytes());
  expect("n.gguf", "tokenizer.ggml.model is missing");
}

TEST_F(BadModel, Folders) {
  for (const char* config :
       {"", "{", "[]", "{}", R"({"model_type":"mamba"})", R"({"model_type":"llama","hidden_size":-1})"}) {
    write_file(folder("config") / "config.json", config);
    expect("./config", "config.json");
  }
  const std::string tensors = read_file(folder("shards") / "model.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, tensors.size() - 1}) {
    write_file(program_ / "shards/model.safetensors", tensors.substr(0, size));
    expect("./shards", "model.safetensors");
  }
  write_file(program_ / "shards/model.safetensors", tensors + "more");
  expect("./shards", "model.safetensors");
  std::string lying = tensors;
  lying[6] = '\x7f';  // the header's length
  write_file(program_ / "shards/model.safetensors", lying);
  expect("./shards", "model.safetensors");
}

TEST_F(BadModel, Tokenizers) {
  folder("words");
  expect("./words", "tokenizer.json");
  for (const char* json : {"", "{", "[]", "{}", R"({"model":{"type":"WordPiece","vocab":{}}})"}) {
    write_file(program_ / "words/tokenizer.json", json);
    expect("./words", "tokenizer.json");
  }
}

TEST_F(BadModel, ARepairedFileIsTakenWhereTheBrokenOneFailed) {
  const std::string good = read_file(program_ / "tiny.gguf");
  write_file(program_ / "tiny.gguf", good.substr(0, good.size() - 1));
  const Arguments command{"generate", "--limit", "1", "--max-new-tokens", "2", "--model", "tiny.gguf"};
  expect_failure(program_.run(command), 4, "tiny.gguf");
  write_file(program_ / "tiny.gguf", good);
  EXPECT_EQ(program_.run(command).code, 0);
}

}  // namespace
}  // namespace chorus::test
