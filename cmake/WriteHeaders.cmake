# cmake -D SOURCE=… -D OUT=… [-D LOCAL=OFF] -P WriteHeaders.cmake: writes the library as headers into OUT.
#
#   cloudflare/src.hpp        includes every source of the client, the files and the test aids
#   cloudflare/local_src.hpp  includes every source of the embedded store
#   cloudflare/impl/          the sources and their private headers, which include each other by <cloudflare/impl/…>
#
# A file that would not change is not written.
cmake_minimum_required(VERSION 3.24)

if(NOT DEFINED LOCAL)
  set(LOCAL ON)
endif()
# Lists of CMake split lines of C++ at their semicolons, so each file is one text.
function(write_file path text)
  set(old "")
  if(EXISTS ${path})
    file(READ ${path} old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE ${path} "${text}")
  endif()
endfunction()

file(GLOB_RECURSE names RELATIVE ${SOURCE}/src ${SOURCE}/src/*.cpp ${SOURCE}/src/*.hpp)
list(FILTER names EXCLUDE REGEX "^server/")
if(NOT LOCAL)
  list(FILTER names EXCLUDE REGEX "^local/")
endif()
foreach(name IN LISTS names)
  file(READ ${SOURCE}/src/${name} text)
  string(REGEX REPLACE "#include \"([^\"\n]+)\"" "#include <cloudflare/impl/\\1>" text "${text}")
  write_file(${OUT}/cloudflare/impl/${name} "${text}")
endforeach()
# What was removed from src/ goes here, too.
file(GLOB_RECURSE written RELATIVE ${OUT}/cloudflare/impl ${OUT}/cloudflare/impl/*)
list(REMOVE_ITEM written ${names})
foreach(name IN LISTS written)
  file(REMOVE ${OUT}/cloudflare/impl/${name})
endforeach()

set(sources ${names})
list(FILTER sources INCLUDE REGEX "\\.cpp$")
set(client_sources ${sources})
list(FILTER client_sources EXCLUDE REGEX "^local/")
set(local_sources ${sources})
list(FILTER local_sources INCLUDE REGEX "^local/")

function(write_joined name comment first)
  set(text "#pragma once\n\n${comment}\n${first}\n")
  # Warnings of the compiler in sources that are not the user's.
  string(APPEND text "#if defined(__GNUC__)\n#pragma GCC system_header\n#endif\n\n")
  foreach(source IN LISTS ARGN)
    string(APPEND text "#include <cloudflare/impl/${source}>\n")
  endforeach()
  write_file(${OUT}/cloudflare/${name} "${text}")
endfunction()

write_joined(
  src.hpp
  "// The compiled part of cloudflare::cloudflare, cloudflare::files and cloudflare::testing. Include it in exactly one source\n\
// of your program, before everything else, and link libcurl, zlib, simdjson, OpenSSL's libcrypto and threads; the CMake\n\
// target cloudflare::headers does that. It takes half a minute to compile, so give it a source of its own."
  "\n// Files may be larger than 2 GiB where a long has 32 bits.\n\
#ifndef _FILE_OFFSET_BITS\n#define _FILE_OFFSET_BITS 64\n#endif\n"
  ${client_sources})
if(LOCAL)
  write_joined(
    local_src.hpp
    "// The embedded store, cloudflare::local. Include it in exactly one source of your program, after <cloudflare/src.hpp> or in\n\
// another source, and link SQLite as well; the CMake target cloudflare::local_headers does that."
    "" ${local_sources})
endif()
