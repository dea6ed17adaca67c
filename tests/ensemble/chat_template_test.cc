// Chat templates against what jinja2 3.1 renders of them for one user's turn "USER", add_generation_prompt set, BOS left out
// (Transformers' way), and against the real files in ../shared/data where they are there.
#include "ensemble/chat_template.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

std::string turn(const ChatTemplate& chat) {
  return chat.head + "USER" + chat.tail;
}

TEST(ChatTemplate, ChatMlWithTheSystemMessageWrittenInIt) {
  // As SmolLM2's: the newlines are in the literal.
  const ChatTemplate smol = ChatTemplate::recognise(
      "{% for m in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ "
      "'<|im_start|>system\nYou are "
      "kind.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + "
      "'\n'}}{% "
      "endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
      "t");
  EXPECT_EQ(turn(smol),
            "<|im_start|>system\nYou are "
            "kind.<|im_end|>\n<|im_start|>user\nUSER<|im_end|>\n<|im_start|>assistant\n");
  // As Qwen2.5's: newlines are escapes, and a branch for tools comes first.
  const ChatTemplate qwen = ChatTemplate::recognise(
      "{%- if tools %}{{- '<|im_start|>system\\n' }}{{- messages[0].content }}{{- '<|im_end|>\\n' }}{%- else "
      "%}{{- "
      "'<|im_start|>system\\nYou are Q. You help.<|im_end|>\\n' }}{%- endif %}",
      "t");
  EXPECT_EQ(turn(qwen),
            "<|im_start|>system\nYou are Q. You "
            "help.<|im_end|>\n<|im_start|>user\nUSER<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(qwen.family, "chatml");
}

TEST(ChatTemplate, Llama3WithItsDate) {
  const std::string turns =
      "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + "
      "'<|eot_id|>' }}";
  EXPECT_EQ(turn(ChatTemplate::recognise(turns, "t")),
            "<|start_header_id|>user<|end_header_id|>\n\nUSER<|eot_id|><|start_header_id|>assistant<|end_"
            "header_id|>"
            "\n\n");
  EXPECT_EQ(
      turn(ChatTemplate::recognise(
          "{%- set date_string = \"26 Jul 2024\" %}{{- \"Cutting Knowledge Date: December 2023\\n\" }}" +
              turns,
          "t")),
      "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 "
      "Jul "
      "2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nUSER<|eot_id|><|start_header_id|>"
      "assistant"
      "<|end_header_id|>\n\n");
}

TEST(ChatTemplate, DeepSeekThinksWhereItsTemplateSaysSo) {
  EXPECT_EQ(turn(ChatTemplate::recognise("{{'<｜User｜>' + m}}{{'<｜Assistant｜>'}}", "t")),
            "<｜User｜>USER<｜Assistant｜>");
  EXPECT_EQ(turn(ChatTemplate::recognise("{{'<｜User｜>' + m}}{{'<｜Assistant｜><think>\\n'}}", "t")),
            "<｜User｜>USER<｜Assistant｜><think>\n");
}

TEST(ChatTemplate, WhatIsNotKnownIsRefused) {
  test::expect_error(ErrorKind::model, "m.gguf: a chat template of a family",
                     [] { ChatTemplate::recognise("{{ '[INST]' + x + '[/INST]' }}", "m.gguf"); });
  const test::TinyModel model;
  test::expect_error(ErrorKind::model, "has no chat template",
                     [&] { ChatTemplate::of(*model::open_checkpoint(model.path())); });
}

TEST(ChatTemplate, RealFilesRenderAsJinjaDoes) {
  const std::filesystem::path folder =
      std::filesystem::path(CHORUS_SOURCE_DIR) / ".." / "shared" / "data" / "tokenizers";
  const std::pair<const char*, const char*> expected[] = {
      {"llama3.1",
       "<|start_header_id|>user<|end_header_id|>\n\nUSER<|eot_id|><|start_header_id|>assistant<|end_header_"
       "id|>\n\n"},
      {"qwen3", "<|im_start|>user\nUSER<|im_end|>\n<|im_start|>assistant\n"}};
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  for (const auto& [name, text] : expected) {
    std::ifstream in(folder / name / "tokenizer_config.json");
    const auto config = nlohmann::json::parse(in);
    EXPECT_EQ(turn(ChatTemplate::recognise(config.at("chat_template").get<std::string>(), name)), text);
  }
}

}  // namespace
}  // namespace chorus::ensemble
