# The GPU's share: CHORUS_CUDA=AUTO compiles flex/cuda and one instantiation of each kernel where nvcc is found, ON all of it
# (GPU tests and benchmark; nvcc must be there), OFF nothing.
set(CHORUS_CUDA AUTO CACHE STRING "GPU code: AUTO (one instantiation of each kernel, where nvcc is found), ON (all), OFF")
set_property(CACHE CHORUS_CUDA PROPERTY STRINGS AUTO ON OFF)

set(CHORUS_CUDA_FOUND OFF)
if(NOT CHORUS_CUDA STREQUAL "OFF")
  find_program(CHORUS_NVCC nvcc HINTS ${CUDAToolkit_ROOT}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
  if(CHORUS_NVCC)
    set(CHORUS_CUDA_FOUND ON)
  elseif(NOT CHORUS_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "CHORUS_CUDA=${CHORUS_CUDA} but no nvcc; expected CUDA's toolkit, 12.4 or later; "
                        "install it or name it with -DCHORUS_NVCC=.../bin/nvcc")
  endif()
endif()
if(NOT CHORUS_CUDA_FOUND)
  return()
endif()

set(CMAKE_CUDA_COMPILER ${CHORUS_NVCC})
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90a-real)
endif()
enable_language(CUDA)
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake before 3.26 may not know it of a new nvcc
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
endif()
# What every .cu file of ours is compiled with; chorus_flex adds what mods need.
add_library(chorus_cuda_options INTERFACE)
target_compile_options(chorus_cuda_options INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wconversion,-Wshadow,-Wno-restrict>
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${CHORUS_WERROR}>>:-Werror=all-warnings>)

# Streams, buffers and block masks on a device; kernels are templates that a user's .cu file compiles.
file(GLOB CHORUS_CUDA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/flex/cuda/*.cu)
add_library(chorus_flex_cuda STATIC ${CHORUS_CUDA_SOURCES})
target_link_libraries(chorus_flex_cuda PUBLIC chorus_flex $<BUILD_INTERFACE:chorus_cuda_options>)
add_library(chorus::flex_cuda ALIAS chorus_flex_cuda)
set_target_properties(chorus_flex_cuda PROPERTIES EXPORT_NAME flex_cuda)
install(TARGETS chorus_flex_cuda EXPORT chorus-flex ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT flex)
