// chorus mask: who sees whom in a layout, in the terminal or as a picture; needs no model and no tokenizer.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/layout_arguments.h"
#include "cli/option_checks.h"
#include "core/error.h"
#include "data/durable_file.h"
#include "report/figures.h"
#include "report/schematic.h"

namespace chorus::cli {
namespace {

struct Arguments {
  LayoutArguments layout;
  std::vector<std::string> segments;  // "0-48"
  report::SchematicSizes sizes;
  std::int32_t prompt_length = 0, generated = 10;
  std::string by = "token", output;
};

std::pair<std::int32_t, std::int32_t> range_from(const std::string& text) {
  std::int32_t begin = 0, end = 0;
  const char* const last = text.data() + text.size();
  const auto first = std::from_chars(text.data(), last, begin);
  const bool split = first.ec == std::errc() && first.ptr != last && *first.ptr == '-';
  const auto second = split ? std::from_chars(first.ptr + 1, last, end) : first;
  if (split && second.ec == std::errc() && second.ptr == last) return {begin, end};
  throw Error(ErrorKind::usage, fmt::format("segment '{}'", text),
              "BEGIN-END, such as 0-48, END not included", "correct --segments");
}

engine::Prompt prompt_of_ranges(const Arguments& arguments) {
  std::vector<std::pair<std::int32_t, std::int32_t>> ranges;
  for (const std::string& segment : arguments.segments) ranges.push_back(range_from(segment));
  const std::int32_t length = arguments.prompt_length > 0 ? arguments.prompt_length : ranges.back().second;
  return report::prompt_of_ranges(ranges, length);
}

void mask(const Arguments& arguments) {
  const report::MaskView view(arguments.segments.empty()
                                  ? report::schematic_prompt(arguments.layout.options(), arguments.sizes)
                                  : prompt_of_ranges(arguments),
                              arguments.generated);
  if (!arguments.output.empty()) {
    data::write_durable(arguments.output, report::mask_figure(view, report::format_of(arguments.output)));
    fmt::print(stderr, "written: {}\n", arguments.output);
    return;
  }
  fmt::print(stdout, "{}\n{}", arguments.by == "segment" ? view.by_segment() : view.text(), view.legend());
}

}  // namespace

void add_mask_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("mask", "Draw a layout's attention mask in the terminal, as PNG or as SVG");
  const auto arguments = std::make_shared<Arguments>();
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  add("--by", arguments->by, "WHAT", "token: up to 25 telling positions; segment: whole segments")
      ->check(one_of({"token", "segment"}));
  add("--output", arguments->output, "FILE", "Draw all of it into FILE.png or FILE.svg");
  add("--generated", arguments->generated, "N", "Generated tokens behind the prompt")
      ->check(whole_number(0, 100000));
  add_layout_options(*command, arguments->layout);
  const auto size = [&](const char* name, auto& value, const char* help) {
    return command->add_option(name, value, help)
        ->type_name("N")
        ->check(whole_number(0, 100000))
        ->capture_default_str()
        ->group("Sizes, in tokens");
  };
  size("--paraphrase-tokens", arguments->sizes.paraphrases, "Of each paraphrase, one number a paraphrase")
      ->delimiter(',')
      ->type_name("N,...");
  size("--shared-tokens", arguments->sizes.shared, "Of instruction and worked examples");
  size("--cue-tokens", arguments->sizes.cue, "Of the answer cue");
  size("--separator-tokens", arguments->sizes.separator, "Of a separator (concat)");
  command->add_flag("--bos", arguments->sizes.bos, "The tokenizer adds a beginning of text")
      ->group("Sizes, in tokens");
  command
      ->add_option("--segments", arguments->segments,
                   "In place of a layout: isolated segments, END not included")
      ->type_name("BEGIN-END,...")
      ->delimiter(',')
      ->group("Sizes, in tokens");
  size("--prompt-length", arguments->prompt_length,
       "With --segments: tokens of the prompt; 0: to the last segment's end");
  command->footer(
      "Examples:\n"
      "  chorus mask\n"
      "  chorus mask --layout concat --cue own --by segment\n"
      "  chorus mask --segments 0-48,48-95,95-143,143-192,192-238 --generated 10\n"
      "  chorus mask --output mask.svg");
  command->callback([arguments] { mask(*arguments); });
}

}  // namespace chorus::cli
