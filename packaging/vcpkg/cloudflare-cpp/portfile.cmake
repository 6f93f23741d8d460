# An overlay port: it takes the sources of the repository that it lies in. A port of a registry would take them from an
# archive of a release instead, with vcpkg_from_github().
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_check_features(
  OUT_FEATURE_OPTIONS options
  FEATURES local CLOUDFLARE_BUILD_LOCAL tools CLOUDFLARE_BUILD_TOOLS)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${options} -DCLOUDFLARE_BUILD_TESTS=OFF -DCLOUDFLARE_BUILD_EXAMPLES=OFF -DCLOUDFLARE_CCACHE=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME cloudflare-cpp CONFIG_PATH lib/cmake/cloudflare-cpp)
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
  vcpkg_copy_tools(TOOL_NAMES cloudflare-local AUTO_CLEAN)
endif()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
