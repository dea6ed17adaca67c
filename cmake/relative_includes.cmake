# Run at installation, with `root` the folder that holds flex/ and core/: the headers there include each other by relative
# paths, so that a core/ or flex/ of the project that uses them does not come between.
file(GLOB_RECURSE headers RELATIVE ${root} ${root}/flex/*.h ${root}/flex/*.cuh ${root}/core/*.h)
if(NOT headers)
  message(FATAL_ERROR "no headers of flex in ${root}, where they were to be installed")
endif()
foreach(header ${headers})
  if(IS_SYMLINK ${root}/${header})  # CMAKE_INSTALL_MODE: it is the source's own
    continue()
  endif()
  string(REGEX REPLACE "[^/]+" ".." up ${header})
  string(REGEX REPLACE "\\.\\.$" "" up ${up})
  file(READ ${root}/${header} text)
  string(REGEX REPLACE "(\n#include \")(core|flex)/" "\\1${up}\\2/" text "${text}")
  file(WRITE ${root}/${header} "${text}")
endforeach()
