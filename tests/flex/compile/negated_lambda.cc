// Must not compile: !lambda is a bool, and what the compiler says must name that.
#include "flex/combine.h"

int main() {
  using namespace chorus::flex;
  const auto mine = [](Index, Index, Index q, Index kv) { return q == kv; };
  return mask(!mine)(0, 0, 1, 1) ? 1 : 0;
}
