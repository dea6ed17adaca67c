// Arrow's libraries carry copies of simdjson, OpenSSL and utf8proc and export them; whoever comes first in the process
// serves all callers. These must be the libraries this program is compiled against.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>

namespace chorus::data {
namespace {

std::string library_of(const char* symbol) {
  void* address = dlsym(RTLD_DEFAULT, symbol);
  Dl_info info{};
  if (address == nullptr || dladdr(address, &info) == 0) return "nowhere";
  return info.dli_fname;
}

TEST(OwnLibraries, ComeBeforeTheCopiesInsideArrow) {
  EXPECT_NE(library_of("_ZN8simdjson22builtin_implementationEv").find("libsimdjson"), std::string::npos)
      << library_of("_ZN8simdjson22builtin_implementationEv");
  EXPECT_NE(library_of("utf8proc_version").find("libutf8proc"), std::string::npos)
      << library_of("utf8proc_version");
  EXPECT_NE(library_of("EVP_DigestInit_ex").find("libcrypto"), std::string::npos)
      << library_of("EVP_DigestInit_ex");
}

}  // namespace
}  // namespace chorus::data
