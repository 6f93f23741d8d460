# A preset cannot test whether ccache is installed. The caller's own launcher takes precedence.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CLOUDFLARE_CCACHE ccache)
  mark_as_advanced(CLOUDFLARE_CCACHE)
  if(CLOUDFLARE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CLOUDFLARE_CCACHE})
  endif()
endif()
