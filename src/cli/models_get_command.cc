#include "cli/models_get_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/hub_download.h"
#include "cli/option_checks.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/json.h"
#include "eval/table.h"
#include "model/catalog.h"

namespace chorus::cli {
namespace {

struct Arguments {
  std::string name, repo_type = "model";
  DownloadRequest request;
  bool json = false;
};

data::Json as_json(const data::HubRepo& repo, const Downloaded& got) {
  data::Json files = data::Json::array();
  for (const data::HubFile& file : got.files)
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"digest", file.digest}});
  return {{"id", repo.id},      {"commit", got.commit},   {"path", got.folder.string()},
          {"bytes", got.bytes}, {"fetched", got.fetched}, {"files", std::move(files)}};
}

/// How `--model` may name what is here: by the id where it resolves to this very snapshot, else by its path.
std::string model_name(const data::HubRepo& repo, const Downloaded& got) {
  try {
    const model::ModelRef ref = model::resolve_model(repo.id, model::ModelPaths::from_environment());
    if (ref.path == got.folder || ref.path.parent_path() == got.folder) return repo.id;
  } catch (const Error&) {  // parts of a model, or several GGUF files: their paths will do
  }
  const auto gguf = std::find_if(got.files.begin(), got.files.end(),
                                 [](const data::HubFile& file) { return file.path.ends_with(".gguf"); });
  return gguf == got.files.end() ? got.folder.string() : (got.folder / gguf->path).string();
}

void list_files(const Downloaded& got) {
  eval::Table table({{"file"}, {"size", eval::Table::number}});
  for (const data::HubFile& file : got.files) table.add({file.path, core::size_text(file.bytes)});
  fmt::print(stdout, "{}\n{} in all, {} to fetch\n", table.text(), core::size_text(got.bytes),
             core::size_text(got.fetched));
}

void get(const Arguments& arguments) {
  const bool is_model = arguments.repo_type == "model";
  const data::HubRepo repo{is_model ? data::RepoKind::model : data::RepoKind::dataset,
                           is_model ? model::hub_id_of(arguments.name) : arguments.name};
  const Downloaded got = download(repo, arguments.request);
  if (arguments.json) {
    fmt::print(stdout, "{}\n", data::dumped(as_json(repo, got), 2));
    return;
  }
  if (arguments.request.list_only) return list_files(got);
  const core::Log log(arguments.request.quiet);
  log.info("{}", got.fetched == 0 ? "everything is here already"
                                  : fmt::format("{} fetched and checked", core::size_text(got.fetched)));
  if (is_model) log.info("use it: chorus ask --model {} ...", model_name(repo, got));
  fmt::print(stdout, "{}\n", got.folder.string());
}

}  // namespace

void add_models_get_command(CLI::App& models) {
  auto* command = models.add_subcommand("get", "Fetch a model or a data set from a hub into its cache");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("name", arguments->name, "An alias ('chorus models') or an id ORG/NAME of the hub")
      ->required()
      ->type_name("NAME");
  command->add_option("--revision", arguments->request.revision, "A branch, a tag or a commit")
      ->type_name("REVISION")
      ->capture_default_str();
  command
      ->add_option("--include", arguments->request.include,
                   "Only the files that match; without it: config, tokenizer and safetensors of a model, all "
                   "of a data set")
      ->type_name("PATTERN");
  command->add_option("--repo-type", arguments->repo_type, "model or dataset")
      ->type_name("TYPE")
      ->check(one_of({"model", "dataset"}))
      ->capture_default_str();
  command->add_flag("--verify", arguments->request.verify,
                    "Hold files that are on disk against their digests, too; damaged ones come again");
  command->add_flag("--dry-run", arguments->request.list_only, "Only list the files and their sizes");
  command->add_flag("--json", arguments->json, "Print JSON: id, commit, path, bytes, fetched, files");
  command->add_flag("--quiet", arguments->request.quiet, "No progress, warnings alone");
  command->footer(
      "Examples:\n"
      "  chorus models get qwen3_0.6b\n"
      "  chorus models get Qwen/Qwen3-0.6B --dry-run\n"
      "  chorus models get ORG/NAME-GGUF --include '*Q4_K_M.gguf'\n"
      "  chorus models get --repo-type dataset stanfordnlp/web_questions\n"
      "Prints the folder on stdout. Interrupted or cut off, the same command goes on where it was. Read from "
      "the\n"
      "environment: HF_ENDPOINT, HF_TOKEN (for gated models), HF_HUB_CACHE or HF_HOME (where to), "
      "HF_HUB_OFFLINE,\n"
      "https_proxy, no_proxy, CURL_CA_BUNDLE.");
  command->callback([arguments] { get(*arguments); });
}

}  // namespace chorus::cli
