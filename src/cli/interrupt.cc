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

void install(int flags) {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  action.sa_flags = flags;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

// Reads and writes of files go on after a signal; the flag is asked between steps.
void catch_interrupts() {
  install(SA_RESTART);
}

InterruptsEndReads::InterruptsEndReads() {
  install(0);
}
InterruptsEndReads::~InterruptsEndReads() {
  install(SA_RESTART);
}

bool interrupted() {
  return pending != 0;
}

}  // namespace chorus::cli
