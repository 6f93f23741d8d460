# cloudflare::headers and cloudflare::local_headers: the include folder and the dependencies of a program that compiles the
# library in a source of its own, by <cloudflare/src.hpp> and <cloudflare/local_src.hpp>. They build nothing.
set(headers_dir ${CMAKE_CURRENT_BINARY_DIR}/headers)
file(GLOB_RECURSE headers_inputs CONFIGURE_DEPENDS src/*.cpp src/*.hpp)
list(FILTER headers_inputs EXCLUDE REGEX "/src/server/")
if(NOT CLOUDFLARE_BUILD_LOCAL)
  list(FILTER headers_inputs EXCLUDE REGEX "/src/local/")
endif()
add_custom_command(
  OUTPUT ${headers_dir}/written
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUT=${headers_dir} -DLOCAL=${CLOUDFLARE_BUILD_LOCAL} -P
          ${PROJECT_SOURCE_DIR}/cmake/WriteHeaders.cmake
  COMMAND ${CMAKE_COMMAND} -E touch ${headers_dir}/written
  DEPENDS ${headers_inputs} cmake/WriteHeaders.cmake
  COMMENT "Writing the library as headers")
set(headers_in_all "")
if(CLOUDFLARE_INSTALL)
  set(headers_in_all ALL)
endif()
add_custom_target(cloudflare_write_headers ${headers_in_all} DEPENDS ${headers_dir}/written)

add_library(cloudflare_cpp_headers INTERFACE)
add_library(cloudflare::headers ALIAS cloudflare_cpp_headers)
add_dependencies(cloudflare_cpp_headers cloudflare_write_headers)
target_compile_features(cloudflare_cpp_headers INTERFACE cxx_std_20)
target_include_directories(
  cloudflare_cpp_headers INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${headers_dir}>
                                   $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(cloudflare_cpp_headers INTERFACE nlohmann_json::nlohmann_json CURL::libcurl ZLIB::ZLIB
                                                       simdjson::simdjson OpenSSL::Crypto Threads::Threads)
set_target_properties(cloudflare_cpp_headers PROPERTIES EXPORT_NAME headers)
if(CLOUDFLARE_BUILD_LOCAL)
  add_library(cloudflare_cpp_local_headers INTERFACE)
  add_library(cloudflare::local_headers ALIAS cloudflare_cpp_local_headers)
  target_link_libraries(cloudflare_cpp_local_headers INTERFACE cloudflare_cpp_headers SQLite3::SQLite3)
  set_target_properties(cloudflare_cpp_local_headers PROPERTIES EXPORT_NAME local_headers)
endif()
