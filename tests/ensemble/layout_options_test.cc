// Layout options: their spelling, and which go together.
#include <gtest/gtest.h>

#include <cmath>

#include "ensemble/layout.h"
#include "support/errors.h"

namespace chorus::ensemble {
namespace {

using test::expect_error;

TEST(LayoutOptions, NamesReadBack) {
  for (const char* text : {"concat", "shared", "examples", "causal-concat", "causal-shared"})
    EXPECT_EQ(name(layout_kind_from(text)), text);
  for (const char* text : {"none", "own"}) EXPECT_EQ(name(separator_scope_from(text)), text);
  for (const char* text : {"own", "all", "first", "none"}) EXPECT_EQ(name(bos_scope_from(text)), text);
  for (const char* text : {"own", "fused"}) EXPECT_EQ(name(cue_from(text)), text);
  for (const char* text : {"sequential", "aligned"}) EXPECT_EQ(name(positions_from(text)), text);
  for (const char* text : {"none", "ape"}) EXPECT_EQ(name(calibration_from(text)), text);
  EXPECT_EQ(layout_kind_from("causal_concat"), LayoutKind::causal_concat);
}

TEST(LayoutOptions, OrderReadsBack) {
  for (const char* text : {"given", "reversed", "seed:0", "seed:18446744073709551615"}) {
    LayoutOptions options;
    set_order(text, options);
    EXPECT_EQ(order_name(options), text);
  }
}

TEST(LayoutOptions, UnknownNamesListWhatThereIs) {
  expect_error(ErrorKind::usage, "concat, shared, examples, causal-concat, causal-shared",
               [] { layout_kind_from("sharde"); });
  expect_error(ErrorKind::usage, "own, all, first, none", [] { bos_scope_from(""); });
  expect_error(ErrorKind::usage, "--cue 'both'", [] { cue_from("both"); });
  expect_error(ErrorKind::usage, "--positions", [] { positions_from("align"); });
  expect_error(ErrorKind::usage, "--separator-scope", [] { separator_scope_from("all"); });
  for (const char* text :
       {"", "seed", "seed:", "seed:x", "seed:1x", "seed:-1", "seed:18446744073709551616", "random"}) {
    LayoutOptions options;
    expect_error(ErrorKind::usage, "given, reversed or seed:K", [&] { set_order(text, options); });
  }
}

TEST(LayoutOptions, WhatDoesNotGoTogetherIsRefused) {
  const auto refused = [](const std::string& part, const LayoutOptions& options) {
    expect_error(ErrorKind::usage, part, [&] { check(options); });
  };
  EXPECT_NO_THROW(check({}));
  for (const auto bos : {BosScope::all, BosScope::none})
    EXPECT_NO_THROW(check(
        {.kind = LayoutKind::shared, .separator = "", .bos_scope = bos, .positions = Positions::aligned}));
  for (const auto kind : {LayoutKind::shared, LayoutKind::causal_shared}) {
    refused("--separator with --layout", {.kind = kind, .bos_scope = BosScope::all});
    refused("--bos-scope own", {.kind = kind, .separator = "", .bos_scope = BosScope::own});
    refused("--bos-scope first", {.kind = kind, .separator = "", .bos_scope = BosScope::first});
    refused(
        "--separator-scope own",
        {.kind = kind, .separator = "", .separator_scope = SeparatorScope::own, .bos_scope = BosScope::all});
  }
  refused("--cue own with --layout examples",
          {.kind = LayoutKind::examples, .separator = "", .bos_scope = BosScope::all});
  refused("--positions aligned with --layout examples", {.kind = LayoutKind::examples,
                                                         .separator = "",
                                                         .bos_scope = BosScope::all,
                                                         .cue = Cue::fused,
                                                         .positions = Positions::aligned});
  refused("--bos-scope own with --layout examples",
          {.kind = LayoutKind::examples, .separator = "", .cue = Cue::fused});
  refused("--context-temperature 0", {.calibration = Calibration::ape, .context_temperature = 0});
  refused("--context-scale nan", {.calibration = Calibration::ape, .context_scale = NAN});
  refused("--positions aligned with --layout causal-concat",
          {.kind = LayoutKind::causal_concat, .positions = Positions::aligned});
  refused("--positions aligned with --layout causal-shared", {.kind = LayoutKind::causal_shared,
                                                              .separator = "",
                                                              .bos_scope = BosScope::all,
                                                              .positions = Positions::aligned});
}

}  // namespace
}  // namespace chorus::ensemble
