#include "cli/interrupt.h"

#include <csignal>

namespace chorus::cli {
namespace {

// A signal handler can reach nothing but an object of static storage.
volatile std::sig_atomic_t pending = 0;

extern "C" void note_interrupt(int signal) {
  if (pending != 0) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  pending = 1;
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
}

bool interrupted() { return pending != 0; }

}  // namespace chorus::cli
