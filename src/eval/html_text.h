// Text inside an HTML document.
//
//   html_escaped("a < \"b\"");          // a &lt; &quot;b&quot;   (fit for an attribute too)
//   html_escaped("a < \"b\"", false);   // a &lt; "b"
#pragma once

#include <string>
#include <string_view>

namespace chorus::eval {

/// & < > become entities, and " where `quotes` says so: inside an attribute it must.
std::string html_escaped(std::string_view text, bool quotes = true);

}  // namespace chorus::eval
