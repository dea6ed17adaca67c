#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace chorus::core {
namespace {

constexpr std::chrono::milliseconds kLiveInterval{200};
constexpr std::chrono::seconds kPlainInterval{60};

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0.0, 3.6e8)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string progress_line(const std::string& label, std::int64_t done, std::int64_t total, double seconds,
                          bool last, ProgressUnit unit, std::int64_t before) {
  const bool bytes = unit == ProgressUnit::bytes;
  const auto amount = [&](std::int64_t count) {
    return bytes ? size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0)))
                 : fmt::format("{}", count);
  };
  std::string line = fmt::format("{}: {}", label, amount(done));
  if (total > 0)
    line += fmt::format(
        "{}{} ({} %)", bytes ? " of " : "/", amount(total),
        static_cast<std::int64_t>(100.0 * static_cast<double>(done) / static_cast<double>(total)));
  const double rate = seconds > 0 ? static_cast<double>(done - before) / seconds : 0.0;
  if (rate > 0)
    line += bytes ? fmt::format(", {}/s", amount(std::llround(rate))) : fmt::format(", {:.3g}/s", rate);
  if (last) return line + ", took " + clock_text(seconds);
  if (rate > 0 && total > done)
    line += fmt::format(", {} left", clock_text(static_cast<double>(total - done) / rate));
  return line;
}

Progress::Progress(std::string label, std::int64_t total, bool quiet, ProgressUnit unit)
    : Progress(std::move(label), total, quiet ? nullptr : stderr, ::isatty(STDERR_FILENO) == 1) {
  unit_ = unit;
}

Progress::Progress(std::string label, std::int64_t total, std::FILE* stream, bool terminal)
    : label_(std::move(label)), total_(total), stream_(stream), terminal_(terminal) {
  if (stream_ != nullptr && terminal_) write(start_, false);
}

Progress::~Progress() {
  if (stream_ != nullptr && terminal_ && !finished_) std::fputc('\n', stream_);
}

void Progress::advance(std::int64_t count) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  done_ += count;
  const auto now = Clock::now();
  if (stream_ != nullptr &&
      ((terminal_ && width_ == 0) ||
       now - written_ >= (terminal_ ? Clock::duration(kLiveInterval) : Clock::duration(kPlainInterval))))
    write(now, false);
}

void Progress::start_from(std::int64_t count) {
  const std::lock_guard lock(mutex_);
  done_ += count;
  before_ += count;
}

void Progress::wipe() {
  const std::lock_guard lock(mutex_);
  if (stream_ == nullptr || !terminal_ || finished_ || width_ == 0) return;
  const std::string line = '\r' + std::string(width_, ' ') + '\r';
  std::fwrite(line.data(), 1, line.size(), stream_);
  std::fflush(stream_);
  width_ = 0;
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = true;
  if (stream_ != nullptr) write(Clock::now(), true);
}

void Progress::write(Clock::time_point now, bool last) {
  written_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::string line = progress_line(label_, done_, total_, seconds, last, unit_, before_);
  if (!terminal_) {
    line += '\n';
  } else {
    const std::size_t width = line.size();
    if (width < width_) line.append(width_ - width, ' ');
    width_ = width;
    line = '\r' + line + (last ? "\n" : "");
  }
  std::fwrite(line.data(), 1, line.size(), stream_);
  std::fflush(stream_);
}

}  // namespace chorus::core
