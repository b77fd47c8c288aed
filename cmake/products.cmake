# What ships: libdeputy (static and shared), its headers and deputy.pc, and the deputy binary.
if(NOT TARGET room_grant)
  return()
endif()

set(library_rooms "")
foreach(room IN LISTS DEPUTY_LIBRARY_ROOMS)
  list(APPEND library_rooms room_${room})
endforeach()

# Shared: everything but deputy_… is hidden by the compiler's flag and, for the assembly of BLAKE3, by the version script.
file(WRITE ${CMAKE_BINARY_DIR}/deputy.map "{ global: deputy_*; local: *; };\n")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/deputy.c CONTENT "/* A shared library needs a source; ours is made of the rooms. */\n")
add_library(deputy SHARED ${CMAKE_BINARY_DIR}/deputy.c)
set_target_properties(deputy PROPERTIES LINKER_LANGUAGE C VERSION ${PROJECT_VERSION} SOVERSION 0)
foreach(room IN LISTS library_rooms)
  target_sources(deputy PRIVATE $<TARGET_OBJECTS:${room}>)
  target_link_libraries(deputy PRIVATE ${room})
endforeach()
target_link_libraries(deputy PRIVATE deputy_flags)
target_link_options(deputy PRIVATE -Wl,--version-script=${CMAKE_BINARY_DIR}/deputy.map)

# Static: one object in which every symbol outside deputy_ is local, so that nothing collides with an application's names.
set(archives "")
foreach(room IN LISTS library_rooms)
  list(APPEND archives $<TARGET_FILE:${room}>)
endforeach()
if(NOT BLAKE3_FOUND)
  list(APPEND archives $<TARGET_FILE:deputy_blake3>)
endif()
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/libdeputy.a
  COMMAND ${CMAKE_LINKER} -r -o deputy-all.o --whole-archive ${archives}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=deputy_* deputy-all.o
  COMMAND ${CMAKE_COMMAND} -E rm -f libdeputy.a
  COMMAND ${CMAKE_AR} rcs libdeputy.a deputy-all.o
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  DEPENDS ${library_rooms}
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(deputy_static ALL DEPENDS ${CMAKE_BINARY_DIR}/libdeputy.a)

configure_file(cmake/deputy.pc.in ${CMAKE_BINARY_DIR}/deputy.pc @ONLY)
install(TARGETS deputy LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_BINARY_DIR}/libdeputy.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/deputy DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/deputy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET room_cli)
  add_executable(deputy_binary src/cli/main.c)
  set_target_properties(deputy_binary PROPERTIES OUTPUT_NAME deputy)
  target_link_libraries(deputy_binary PRIVATE room_cli deputy_flags)
  install(TARGETS deputy_binary RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES packaging/deputy-node.service packaging/deputy-node.socket DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
  file(GLOB pages CONFIGURE_DEPENDS docs/man/*.1)
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
