# cmake -DSOURCE= -DSCRATCH= -DCOMPILER= [-DBUILD=|-DINSIDE=ON] -P check.cmake: installs flex and builds and runs the project in this
# folder against it. BUILD is a build of all of chorus; without it flex is configured and built alone first; with INSIDE the
# project takes chorus in as a subdirectory. A core/threads.h of the project's own may not come between installed headers.
file(REMOVE_RECURSE ${SCRATCH}/prefix ${SCRATCH}/consumer)
file(WRITE ${SCRATCH}/own/core/threads.h "#error \"a header of the project that uses flex\"\n")
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${ARGN}: ${failed}\n${output}")
  endif()
endfunction()
set(options -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=${COMPILER})

if(INSIDE)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/flex/consumer -B ${SCRATCH}/consumer ${options} -DCHORUS_SOURCE=${SOURCE}
      -DCHORUS_CUDA=OFF)
  run(${CMAKE_COMMAND} --build ${SCRATCH}/consumer --target consumer)
  run(${SCRATCH}/consumer/consumer)
  return()
endif()
if(NOT BUILD)
  set(BUILD ${SCRATCH}/flex)
  run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} ${options} -DCHORUS_FLEX_ONLY=ON -DCHORUS_HOME=${SCRATCH}/none)
  run(${CMAKE_COMMAND} --build ${BUILD})
endif()
run(${CMAKE_COMMAND} --install ${BUILD} --component flex --prefix ${SCRATCH}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/flex/consumer -B ${SCRATCH}/consumer ${options}
    -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix -DCMAKE_CXX_FLAGS=-I${SCRATCH}/own)
run(${CMAKE_COMMAND} --build ${SCRATCH}/consumer)
run(${SCRATCH}/consumer/consumer)
