// How an instruction-tuned model was taught to read a user's turn. Templates come as Jinja programs; this reads none: it
// knows the turns of the families this program runs by their markers, and refuses the rest.
//
//   const ChatTemplate chat = ChatTemplate::of(*checkpoint);
//   chat.head + user_text + chat.tail   // ends where the assistant's answer begins
//
// ChatML (<|im_start|>: SmolLM2, Qwen2.5, Qwen3), Llama 3 (<|start_header_id|>), DeepSeek-R1 (<｜User｜>). A system message that
// the template puts where none is given stands in head; Llama 3.1's has a date: the one written in the template, never today's.
// The BOS is not part of it: the tokenizer and --bos-scope say where one stands.
#pragma once

#include <string>
#include <string_view>

#include "model/checkpoint.h"

namespace chorus::ensemble {

struct ChatTemplate {
  std::string family;      // chatml, llama3, deepseek
  std::string head, tail;  // before and after the user's text

  /// Of the Jinja text. Throws Error(model) for markers of no family it knows; `name` says where it stands.
  static ChatTemplate recognise(std::string_view jinja, const std::string& name);
  /// Of a model: GGUF metadata, chat_template.jinja or tokenizer_config.json. Throws Error(model) when there is none too.
  static ChatTemplate of(const model::Checkpoint& checkpoint);
};

}  // namespace chorus::ensemble
