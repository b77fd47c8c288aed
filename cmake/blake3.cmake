# BLAKE3: the system's libblake3 where there is one, else built from the official C and assembly sources that Debian ships
# inside librust-blake3-dev.
pkg_check_modules(BLAKE3 IMPORTED_TARGET GLOBAL QUIET libblake3)
if(BLAKE3_FOUND)
  add_library(deputy_blake3 INTERFACE)
  target_link_libraries(deputy_blake3 INTERFACE PkgConfig::BLAKE3)
  return()
endif()

file(GLOB blake3_dirs /usr/share/cargo/registry/blake3-*/c)
if(NOT blake3_dirs)
  message(FATAL_ERROR "BLAKE3 not found: run 'make deps', which installs libblake3-dev or librust-blake3-dev")
endif()
list(GET blake3_dirs 0 blake3_dir)
set(blake3_sources ${blake3_dir}/blake3.c ${blake3_dir}/blake3_dispatch.c ${blake3_dir}/blake3_portable.c)
add_library(deputy_blake3 STATIC ${blake3_sources})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
  target_sources(deputy_blake3 PRIVATE
    ${blake3_dir}/blake3_sse2_x86-64_unix.S ${blake3_dir}/blake3_sse41_x86-64_unix.S
    ${blake3_dir}/blake3_avx2_x86-64_unix.S ${blake3_dir}/blake3_avx512_x86-64_unix.S)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
  target_sources(deputy_blake3 PRIVATE ${blake3_dir}/blake3_neon.c)
endif()
target_include_directories(deputy_blake3 SYSTEM PUBLIC ${blake3_dir})
target_compile_options(deputy_blake3 PRIVATE -O2 -w)
