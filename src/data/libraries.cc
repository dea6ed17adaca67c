#include "data/libraries.h"

#include <arrow/config.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

namespace chorus::data {

std::vector<Library> libraries() {
  return {{"Arrow", arrow::GetBuildInfo().version_string},
          {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"libcurl", curl_version_info(CURLVERSION_NOW)->version}};
}

}  // namespace chorus::data
