# find_package(chorus-flex): the target chorus::flex, FlexAttention for C++, and where it was built with nvcc
# chorus::flex_cuda, for projects with the language CUDA.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(PkgConfig)
if(NOT TARGET PkgConfig::HWY)
  pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
endif()
foreach(kind STANDARD EXTENSION)  # CMake before 3.26 may not know it of a new nvcc
  if(CMAKE_CUDA_COMPILER AND NOT DEFINED CMAKE_CUDA20_${kind}_COMPILE_OPTION)
    set(CMAKE_CUDA20_${kind}_COMPILE_OPTION -std=c++20)
  endif()
endforeach()
include(${CMAKE_CURRENT_LIST_DIR}/chorus-flex.cmake)
