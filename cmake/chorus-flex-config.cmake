# find_package(chorus-flex): the target chorus::flex, FlexAttention for C++.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(PkgConfig)
if(NOT TARGET PkgConfig::HWY)
  pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/chorus-flex.cmake)
