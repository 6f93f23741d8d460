# Cross-compiles for Windows with Debian's MinGW g++, against what is installed in CLOUDFLARE_PREFIX. scripts/platforms.sh
# makes one. Programs carry the runtime libraries in themselves, and tests run as CLOUDFLARE_RUN says, under Wine.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CLOUDFLARE_PREFIX)
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(triple x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${triple}-gcc-posix)
set(CMAKE_CXX_COMPILER ${triple}-g++-posix)
set(CMAKE_RC_COMPILER ${triple}-windres)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CLOUDFLARE_RUN})

set(CMAKE_FIND_ROOT_PATH ${CLOUDFLARE_PREFIX} /usr/${triple})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(OPENSSL_USE_STATIC_LIBS ON)
set(ZLIB_USE_STATIC_LIBS ON)
