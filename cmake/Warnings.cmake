# Warnings for our own sources. Link as $<BUILD_INTERFACE:cloudflare_warnings>, so that it is never exported.
add_library(cloudflare_warnings INTERFACE)
target_compile_options(
  cloudflare_warnings
  INTERFACE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wshadow>
            # Options are written as designated initialisers that leave some members to their defaults.
            $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wno-missing-field-initializers>)
