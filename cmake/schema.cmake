# The store's migrations, src/store/schema/<daemon>/NNN.sql, as C arrays in the binary.
file(GLOB schema_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/store/schema/*/*.sql)
if(schema_files)
  set(schema_source ${CMAKE_BINARY_DIR}/generated/store/schema_data.c)
  add_custom_command(OUTPUT ${schema_source}
    COMMAND ${CMAKE_COMMAND} -DSCHEMA=${CMAKE_SOURCE_DIR}/src/store/schema -DOUT=${schema_source}
      -P ${CMAKE_SOURCE_DIR}/cmake/schema-embed.cmake
    DEPENDS ${schema_files} ${CMAKE_SOURCE_DIR}/cmake/schema-embed.cmake
    VERBATIM)
  target_sources(room_store PRIVATE ${schema_source})
endif()
