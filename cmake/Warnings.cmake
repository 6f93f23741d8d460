# Warnings for our own sources. Link as $<BUILD_INTERFACE:cloudflare_warnings>, so that it is never exported.
add_library(cloudflare_warnings INTERFACE)
target_compile_options(
  cloudflare_warnings
  INTERFACE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wshadow>
            # A designated initialiser that leaves members to their defaults is the house style of options.
            $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wno-missing-field-initializers>)
