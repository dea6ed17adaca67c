#include "core/descriptor.h"

#include <unistd.h>

namespace chorus::core {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace chorus::core
