# chorus_builtin_questions(TARGET): the question set of src/data/builtin becomes part of the target, as raw string literals.
function(chorus_builtin_questions target)
  set(folder ${PROJECT_SOURCE_DIR}/src/data/builtin)
  file(READ ${folder}/questions.jsonl CHORUS_BUILTIN_QUESTIONS)
  file(READ ${folder}/examples.jsonl CHORUS_BUILTIN_EXAMPLES)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/questions.jsonl ${folder}/examples.jsonl)
  configure_file(${folder}/builtin_files.cc.in ${PROJECT_BINARY_DIR}/builtin/builtin_files.cc @ONLY)
  target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/builtin/builtin_files.cc)
endfunction()
