# What makes mistakes in memory end a program before they can be used: checks of buffers whose size is known, of the
# standard library's preconditions and of the stack; a position-independent program whose tables the linker closes.
# cloudflare-local always has it; the libraries have it with CLOUDFLARE_HARDEN, because the checks cost time.
include(CheckCXXSourceCompiles)
include(CheckPIESupported)

option(CLOUDFLARE_HARDEN "Compile the libraries with checks of buffers, of the standard library and of the stack" OFF)

add_library(cloudflare_hardening INTERFACE)
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT WIN32)
  check_pie_supported(LANGUAGES CXX)
  # The C library warns of level 3 where it knows only 2.
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_cxx_source_compiles("#include <cstdlib>\nint main() {}" cloudflare_fortify_3)
  unset(CMAKE_REQUIRED_FLAGS)
  set(cloudflare_fortify 2)
  if(cloudflare_fortify_3)
    set(cloudflare_fortify 3)
  endif()
  target_compile_options(
    cloudflare_hardening
    INTERFACE
      -fstack-protector-strong
      # It needs optimisation. Some compilers define it by themselves.
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=${cloudflare_fortify}>)
  target_compile_definitions(cloudflare_hardening INTERFACE _GLIBCXX_ASSERTIONS)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(cloudflare_hardening INTERFACE -Wl,-z,relro -Wl,-z,now)
  endif()
endif()
