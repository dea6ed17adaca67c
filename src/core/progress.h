// How far a long job is, on stderr: a live line on a terminal, one plain line a minute elsewhere.
//
//   Progress progress("flex", samples, quiet);
//   progress.advance(1);                       // from any thread
//   progress.finish();                         // "flex: 500/500 (100 %), 4.51/s, took 1:51"
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

namespace chorus::core {

/// What is counted: things, or bytes, which are shown as MB and GB.
enum class ProgressUnit { items, bytes };

class Progress {
 public:
  /// `total` 0 means unknown: then there is no share and no time left. `quiet` writes nothing at all.
  Progress(std::string label, std::int64_t total, bool quiet, ProgressUnit unit = ProgressUnit::items);
  /// To another stream, as if it were (not) a terminal.
  Progress(std::string label, std::int64_t total, std::FILE* stream, bool terminal);
  /// A line that was begun is ended, so that what is printed next starts on its own.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t count);
  /// Counts what an earlier run did: it is done, but says nothing of the rate.
  void start_from(std::int64_t count);
  /// Takes a live line off the screen, so that other output can stand in its place; it comes back with the next advance().
  void wipe();
  /// Writes the last line. Later calls of advance() and finish() do nothing.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void write(Clock::time_point now, bool last);

  std::string label_;
  std::int64_t total_;
  ProgressUnit unit_ = ProgressUnit::items;
  std::FILE* stream_;  // null when quiet
  bool terminal_ = false;
  std::mutex mutex_;
  std::int64_t done_ = 0, before_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point written_ = start_;
  std::size_t width_ = 0;  // of the live line on the screen, to wipe it
  bool finished_ = false;
};

/// A span of time: "0:07", "1:46", "2:03:09".
std::string clock_text(double seconds);

/// The line itself: "flex: 20/500 (4 %), 4.51/s, 1:46 left" with `done` after `seconds`; "took 1:51" on the
/// last. Of `done`, `before` was there at the start. Bytes: "w: 1.2 GB of 4.9 GB (24 %), 35.1 MB/s, 1:46 left".
std::string progress_line(const std::string& label, std::int64_t done, std::int64_t total, double seconds,
                          bool last, ProgressUnit unit = ProgressUnit::items, std::int64_t before = 0);

/// "812 B", "5.6 kB", "94.3 MB", "16.1 GB": decimal units, as the hub and disks show them.
std::string size_text(std::uint64_t bytes);

}  // namespace chorus::core
