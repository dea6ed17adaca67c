# Our own files compile without warnings; warnings are errors where CHORUS_WERROR is on (CI).
# Members that a designated initialiser leaves out keep their defaults, which -Wmissing-field-initializers calls a mistake.
# -Wrestrict reports std::string concatenation falsely in g++ 12 (GCC bug 105651).
option(CHORUS_WERROR "treat warnings as errors" OFF)
add_library(chorus_warnings INTERFACE)
target_compile_options(chorus_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-missing-field-initializers>
                       $<$<BOOL:${CHORUS_WERROR}>:-Werror>)
if(CHORUS_SANITIZE)
  add_compile_options(-fsanitize=${CHORUS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CHORUS_SANITIZE})
endif()

# A compiler cache where there is one. Its settings let clones in other folders and precompiled headers share it.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT DEFINED CACHE{CMAKE_CXX_COMPILER_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
