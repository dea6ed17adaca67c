#include "cli/inspection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "core/error.h"
#include "eval/table.h"
#include "report/mask_view.h"
#include "text/utf8.h"

namespace chorus::cli {
namespace {

using data::Json;
using ensemble::TracedRequest;
using ensemble::TracedStep;

/// The same question, each phrasing a sequence of its own.
ensemble::RunOptions alone_of(ensemble::RunOptions options) {
  options.method = ensemble::Method::avg;
  options.confidences = nullptr;
  return options;
}

std::vector<text::TokenId> tokens_taken(const TracedRequest& request) {
  std::vector<text::TokenId> tokens;
  for (const TracedStep& step : request.steps) tokens.push_back(step.token);
  return tokens;
}

/// [step][phrasing]; empty where none are reported.
std::vector<std::vector<float>> shares(const Inspected& inspected) {
  const Json& row = inspected.trace.rows.front();
  if (!row.contains("token_attention_share")) return {};
  return row.at("token_attention_share").get<std::vector<std::vector<float>>>();
}

}  // namespace

Inspector::Inspector(InspectOptions options, const data::Dataset& dataset, LoadedModel& model,
                     const engine::EngineOptions& engine)
    : options_(std::move(options)),
      dataset_(dataset),
      model_(model),
      engine_(*model.decoder, model.tokenizer.get(), engine),
      experiment_(options_.run, dataset, *model.tokenizer, model.stop_ids),
      alone_(alone_of(options_.run), dataset, *model.tokenizer, model.stop_ids) {}

Inspected Inspector::look_at(std::size_t sample) {
  Inspected inspected{.sample = sample};
  inspected.trace = trace_answer(experiment_, engine_, sample, options_.cancelled);
  if (is_flex(options_.run.method))
    inspected.alone = trace_forced(alone_, engine_, sample, tokens_taken(inspected.trace.requests.front()),
                                   options_.cancelled);
  for (const TracedRequest& request : inspected.trace.requests) {
    auto& masks = inspected.masks.emplace_back();
    for (const engine::Prompt& prompt : request.prompts)
      masks.push_back(ensemble::check_mask(prompt, static_cast<std::int32_t>(request.steps.size())));
    inspected.isolation.push_back(ensemble::check_model(*model_.decoder, request.prompts.front()));
  }
  if (options_.verbose)
    inspected.layers =
        ensemble::key_value_ranges(*model_.decoder, inspected.trace.requests.front().prompts.front());
  return inspected;
}

const std::vector<std::vector<float>>& Inspector::of_phrasings(const Inspected& inspected,
                                                               std::size_t request, std::size_t step) const {
  const auto& requests = is_flex(options_.run.method) ? inspected.alone.requests : inspected.trace.requests;
  return requests[request].steps[step].logits;
}

/// In quotes, whatever it holds; bytes that are no text by themselves as \xNN.
std::string Inspector::token_text(text::TokenId id) const {
  const std::string bytes = model_.tokenizer->decode({&id, 1}, false);
  std::string out = "\"";
  for (std::size_t at = 0; at < bytes.size();) {
    const auto step = text::next_code_point(bytes, at);
    for (const char c : std::string_view(bytes).substr(at, step.bytes)) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\n')
        out += "\\n";
      else if (!step.valid || byte < 0x20 || byte == 0x7F)
        out += fmt::format("\\x{:02x}", byte);
      else
        out += c;
    }
    at += step.bytes;
  }
  return out + "\"";
}

/// Every token once; what is in no segment with the segment it follows.
std::string Inspector::tokens_of(const engine::Prompt& prompt) const {
  std::string out;
  for (const report::MaskSegment& s : report::MaskView(prompt, 0).stretches()) {
    const auto at = [&](std::int32_t i) { return static_cast<std::size_t>(i); };
    const bool loose = s.label == "-";
    out += fmt::format("{}: tokens {}-{}, positions {}-{}\n ", loose ? "  then of no segment" : s.label,
                       s.begin, s.end - 1, prompt.positions[at(s.begin)], prompt.positions[at(s.end - 1)]);
    for (std::int32_t i = s.begin; i < s.end; ++i) out += " " + token_text(prompt.ids[at(i)]);
    out += "\n";
  }
  return out;
}

std::string Inspector::checks_of(const Inspected& inspected, std::size_t request) const {
  std::string out;
  for (const ensemble::MaskCheck& mask : inspected.masks[request])
    out += fmt::format("mask: {} pairs looked at, {} allowed, {} other than the rule: {}\n", mask.pairs,
                       mask.allowed, mask.wrong, mask.wrong == 0 ? "isolated" : "NOT ISOLATED");
  std::int64_t apart = 0, leaked = 0, reached = 0;
  for (const ensemble::ModelCheck& check : inspected.isolation[request]) {
    apart += check.apart;
    leaked += check.leaked;
    reached += check.reached;
  }
  return out +
         fmt::format(
             "model: one token changed in each of {} segments: keys and values of {} tokens that do not "
             "see it, {} with another bit: {}; {} that see it changed\n",
             inspected.isolation[request].size(), apart, leaked, leaked == 0 ? "isolated" : "NOT ISOLATED",
             reached);
}

