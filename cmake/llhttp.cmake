# llhttp: the system's libllhttp where there is one, else built from the C sources that Debian ships inside node-llhttp.
# They are unpacked once for all presets.
pkg_check_modules(LLHTTP IMPORTED_TARGET GLOBAL QUIET libllhttp)
if(LLHTTP_FOUND)
  add_library(deputy_llhttp INTERFACE)
  target_link_libraries(deputy_llhttp INTERFACE PkgConfig::LLHTTP)
  return()
endif()

set(llhttp_dir ${CMAKE_SOURCE_DIR}/build/deps/llhttp)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/unpack-llhttp ${llhttp_dir} RESULT_VARIABLE llhttp_result)
if(NOT llhttp_result EQUAL 0)
  message(FATAL_ERROR "llhttp not found: install libllhttp-dev, or let apt-get download node-llhttp")
endif()
add_library(deputy_llhttp STATIC ${llhttp_dir}/llhttp.c ${llhttp_dir}/api.c ${llhttp_dir}/http.c)
target_include_directories(deputy_llhttp SYSTEM PUBLIC ${llhttp_dir})
target_compile_definitions(deputy_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(deputy_llhttp PRIVATE -O2 -w)
if(DEPUTY_FUZZ)
  target_compile_options(deputy_llhttp PRIVATE -fsanitize=fuzzer-no-link) # its branches guide the fuzzer
endif()
