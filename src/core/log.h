// Messages for the person at the terminal, on stderr. Results never go through here.
//
//   Log log(quiet);
//   log.warn("{} of {} samples have fewer than {} phrasings", few, total, n);
//   log.info("model: {}", path);                                  // not shown when quiet
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>

namespace spdlog {
class logger;
}

namespace chorus::core {

/// Thread-safe: each message is one whole line. Copies write to the same place.
class Log {
 public:
  /// `quiet` leaves warnings only.
  explicit Log(bool quiet = false);

  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(false, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    write(true, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  void write(bool warning, std::string_view message) const;

  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace chorus::core
