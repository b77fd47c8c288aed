# Compiler and linker flags, carried by one interface target that every target of ours links.
add_library(deputy_flags INTERFACE)
target_compile_options(deputy_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith
  -fno-strict-aliasing -fno-common)
if(DEPUTY_WERROR)
  target_compile_options(deputy_flags INTERFACE -Werror)
endif()
if(DEPUTY_HARDEN)
  target_compile_options(deputy_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
    target_compile_options(deputy_flags INTERFACE -fcf-protection=full)
  endif()
  target_link_options(deputy_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
  set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
endif()
if(DEPUTY_SANITIZE)
  target_compile_options(deputy_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(deputy_flags INTERFACE -fsanitize=address,undefined)
endif()
if(DEPUTY_FUZZ)
  target_compile_options(deputy_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(DEPUTY_COVERAGE)
  target_compile_options(deputy_flags INTERFACE --coverage -O0)
  target_link_options(deputy_flags INTERFACE --coverage)
endif()
