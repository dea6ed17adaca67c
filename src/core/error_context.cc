#include "core/error_context.h"

namespace chorus::core {

Error in_context(const std::string& place, const Error& error) {
  return {error.kind(), place + ": " + error.got(), error.expected(), error.todo()};
}

Error not_enough_memory() {
  return {ErrorKind::device, "not enough memory", "room for the model, its keys and values",
          "lower --kv-memory or --batch-size"};
}

}  // namespace chorus::core
