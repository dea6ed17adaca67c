// Where a result lives and how its files are called: {output-dir}/{dataset}/{model}/{stem}.feather and so on; or, for one that
// is a single file, as its user calls it.
//
//   ResultFiles files{result_folder("results", "webqa", "smollm2-135m"),
//                     result_stem({.method = "flex", .paraphrases = 5, .options = {{"cue", "fused"}}})};
//   files.feather();  // results/webqa/smollm2-135m/flex_attention-5.cue=fused.feather
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chorus::data {

/// `{output_dir}/{dataset}/{model}`; a '/' inside a name becomes "--" (as in the Hugging Face cache). Throws
/// Error(usage) for a name that cannot be a folder.
std::filesystem::path result_folder(const std::filesystem::path& output_dir, std::string_view dataset,
                                    std::string_view model);

struct ResultName {
  std::string method = {};  // origin, per_prompt, avg, max, flex, ..., confidence; paraphrases, samples
  int paraphrases = 0;      // N; not part of the name of origin, per_prompt, confidence, paraphrases, samples
  std::vector<int> indexs = {};  // --indexs i,j: the name goes to diversity/ and ends in -i,j
  std::string draw = {};         // "m5a5s3": drawn phrasings; in place of N, in every method's name
  // Options in force: of the layout ("layout", "cue", ...), which only the flex methods have, and of the phrasings ("seed",
  // "repeat").
  std::map<std::string, std::string> options = {};
  std::string tag = {};  // --tag: stands in place of the options
};

/// `flex_attention-5.cue=fused,layout=shared`: options sorted by name, those at their published value left
/// out; other methods carry none of the layout. Characters that a file name or the list cannot hold are percent-encoded.
/// Throws Error(usage) for an unknown method, a tag with other characters than letters, digits and . _ = , +
/// -, or a name over 200 bytes.
std::string result_stem(const ResultName& name);

struct ResultFiles {
  std::filesystem::path folder;
  std::string stem;
  std::vector<std::string> forms = {
      "feather", "csv"};  // of the table (data/table_file.h): a file of each, the first named first

  std::filesystem::path table(const std::string& form) const { return folder / (stem + "." + form); }
  /// The one to name and to read.
  std::filesystem::path main_table() const { return table(forms.front()); }
  std::filesystem::path feather() const { return table("feather"); }
  std::filesystem::path csv() const { return table("csv"); }
  std::filesystem::path manifest() const { return folder / (stem + ".json"); }
  std::filesystem::path run() const { return folder / (stem + ".run.json"); }
  std::filesystem::path log() const { return folder / (stem + ".log.jsonl"); }
  /// The log of a rewriting that is not finished. No stem's other files end like this.
  std::filesystem::path rewrite_log() const { return folder / (stem + ".rewrite.jsonl"); }
};

/// One table in one file that the user named, its manifest and log beside it. Throws Error(usage) for an ending that is none of
/// .jsonl, .feather and .csv, and for a name that those of another result may have.
ResultFiles single_file(const std::filesystem::path& path);

}  // namespace chorus::data
