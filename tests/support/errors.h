// Expects a chorus::Error of one kind whose text contains something.
//
//   expect_error(ErrorKind::model, "is of type IQ4_XS", [&] { Gguf::from_bytes(bytes, "m.gguf"); });
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <string>

#include "core/error.h"

namespace chorus::test {

template <class Body>
void expect_error(ErrorKind kind, const std::string& part, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
    EXPECT_FALSE(error.expected().empty()) << "nothing is said to be expected: " << error.what();
    EXPECT_FALSE(error.todo().empty()) << "nothing is said to do: " << error.what();
    return;
  } catch (const std::exception& other) {
    ADD_FAILURE() << "not a chorus::Error: " << other.what();
    return;
  }
  ADD_FAILURE() << "no error; one was expected with: " << part;
}

}  // namespace chorus::test