std::string Inspector::shares_of(const Inspected& inspected, std::size_t step) const {
  const auto all = shares(inspected);
  if (step >= all.size() || all[step].empty()) return "";
  std::string out = "attention:";
  double rest = 1;
  for (std::size_t p = 0; p < all[step].size(); ++p) {
    out += fmt::format(" S{} {:.1f} %,", p + 1, 100 * static_cast<double>(all[step][p]));
    rest -= static_cast<double>(all[step][p]);
  }
  return out + fmt::format(" elsewhere {:.1f} %\n", 100 * rest);
}

std::string Inspector::step_of(const Inspected& inspected, std::size_t request, std::size_t step) const {
  const TracedRequest& of = inspected.trace.requests[request];
  const auto& phrasings = of_phrasings(inspected, request, step);
  const bool one = phrasings.size() == 1 && !is_flex(options_.run.method);
  std::vector<eval::Table::Column> columns{
      {"", eval::Table::number}, {one ? "candidate" : "joint"}, {"p", eval::Table::number}};
  for (std::size_t p = 0; !one && p < phrasings.size(); ++p) {
    columns.push_back({fmt::format("S{} alone", p + 1)});
    columns.push_back({"p", eval::Table::number});
  }
  std::vector<std::vector<ensemble::Candidate>> lists{
      ensemble::top_candidates(of.steps[step].scores, of.probabilities, options_.top)};
  for (std::size_t p = 0; !one && p < phrasings.size(); ++p)
    lists.push_back(ensemble::top_candidates(phrasings[p], false, options_.top));
  eval::Table table(columns);
  for (std::size_t rank = 0; rank < lists.front().size(); ++rank) {
    std::vector<std::string> cells{fmt::format("{}", rank + 1)};
    for (const auto& list : lists) {
      cells.push_back(token_text(list[rank].token));
      cells.push_back(fmt::format("{:.3f}", list[rank].probability));
    }
    table.add(std::move(cells));
  }
  return fmt::format("step {}: {} is taken\n{}{}", step + 1, token_text(of.steps[step].token), table.text(),
                     shares_of(inspected, step));
}

std::string Inspector::steps_of(const Inspected& inspected, std::size_t request) const {
  std::string out;
  for (std::size_t step = 0; step < inspected.trace.requests[request].steps.size(); ++step)
    out += step_of(inspected, request, step) + "\n";
  return out;
}

/// The whole sequence as text, "[1>" before a segment and "<1]" after it.
std::string Inspector::marked(const engine::Prompt& prompt, const TracedRequest& request) const {
  std::string out;
  for (const report::MaskSegment& s : report::MaskView(prompt, 0).stretches()) {
    const auto ids =
        std::span(prompt.ids).subspan(static_cast<std::size_t>(s.begin), static_cast<std::size_t>(s.size()));
    const std::string text = model_.tokenizer->decode(ids, false);
    out += s.label == "-" ? text : fmt::format("[{0}>{1}<{0}]", s.label, text);
  }
  return out + fmt::format("[G>{}<G]\n", model_.tokenizer->decode(tokens_taken(request), false));
}

std::string Inspector::layers_of(const Inspected& inspected) const {
  if (inspected.layers.empty()) return "";
  const model::ModelConfig& config = model_.decoder->config();
  const engine::Prompt& prompt = inspected.trace.requests.front().prompts.front();
  using eval::Table;
  Table table({{"layer", Table::number},
               {"keys from", Table::number},
               {"to", Table::number},
               {"values from", Table::number},
               {"to", Table::number}});
  for (std::size_t layer = 0; layer < inspected.layers.size(); ++layer) {
    const ensemble::LayerRange& r = inspected.layers[layer];
    table.add({fmt::format("{}", layer), fmt::format("{:.3f}", r.lowest_key),
               fmt::format("{:.3f}", r.highest_key), fmt::format("{:.3f}", r.lowest_value),
               fmt::format("{:.3f}", r.highest_value)});
  }
  return fmt::format(
      "layers: {} on {}\nqueries [{} heads][{}], keys and values [{} tokens][{} heads][{}], hidden [{}], "
      "logits [{}]\n{}\n",
      config.layers, model_.decoder->backend().description(), config.heads, config.head_dim, prompt.free_from,
      config.kv_heads, config.head_dim, config.hidden, config.vocab, table.text());
}

std::string Inspector::text(const Inspected& inspected) const {
  const data::Sample& sample = dataset_.samples[inspected.sample];
  std::string out = fmt::format("question {}: {}\nanswers: {}\n\n", sample.uuid, sample.paraphrases.front(),
                                fmt::join(sample.answers, " | "));
  for (std::size_t r = 0; r < inspected.trace.requests.size(); ++r) {
    const TracedRequest& request = inspected.trace.requests[r];
    for (std::size_t p = 0; p < request.prompts.size(); ++p) {
      const engine::Prompt& prompt = request.prompts[p];
      const report::MaskView view(prompt, static_cast<std::int32_t>(request.steps.size()));
      out += fmt::format("== sequence {}: {} tokens\n{}\n{}\n{}\n", r + p + 1, prompt.size(),
                         tokens_of(prompt), view.text(), view.legend());
    }
    out += fmt::format("== isolation\n{}\n", checks_of(inspected, r));
    if (r == 0) out += layers_of(inspected);
    out += "== steps\n" + steps_of(inspected, r);
    out += fmt::format("answer: {}\n\n", inspected.trace.rows[std::min(r, inspected.trace.rows.size() - 1)]
                                             .at("prediction")
                                             .get<std::string>());
    out += "== sequence with segment marks\n" + marked(request.prompts.front(), request);
  }
  return out;
}

