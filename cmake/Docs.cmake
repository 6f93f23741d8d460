# The target `docs`: guides and API reference, made by Doxygen without compiling anything.
add_custom_target(
  docs
  COMMAND ${PROJECT_SOURCE_DIR}/scripts/docs.sh ${PROJECT_BINARY_DIR}
  COMMENT "Documentation: ${PROJECT_BINARY_DIR}/html/index.html"
  VERBATIM USES_TERMINAL)
