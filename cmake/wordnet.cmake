# chorus_wordnet(TARGET): WordNet's database, from Debian's wordnet-base, becomes part of the target: answers are scored alike
# wherever the program runs.
find_path(WORDNET_DICT index.noun PATHS /usr/share/wordnet /usr/share/wordnet/dict /usr/local/WordNet-3.0/dict)
find_program(PYTHON3 python3)
if(NOT WORDNET_DICT OR NOT PYTHON3)
  message(FATAL_ERROR "WordNet's index.noun or python3 is missing; install Debian's wordnet-base and python3, or give -DWORDNET_DICT=FOLDER")
endif()
function(chorus_wordnet target)
  set(script ${PROJECT_SOURCE_DIR}/scripts/make_wordnet.py)
  set(output ${PROJECT_BINARY_DIR}/wordnet/wordnet_tables.cc)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/wordnet)
  add_custom_command(OUTPUT ${output} COMMAND ${PYTHON3} ${script} ${WORDNET_DICT} ${output} DEPENDS ${script}
                     COMMENT "WordNet's words" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
