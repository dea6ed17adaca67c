// Ctrl-C, turned into a flag that long work asks: the first one ends the work in order, a second one at once.
//
//   catch_interrupts();
//   while (more() && !interrupted()) step();
//   if (interrupted()) throw Error(ErrorKind::interrupted, "interrupted", "", "");
#pragma once

namespace chorus::cli {

/// Installs the handler of SIGINT and SIGTERM. Call once, in main.
void catch_interrupts();
/// Whether a signal came since; it stays so. From any thread.
bool interrupted();

/// While one lives, an interrupt also ends a read that waits for the person at the terminal.
class InterruptsEndReads {
 public:
  InterruptsEndReads();
  ~InterruptsEndReads();
  InterruptsEndReads(const InterruptsEndReads&) = delete;
  InterruptsEndReads& operator=(const InterruptsEndReads&) = delete;
};

}  // namespace chorus::cli
