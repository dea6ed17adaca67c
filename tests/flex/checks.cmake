# What a test program cannot see: flex installed and used by a project of its own, its headers under other compilers.
set(flex_folder ${CMAKE_CURRENT_LIST_DIR})
foreach(way whole alone inside)
  add_test(NAME flex_consumer_${way}
           COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DSCRATCH=${PROJECT_BINARY_DIR}/flex_${way} -DCOMPILER=${CMAKE_CXX_COMPILER}
                   $<$<STREQUAL:${way},whole>:-DBUILD=${PROJECT_BINARY_DIR}> $<$<STREQUAL:${way},inside>:-DINSIDE=ON> -P ${flex_folder}/consumer/check.cmake
           COMMAND_EXPAND_LISTS)
  set_tests_properties(flex_consumer_${way} PROPERTIES LABELS "flex;compile" TIMEOUT 600)
endforeach()

# flex_compiles(NAME PROGRAM ARGUMENTS...): a test where the program is found, else one that skips and says so.
function(flex_compiles name program)
  if(program)
    add_test(NAME ${name} COMMAND ${ARGN})
  else()
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: the compiler is not here")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: the compiler is not here")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "flex;compile" TIMEOUT 600)
endfunction()
find_program(CLANGXX NAMES clang++-14 clang++)
find_program(NVCC nvcc PATHS /usr/local/cuda/bin)
flex_compiles(flex_headers "${PYTHON3}" ${PYTHON3} ${flex_folder}/compile/headers.py each ${PROJECT_SOURCE_DIR} ${CMAKE_CXX_COMPILER})
flex_compiles(flex_headers_clang "${CLANGXX}" ${PYTHON3} ${flex_folder}/compile/headers.py together ${PROJECT_SOURCE_DIR} ${CLANGXX})
flex_compiles(flex_headers_nvcc "${NVCC}" ${NVCC} -std=c++20 --extended-lambda -arch=sm_80 -Werror all-warnings
              -I${PROJECT_SOURCE_DIR}/src -c ${flex_folder}/compile/device.cu -o ${CMAKE_CURRENT_BINARY_DIR}/device.o)
flex_compiles(flex_examples_in_docs "${PYTHON3}" ${PYTHON3} ${flex_folder}/compile/docs.py ${PROJECT_SOURCE_DIR} ${CMAKE_CXX_COMPILER})
add_test(NAME flex_negated_lambda COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -I${PROJECT_SOURCE_DIR}/src
         ${flex_folder}/compile/negated_lambda.cc)
set_tests_properties(flex_negated_lambda PROPERTIES PASS_REGULAR_EXPRESSION "not_a_negated_lambda" LABELS "flex;compile")
