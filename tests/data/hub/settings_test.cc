#include "data/hub/settings.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

namespace chorus::data {
namespace {

using Values = std::map<std::string, std::string>;

HubSettings of(const Values& values) {
  return HubSettings::from_environment([&](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  });
}

TEST(HubSettings, TheHubsOwnDefaults) {
  const HubSettings settings = of({{"HOME", "/h/a"}});
  EXPECT_EQ(settings.endpoint, "https://huggingface.co");
  EXPECT_EQ(settings.cache, "/h/a/.cache/huggingface/hub");
  EXPECT_EQ(settings.token, "");
  EXPECT_FALSE(settings.offline);
}

TEST(HubSettings, Variables) {
  EXPECT_EQ(of({{"HF_ENDPOINT", "http://mirror:8080//"}}).endpoint, "http://mirror:8080");
  EXPECT_EQ(of({{"HF_TOKEN", "hf_x \n"}}).token, "hf_x");
  EXPECT_TRUE(of({{"HF_HUB_OFFLINE", "True"}}).offline);
  EXPECT_FALSE(of({{"HF_HUB_OFFLINE", "0"}}).offline);
  EXPECT_EQ(of({{"HF_HOME", "~/hf"}, {"HOME", "/h"}}).cache, "/h/hf/hub");
  EXPECT_EQ(of({{"HF_HOME", "/hf"}, {"HF_HUB_CACHE", "/c"}}).cache, "/c");
  EXPECT_EQ(of({{"SSL_CERT_FILE", "/s"}, {"CURL_CA_BUNDLE", "/c"}}).ca_file, "/c");
  for (const char* bad : {"ftp://x", "mirror:80", "https:", "http://a b"})
    test::expect_error(ErrorKind::usage, "HF_ENDPOINT", [&] { of({{"HF_ENDPOINT", bad}}); });
  test::expect_error(ErrorKind::usage, "HF_TOKEN", [] { of({{"HF_TOKEN", "a\nX-Other: 1"}}); });
}

TEST(HubSettings, TheTokenThatALoginKeeps) {
  const test::TempFolder folder;
  test::write_file(folder / "token", "hf_stored\n");
  EXPECT_EQ(of({{"HF_HOME", folder.path()}}).token, "hf_stored");
  EXPECT_EQ(of({{"HF_TOKEN_PATH", folder / "token"}}).token, "hf_stored");
  EXPECT_EQ(of({{"HF_HOME", folder.path()}, {"HF_TOKEN", "hf_other"}}).token, "hf_other");
  EXPECT_EQ(of({{"HF_HOME", folder.path()}, {"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"}}).token, "");
}

}  // namespace
}  // namespace chorus::data
