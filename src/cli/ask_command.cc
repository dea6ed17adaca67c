// chorus ask: one question in several phrasings, answered while you watch.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/run_options.h"
#include "core/error.h"
#include "core/log.h"
#include "core/white_space.h"
#include "text/utf8.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  std::string confidence = "fast";
  std::vector<std::string> phrasings, methods{"flex"};
  std::filesystem::path examples;
  std::optional<std::string> instruction;
  int num_few_shot = 5;
  bool json = false;
};

std::vector<std::string> lines_of_stdin() {
  if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "one phrasing a line, then Ctrl-D:\n");
  const InterruptsEndReads ends;
  std::vector<std::string> lines;
  for (std::string line; !interrupted() && std::getline(std::cin, line);)
    if (!core::is_blank(line)) lines.push_back(line);
  if (interrupted()) throw Error(ErrorKind::interrupted, "interrupted", "", "");
  return lines;
}

std::vector<std::string> read_phrasings(std::vector<std::string> given) {
  constexpr const char* kExample = "chorus ask \"What is the capital of France?\" \"France's capital is?\"";
  if (given.empty()) given = lines_of_stdin();
  if (given.empty()) throw Error(ErrorKind::usage, "no phrasing", "one or more", kExample);
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!text::is_valid_utf8(given[i]))
      throw Error(ErrorKind::data, fmt::format("phrasing {} is not UTF-8", i + 1), "UTF-8 text",
                  "check the terminal's or the file's encoding");
    given[i] = std::string(core::trimmed(given[i]));
    if (given[i].empty())
      throw Error(ErrorKind::data, fmt::format("phrasing {} is empty", i + 1), "a question", kExample);
  }
  return given;
}

/// One answer to the terminal: the name, the text as it comes, then what it was drawn from.
class Answer {
 public:
  Answer(std::string name, const Arguments& arguments) : name_(std::move(name)), arguments_(arguments) {}

  void text(const std::string& piece) {
    begin();
    fmt::print(stdout, "{}", piece);
    at_line_start_ = piece.ends_with('\n');
    std::fflush(stdout);
  }
  void row(const data::Json& row) {
    if (row.contains("paraphrase")) {
      fmt::print(stdout, "{}: {}  ({})\n", name_, row.at("prediction").get<std::string>(),
                 row.at("paraphrase").get<std::string>());
      return;
    }
    const auto prediction = row.at("prediction").get<std::string>();
    if (!begun_ && !prediction.empty()) text(" " + prediction);  // a vote has no text before it is counted
    begin();
    if (prediction.empty()) fmt::print(stdout, " (no text)");
    if (!at_line_start_) fmt::print(stdout, "\n");
    if (name_.starts_with("weighted")) weights(row.at("weights").get<std::vector<double>>());
    if (row.contains("attention_share")) shares(row.at("attention_share").get<std::vector<double>>());
  }

 private:
  void begin() {
    if (!begun_) fmt::print(stdout, "{}:", name_);
    begun_ = true;
  }
  void weights(const std::vector<double>& weights) const {
    for (std::size_t p = 0; p < weights.size(); ++p)
      fmt::print(stdout, "  weight {:.3f}  {}\n", weights[p], arguments_.phrasings[p]);
  }
  void shares(const std::vector<double>& shares) const {
    double rest = 1;
    for (std::size_t p = 0; p < shares.size(); ++p) {
      fmt::print(stdout, "  {:5.1f} %  {}\n", 100 * shares[p], arguments_.phrasings[p]);
      rest -= shares[p];
    }
    const bool concat = arguments_.layout.options().is_concat();
    if (!shares.empty())
      fmt::print(stdout, "  {:5.1f} %  ({})\n", 100 * rest,
                 concat ? "separators, the answer so far" : "instruction, examples, the answer so far");
  }

  std::string name_;
  const Arguments& arguments_;
  bool begun_ = false, at_line_start_ = false;
};

data::Dataset question(const Arguments& arguments) {
  data::Dataset dataset = data::load_dataset({.dataset = "builtin",
                                              .examples_file = arguments.examples,
                                              .instruction = arguments.instruction,
                                              .num_few_shot = arguments.num_few_shot,
                                              .num_paraphrases = 1});
  dataset.samples = {{.uuid = "question", .paraphrases = arguments.phrasings, .answers = {}}};
  return dataset;
}

