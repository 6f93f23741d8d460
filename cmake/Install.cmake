# Install rules: the libraries, their headers, a CMake package and pkg-config files, all relocatable.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cloudflare-cpp)
install(
  TARGETS cloudflare_cpp cloudflare_cpp_files cloudflare_cpp_testing
  EXPORT cloudflare-cpp-targets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(CLOUDFLARE_BUILD_TOOLS)
  install(TARGETS cloudflare_local_server RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(
  EXPORT cloudflare-cpp-targets
  NAMESPACE cloudflare::
  DESTINATION ${package_dir})
# The embedded store has a file of targets of its own, so that who uses the client alone needs no SQLite.
if(CLOUDFLARE_BUILD_LOCAL)
  install(
    TARGETS cloudflare_cpp_local
    EXPORT cloudflare-cpp-local-targets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(
    EXPORT cloudflare-cpp-local-targets
    NAMESPACE cloudflare::
    DESTINATION ${package_dir})
endif()
# So have the libraries as headers: who links the shared libraries needs none of their dependencies.
set(header_targets cloudflare_cpp_headers)
if(CLOUDFLARE_BUILD_LOCAL)
  list(APPEND header_targets cloudflare_cpp_local_headers)
endif()
install(TARGETS ${header_targets} EXPORT cloudflare-cpp-headers-targets)
install(
  EXPORT cloudflare-cpp-headers-targets
  NAMESPACE cloudflare::
  DESTINATION ${package_dir})
install(DIRECTORY ${headers_dir}/cloudflare DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Private dependencies reach a user's link line only through static libraries.
set(cloudflare_is_static ON)
if(BUILD_SHARED_LIBS)
  set(cloudflare_is_static OFF)
endif()
configure_package_config_file(cmake/cloudflare-cppConfig.cmake.in cloudflare-cppConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(cloudflare-cppConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cloudflare-cppConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/cloudflare-cppConfigVersion.cmake DESTINATION ${package_dir})

# A static library's dependencies are in Libs, not in Libs.private, so `pkg-config --libs` links without --static. That
# flag would also pull in libcurl's private libraries, which few machines have in linkable form. The dependencies are
# given as -l, not as Requires, which would pass simdjson's macro on to the user.
function(cloudflare_pkg_config name description requires static_libs)
  set(PC_NAME ${name})
  set(PC_DESCRIPTION ${description})
  set(PC_REQUIRES ${requires})
  set(PC_LIBS "-L\${libdir} -l${name}")
  if(cloudflare_is_static)
    string(APPEND PC_LIBS ${static_libs})
  endif()
  if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    set(PC_PREFIX ${CMAKE_INSTALL_PREFIX})
  else()
    file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
    string(REGEX REPLACE "/$" "" up ${up})
    set(PC_PREFIX "\${pcfiledir}/${up}")
  endif()
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE PC_LIBDIR)
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE PC_INCLUDEDIR)
  configure_file(cmake/cloudflare-cpp.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

cloudflare_pkg_config(cloudflare-cpp "${PROJECT_DESCRIPTION}" "nlohmann_json >= 3.11"
                      " -lcurl -lz -lsimdjson -lcrypto -pthread")
cloudflare_pkg_config(cloudflare-cpp-files "Files of items for cloudflare-cpp: readers, import, export, comparison"
                      "cloudflare-cpp = ${PROJECT_VERSION}" " -lsimdjson -lcrypto -pthread")
if(CLOUDFLARE_BUILD_LOCAL)
  cloudflare_pkg_config(cloudflare-cpp-local "Embedded KV, D1 and Vectorize store for cloudflare-cpp"
                        "cloudflare-cpp = ${PROJECT_VERSION}" " -lsqlite3 -lsimdjson -lcrypto -pthread")
endif()
cloudflare_pkg_config(cloudflare-cpp-testing "Test aids for programs that use cloudflare-cpp"
                      "cloudflare-cpp = ${PROJECT_VERSION}" " -pthread")
