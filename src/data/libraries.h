// The libraries that this room stands on, for people who ask what they run.
//
//   for (const Library& library : data::libraries()) fmt::print("{} {}\n", library.name, library.version);
#pragma once

#include <string>
#include <vector>

namespace chorus::data {

struct Library {
  std::string name, version;
};

/// Arrow, OpenSSL and libcurl as they are loaded now, which need not be what the program was built with.
std::vector<Library> libraries();

}  // namespace chorus::data
