// Numbers as text: the shortest form that reads back as the same value, always recognisable as a float.
//
//   number_text(0.5) == "0.5"; number_text(2.0) == "2.0"; float_text(0.1F) == "0.1";
#pragma once

#include <string>

namespace chorus::data {

/// "nan", "inf" and "-inf" for what is not finite.
std::string number_text(double number);
std::string float_text(float number);

}  // namespace chorus::data
