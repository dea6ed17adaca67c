# The program, its manual page and completions, the last two made by the program from its own command line:
# cmake --install BUILD --component chorus --prefix PREFIX.
include(GNUInstallDirs)

function(chorus_printed output)  # chorus_printed(FILE WORDS...): what the program prints for these words
  add_custom_command(OUTPUT ${output} COMMAND $<TARGET_FILE:chorus> ${ARGN} > ${output} DEPENDS chorus
                     COMMENT "chorus ${ARGN}")
endfunction()

set(made ${PROJECT_BINARY_DIR}/installed)
file(MAKE_DIRECTORY ${made})
chorus_printed(${made}/chorus.1 man)
chorus_printed(${made}/chorus.bash completion bash)
chorus_printed(${made}/_chorus completion zsh)
chorus_printed(${made}/chorus.fish completion fish)
set(all)
if(NOT CHORUS_SANITIZE)
  set(all ALL)
endif()
add_custom_target(chorus_printed ${all} DEPENDS ${made}/chorus.1 ${made}/chorus.bash ${made}/_chorus ${made}/chorus.fish)

# Arrow stays where its wheel is.
set_target_properties(chorus PROPERTIES INSTALL_RPATH ${CHORUS_PYARROW})
install(TARGETS chorus RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT chorus)
install(FILES ${made}/chorus.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT chorus)
install(FILES ${made}/chorus.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME chorus
        COMPONENT chorus)
install(FILES ${made}/_chorus DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT chorus)
install(FILES ${made}/chorus.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT chorus)