Json Inspector::candidates(const std::vector<float>& scores, bool probabilities) const {
  Json list = Json::array();
  for (const ensemble::Candidate& c : ensemble::top_candidates(scores, probabilities, options_.top))
    list.push_back({{"id", c.token}, {"text", token_text(c.token)}, {"probability", c.probability}});
  return list;
}

Json Inspector::json(const Inspected& inspected) const {
  const data::Sample& sample = dataset_.samples[inspected.sample];
  Json json{{"uuid", sample.uuid}, {"paraphrases", sample.paraphrases}, {"answers", sample.answers}};
  const auto attention = shares(inspected);
  for (std::size_t r = 0; r < inspected.trace.requests.size(); ++r) {
    const TracedRequest& request = inspected.trace.requests[r];
    Json of{{"sequences", Json::array()}, {"steps", Json::array()}, {"isolation", Json::array()}};
    for (std::size_t p = 0; p < request.prompts.size(); ++p) {
      const engine::Prompt& prompt = request.prompts[p];
      Json segments = Json::array(), tokens = Json::array();
      for (const text::TokenId id : prompt.ids) tokens.push_back(token_text(id));
      for (const report::MaskSegment& s : report::MaskView(prompt, 0).stretches())
        segments.push_back({{"segment", s.label}, {"begin", s.begin}, {"end", s.end}});
      const ensemble::MaskCheck& mask = inspected.masks[r][p];
      of["sequences"].push_back(
          {{"ids", prompt.ids},
           {"tokens", tokens},
           {"positions", prompt.positions},
           {"segments", segments},
           {"mask", {{"pairs", mask.pairs}, {"allowed", mask.allowed}, {"wrong", mask.wrong}}}});
    }
    for (const ensemble::ModelCheck& c : inspected.isolation[r])
      of["isolation"].push_back({{"segment", c.segment},
                                 {"token", c.token},
                                 {"apart", c.apart},
                                 {"leaked", c.leaked},
                                 {"reached", c.reached}});
    for (std::size_t i = 0; i < request.steps.size(); ++i) {
      Json step{{"token", request.steps[i].token},
                {"text", token_text(request.steps[i].token)},
                {"joint", candidates(request.steps[i].scores, request.probabilities)},
                {"phrasings", Json::array()}};
      for (const auto& logits : of_phrasings(inspected, r, i))
        step["phrasings"].push_back(candidates(logits, false));
      if (i < attention.size()) step["attention"] = attention[i];
      of["steps"].push_back(std::move(step));
    }
    json["requests"].push_back(std::move(of));
  }
  json["rows"] = inspected.trace.rows;
  return json;
}

void Inspector::add(const Inspected& inspected, const std::string& what,
                    core::SafeTensorsWriter& file) const {
  file.note(fmt::format("{}", inspected.sample), dataset_.samples[inspected.sample].uuid);
  for (std::size_t r = 0; r < inspected.trace.requests.size(); ++r) {
    const TracedRequest& request = inspected.trace.requests[r];
    const auto steps = static_cast<std::int64_t>(request.steps.size());
    const std::string at = fmt::format("{}.{}.", inspected.sample, r);
    if (what == "attention") {
      const auto all = shares(inspected);
      if (all.empty())
        throw Error(
            ErrorKind::usage, fmt::format("--export attention with --method {}", name(options_.run.method)),
            "flex or weighted_flex under --execution shared: others report no shares", "leave it out");
      std::vector<float> values;
      for (const auto& step : all) values.insert(values.end(), step.begin(), step.end());
      file.add(at + "attention", {steps, static_cast<std::int64_t>(all.front().size())}, values);
    } else {
      std::vector<float> joint, apart;
      for (std::size_t i = 0; i < request.steps.size(); ++i) {
        joint.insert(joint.end(), request.steps[i].scores.begin(), request.steps[i].scores.end());
        for (const auto& logits : of_phrasings(inspected, r, i))
          apart.insert(apart.end(), logits.begin(), logits.end());
      }
      const auto vocab = static_cast<std::int64_t>(request.steps.front().scores.size());
      const auto phrasings = static_cast<std::int64_t>(of_phrasings(inspected, r, 0).size());
      file.add(at + "logits", {steps, vocab}, joint);
      file.add(at + "phrasing_logits", {steps, phrasings, vocab}, apart);
      file.add(at + "tokens", {steps}, tokens_taken(request));
    }
  }
}

}  // namespace chorus::cli