/// "fast": null; "0.9,0.2": one for each phrasing; else a file that knows the phrasings by their text.
std::shared_ptr<const ensemble::ConfidenceTable> confidences(const std::string& source,
                                                             const data::Sample& sample) {
  if (source == "fast") return nullptr;
  std::vector<double> numbers;
  const char* at = source.data();
  const char* const end = at + source.size();
  while (at != end) {
    double number = 0;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || (stop != end && *stop != ','))
      return std::make_shared<ensemble::ConfidenceTable>(
          ensemble::ConfidenceTable::read(source).by_text(sample));
    numbers.push_back(number);
    at = stop == end ? end : stop + 1;
  }
  return std::make_shared<ensemble::ConfidenceTable>(ensemble::ConfidenceTable::given(sample, numbers));
}

void ask(Arguments arguments) {
  std::vector<ensemble::RunOptions> runs;
  const core::Log log;
  for (const std::string& name : arguments.methods) {
    runs.push_back(arguments.prompt.options(ensemble::method_from(name), arguments.layout));
    if (const auto note = unused_layout_note(runs.back().method, arguments.layout); !note.empty())
      log.warn("{}", note);
  }
  const ModelChoice choice = choose_model(arguments.model);
  arguments.phrasings = read_phrasings(std::move(arguments.phrasings));
  const data::Dataset dataset = question(arguments);
  const auto table = confidences(arguments.confidence, dataset.samples.front());
  bool weighs = false;
  for (ensemble::RunOptions& run : runs)
    if (ensemble::is_weighted(run.method)) {
      run.confidences = table;
      weighs = true;
    }
  if (table && !weighs)
    throw Error(ErrorKind::usage, "--confidence without a method that weighs phrasings",
                "--method " + weighted_methods(), "add it, or leave --confidence out");
  for (const std::string& note : dataset.notes) log.info("{}", note);
  LoadedModel model = load_model(choice, arguments.model.threads);
  if (arguments.prompt.chat_template)
    for (ensemble::RunOptions& run : runs) run.chat = ensemble::ChatTemplate::of(*model.checkpoint);
  engine::Engine engine(*model.decoder, model.tokenizer.get(), engine_options(arguments.model));
  const std::size_t sample = 0;
  data::Json all = data::Json::array();
  for (ensemble::RunOptions& run : runs) {
    run.num_paraphrases = static_cast<int>(arguments.phrasings.size());
    const std::string name(ensemble::name(run.method));
    const ensemble::Experiment experiment(run, dataset, *model.tokenizer, model.stop_ids);
    Answer answer(name, arguments);
    ensemble::RunEvents events;
    events.cancelled = interrupted;
    if (!arguments.json && !ensemble::answers_apart(run.method))
      events.text = [&](std::size_t, const std::string& text) { answer.text(text); };
    events.rows = [&](std::size_t, const std::vector<data::Json>& rows) {
      for (data::Json row : rows) {
        row.erase("uuid");
        row.erase("answers");
        row["method"] = name;
        if (arguments.json)
          all.push_back(row);
        else
          answer.row(row);
      }
    };
    experiment.run(engine, {&sample, 1}, events);
  }
  if (arguments.json) fmt::print(stdout, "{}\n", all.dump(2));
}

}  // namespace

void add_ask_command(CLI::App& app) {
  auto* command = app.add_subcommand("ask", "Ask one question in one or more phrasings");
  const auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("phrasings", arguments->phrasings,
                   "The question, phrased in different ways; none: one a line from stdin")
      ->type_name("TEXT");
  command->add_flag("--json", arguments->json, "Print JSON: an array of one object an answer");
  add_methods_option(*command, arguments->methods, "Methods to answer with");
  command
      ->add_option(
          "--confidence", arguments->confidence,
          "Weighted methods: what weighs a phrasing. fast: the probability of the first token it would "
          "take; numbers, one for each phrasing; or the file of 'chorus confidence'")
      ->type_name("fast|C,...|FILE")
      ->capture_default_str()
      ->group("Method");
  add_layout_options(*command, arguments->layout);
  add_chat_option(*command, arguments->prompt);
  add_answer_options(*command, arguments->prompt);
  add_example_options(*command, arguments->examples, arguments->instruction, arguments->num_few_shot);
  add_model_options(*command, arguments->model);
  command->footer(
      "Examples:\n"
      "  chorus ask \"What is the capital of France?\" \"Which city is France's capital?\"\n"
      "  chorus ask --method flex,avg,origin \"Who wrote Dune?\" \"Dune is by "
      "whom?\"\n"
      "  chorus ask --method weighted_flex --confidence 0.9,0.3 \"Who wrote Dune?\" \"Dune is by whom?\"\n"
      "  printf 'Who wrote Dune?\\nDune is by whom?\\n' | chorus ask --json\n"
      "With flex, each phrasing's share of the attention is printed below the answer.");
  command->callback([arguments] { ask(*arguments); });
}

}  // namespace chorus::cli
