// One subcommand each: its options, and what it does when it is chosen, while the command line is parsed. What it throws is
// for main() to tell.
//
//   CLI::App app;
//   add_ask_command(app);
//   app.parse(argc, argv);   // "ask ..." runs it
#pragma once

namespace CLI {
class App;
}

namespace chorus::cli {

void add_analyze_command(CLI::App& app);
void add_ask_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_completion_command(CLI::App& app);
void add_confidence_command(CLI::App& app);
void add_demo_command(CLI::App& app);
void add_doctor_command(CLI::App& app);
void add_generate_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_man_command(CLI::App& app);
void add_mask_command(CLI::App& app);
void add_models_command(CLI::App& app);
void add_prepare_command(CLI::App& app);
void add_prompts_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_sweep_command(CLI::App& app);
void add_tune_command(CLI::App& app);

}  // namespace chorus::cli
