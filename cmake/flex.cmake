# flex and the little of core it stands on, as libraries that the rest of chorus links and that others install alone:
# cmake --install BUILD --component flex --prefix PREFIX, then find_package(chorus-flex) and chorus::flex; or add_subdirectory of
# all of this.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# What flex includes of core. A file added here needs its header in the list below.
set(flex_core_sources ${PROJECT_SOURCE_DIR}/src/core/dtype.cc ${PROJECT_SOURCE_DIR}/src/core/error.cc
                      ${PROJECT_SOURCE_DIR}/src/core/threads.cc)
set(flex_core_headers ${PROJECT_SOURCE_DIR}/src/core/dtype.h ${PROJECT_SOURCE_DIR}/src/core/error.h
                      ${PROJECT_SOURCE_DIR}/src/core/threads.h)
add_library(chorus_flex_core STATIC ${flex_core_sources})
target_include_directories(chorus_flex_core PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
target_link_libraries(chorus_flex_core PUBLIC Threads::Threads PRIVATE fmt::fmt $<BUILD_INTERFACE:chorus_warnings>)

chorus_room(flex USES flex_core PRIVATE PkgConfig::HWY fmt::fmt)
foreach(target chorus_flex chorus_flex_core)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/chorus>)
endforeach()
# The loops of these kernels take every vector register. Tuned for no processor in particular, g++ 12 keeps addresses in some of
# them and operands in memory instead (3 % of causal f32); tuned for any with AVX it does not. No instruction set is chosen here.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/flex/cpu/tile.cc ${PROJECT_SOURCE_DIR}/src/flex/cpu/tile_bf16.cc
                              PROPERTIES COMPILE_OPTIONS -mtune=znver3)
endif()
# Mods are lambdas marked FLEX_MOD, which nvcc takes with this option only.
target_compile_options(chorus_flex INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda>)
set_target_properties(chorus_flex PROPERTIES EXPORT_NAME flex)
set_target_properties(chorus_flex_core PROPERTIES EXPORT_NAME flex-core)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/chorus-flex)
install(TARGETS chorus_flex chorus_flex_core EXPORT chorus-flex
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT flex)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/flex DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/chorus COMPONENT flex
        FILES_MATCHING PATTERN "*.h" PATTERN "*.cuh" PATTERN "*-inl.h" EXCLUDE)
install(FILES ${flex_core_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/chorus/core COMPONENT flex)
install(CODE "get_filename_component(root \"${CMAKE_INSTALL_INCLUDEDIR}/chorus\" ABSOLUTE BASE_DIR \"\${CMAKE_INSTALL_PREFIX}\")
set(root \"\$ENV{DESTDIR}\${root}\")
include(\"${PROJECT_SOURCE_DIR}/cmake/relative_includes.cmake\")" COMPONENT flex)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/chorus-flex COMPONENT flex)
install(EXPORT chorus-flex NAMESPACE chorus:: DESTINATION ${package} COMPONENT flex)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/chorus-flex-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/chorus-flex-config.cmake ${PROJECT_BINARY_DIR}/chorus-flex-config-version.cmake
        DESTINATION ${package} COMPONENT flex)
