// The durable log of a run: append-only, one line of JSON per finished sample, on disk before append returns.
//
//   ResultLog log("results/webqa/m/origin.log.jsonl", configuration);
//   if (!log.contains(uuid)) log.append(uuid, {row});
//   for (const Json& row : log.read(uuid)) ...
//
// First line: format version and configuration; then one line per session (a run that opened it) and per
// sample, each with a checksum. Kill -9 at any moment leaves at most a torn last line, which the next opening
// cuts off.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/configuration.h"
#include "data/json.h"
#include "data/posix_file.h"

namespace chorus::data {

class ResultLog {
 public:
  struct Options {
    bool rewrite = false;           // start anew whatever is there
    Json session = Json::object();  // what to note about this run (host, start time)
  };

  /// Opens or creates, and locks. Throws Error(io) when it cannot be written or another process has it open;
  /// Error(data) when a line before the last is damaged or the log is of another configuration (each key
  /// named with both values), unless `rewrite` or no sample is in it. Compared is Configuration::log_identity():
  /// settings that may be raised are no part of it, program version and instruction set are.
  ResultLog(const std::filesystem::path& path, const Configuration& configuration, const Options& options);
  ResultLog(const std::filesystem::path& path, const Configuration& configuration)
      : ResultLog(path, configuration, Options{}) {}
  ResultLog(ResultLog&&) noexcept = default;

  /// Adds a finished sample with its rows (one; per_prompt: one per paraphrase) and returns once they are on
  /// disk. Throws Error(io) on a full disk (the file then ends where it ended before), Error(data) for a key
  /// that is there already or a row with a number that is not finite or text that is not UTF-8. Not
  /// thread-safe.
  void append(std::string_view key, const std::vector<Json>& rows);

  bool contains(std::string_view key) const { return index_.contains(std::string(key)); }
  /// Finished samples in the order they finished.
  const std::vector<std::string>& keys() const { return keys_; }
  /// The rows of a finished sample, read back from disk and checked. Throws Error(data) for a key that is not
  /// there.
  std::vector<Json> read(std::string_view key) const;

  /// What each opening noted, this one last. sessions().size() - 1 is the number of resumes.
  const std::vector<Json>& sessions() const { return sessions_; }
  /// Bytes of a torn last line cut off at opening; 0 when there was none.
  std::uint64_t dropped_bytes() const { return dropped_bytes_; }
  const std::filesystem::path& path() const { return path_; }

  /// Keeps other runs from opening a log for as long as the descriptor lives; an empty one when there is no such file.
  /// Throws Error(io) when another run has it open.
  static Descriptor hold(const std::filesystem::path& path);

  /// The log_identity() of a log without opening it for writing; null when there is no readable one.
  static Json stored_identity(const std::filesystem::path& path);
  /// The finished samples of a log without opening it for writing: those an opening with this configuration would find, none
  /// where there is no log. Throws Error(data) where the opening would for a log of another configuration.
  static std::vector<std::string> stored_keys(const std::filesystem::path& path,
                                              const Configuration& configuration);

 private:
  struct Extent {
    std::uint64_t offset, bytes;
  };
  void open_and_lock();
  bool is_unused(const Json& identity) const;
  void load(const Json& identity);
  void start(const Json& identity);
  void take(const Json& line, Extent where, std::size_t number);
  Extent append_line(const Json& line);

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;  // end of the last good line
  std::uint64_t dropped_bytes_ = 0;
  bool broken_ = false;  // a partial line could not be taken back
  std::unordered_map<std::string, Extent> index_;
  std::vector<std::string> keys_;
  std::vector<Json> sessions_;
};

}  // namespace chorus::data
