// A hub on this machine (hub_server.py, which lists the faults it can have), serving repositories that a test writes.
//
//   HubServer server({"cut=5000"});
//   server.add("models/org/tiny/config.json", "{}");
//   settings.endpoint = server.endpoint();
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace chorus::test {

class HubServer {
 public:
  explicit HubServer(std::vector<std::string> faults = {}) {
    std::vector<std::string> words{"python3", CHORUS_SOURCE_DIR "/tests/support/hub_server.py",
                                   (folder_ / "served").string(), log().string()};
    words.insert(words.end(), faults.begin(), faults.end());
    std::filesystem::create_directories(folder_ / "served");
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::execvp("python3", argv.data());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    input_ = to[1];  // its end ends the server, also when this process dies
    for (char c = 0; ::read(from[0], &c, 1) == 1 && std::isdigit(static_cast<unsigned char>(c)) != 0;)
      port_ += c;
    ::close(from[0]);
    if (port_.empty()) throw std::runtime_error("the hub of the tests does not start");
  }
  ~HubServer() {
    ::close(input_);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  HubServer(const HubServer&) = delete;
  HubServer& operator=(const HubServer&) = delete;

  std::string endpoint() const { return "http://127.0.0.1:" + port_; }
  /// "models/ORG/NAME/PATH" or "datasets/ORG/NAME/PATH".
  void add(const std::string& path, std::string_view content) const {
    const std::filesystem::path file = folder_ / "served" / path;
    std::filesystem::create_directories(file.parent_path());
    write_file(file, content);
  }
  /// "METHOD PATH RANGE TOKEN", one a request so far.
  std::vector<std::string> requests() const {
    std::ifstream in(log());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::filesystem::path log() const { return folder_ / "log"; }

  TempFolder folder_;
  pid_t pid_ = -1;
  int input_ = -1;
  std::string port_;
};

/// `count` bytes that do not repeat soon.
inline std::string noise(std::size_t count, std::uint32_t seed = 1) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) {
    seed = seed * 1664525U + 1013904223U;
    byte = static_cast<char>(seed >> 24U);
  }
  return bytes;
}

}  // namespace chorus::test
