#include "core/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace chorus::core {

// A logger of its own, outside spdlog's registry, which is global.
Log::Log(bool quiet)
    : logger_(std::make_shared<spdlog::logger>("chorus", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->set_level(quiet ? spdlog::level::warn : spdlog::level::info);
  logger_->flush_on(spdlog::level::info);
}

void Log::write(bool warning, std::string_view message) const {
  if (warning) {
    logger_->warn("warning: {}", message);
  } else {
    logger_->info("{}", message);
  }
}

}  // namespace chorus::core
