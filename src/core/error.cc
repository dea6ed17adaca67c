#include "core/error.h"

#include <utility>

namespace chorus {

Error::Error(ErrorKind kind, std::string got, std::string expected, std::string todo)
    : kind_(kind), got_(std::move(got)), expected_(std::move(expected)), todo_(std::move(todo)) {
  text_ = got_;
  if (!expected_.empty()) text_ += "; expected " + expected_;
  if (!todo_.empty()) text_ += "; " + todo_;
}

}  // namespace chorus
