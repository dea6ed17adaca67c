#include "ensemble/chat_template.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/gguf.h"
#include "data/durable_file.h"
#include "data/json.h"

namespace chorus::ensemble {
namespace {

namespace fs = std::filesystem;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Newlines as a string literal of the program spells them.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool newline = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
    out += newline ? '\n' : text[i];
    i += newline ? 1 : 0;
  }
  return out;
}

/// The system message written in the program as one literal: the one it uses where the conversation has none.
std::string default_system(std::string_view jinja) {
  constexpr std::string_view kOpen = "<|im_start|>system", kClose = "<|im_end|>";
  for (std::size_t at = jinja.find(kOpen); at != std::string_view::npos; at = jinja.find(kOpen, at + 1)) {
    const std::size_t end = jinja.find(kClose, at);
    if (end == std::string_view::npos) break;
    const std::string_view inside = jinja.substr(at + kOpen.size(), end - at - kOpen.size());
    if (inside.find_first_of("'{}+") != std::string_view::npos) continue;
    return std::string(kOpen) + unescaped(inside) + std::string(kClose) + "\n";
  }
  return "";
}

ChatTemplate llama3(std::string_view jinja) {
  const auto header = [](const char* role) {
    return fmt::format("<|start_header_id|>{}<|end_header_id|>\n\n", role);
  };
  ChatTemplate chat{.family = "llama3", .tail = "<|eot_id|>" + header("assistant")};
  if (has(jinja, "Cutting Knowledge Date: December 2023"))
    chat.head =
        header("system") + "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>";
  chat.head += header("user");
  return chat;
}

std::optional<std::string> content_of(const fs::path& file) {
  if (!fs::exists(file)) return std::nullopt;
  return data::read_file(file);
}

/// The field chat_template of tokenizer_config.json: a text, or a list of named ones of which one is the default.
std::optional<std::string> config_template(const fs::path& file) {
  const auto text = content_of(file);
  if (!text) return std::nullopt;
  const data::Json json = data::Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("chat_template")) return std::nullopt;
  const data::Json& field = json["chat_template"];
  if (field.is_string()) return field.get<std::string>();
  for (const data::Json& entry : field)
    if (entry.is_object() && entry.value("name", "") == "default") return entry.value("template", "");
  return std::nullopt;
}

}  // namespace

ChatTemplate ChatTemplate::recognise(std::string_view jinja, const std::string& name) {
  if (has(jinja, "<|im_start|>") && has(jinja, "<|im_end|>"))
    return {.family = "chatml",
            .head = default_system(jinja) + "<|im_start|>user\n",
            .tail = "<|im_end|>\n<|im_start|>assistant\n"};
  if (has(jinja, "<|start_header_id|>") && has(jinja, "<|eot_id|>")) return llama3(jinja);
  if (has(jinja, "<｜User｜>") && has(jinja, "<｜Assistant｜>"))
    return {
        .family = "deepseek",
        .head = "<｜User｜>",
        .tail = std::string("<｜Assistant｜>") + (has(jinja, "<｜Assistant｜><think>") ? "<think>\n" : "")};
  throw Error(ErrorKind::model, name + ": a chat template of a family this program does not know",
              "the markers of ChatML, Llama 3 or DeepSeek",
              "write the turns into --prompt-template and leave --chat-template out");
}

ChatTemplate ChatTemplate::of(const model::Checkpoint& checkpoint) {
  const std::string where = checkpoint.path().string();
  if (checkpoint.gguf() != nullptr) {
    if (const auto text = checkpoint.gguf()->text("tokenizer.chat_template")) return recognise(*text, where);
  } else {
    if (const auto text = content_of(checkpoint.path() / "chat_template.jinja"))
      return recognise(*text, where);
    if (const auto text = config_template(checkpoint.path() / "tokenizer_config.json"))
      return recognise(*text, where);
  }
  throw Error(ErrorKind::model, where + " has no chat template", "a model made for chat",
              "leave --chat-template out");
}

}  // namespace chorus::ensemble
