#!/usr/bin/env bash
# Makes the guides and the API reference: build/docs/html/index.html. A warning of Doxygen is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v doxygen >/dev/null || { echo "docs: doxygen is not installed" >&2; exit 1; }
export CLOUDFLARE_DOCS_OUTPUT=${1:-build/docs}
CLOUDFLARE_VERSION=$(sed -nE 's/#define CLOUDFLARE_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)/\2/p' include/cloudflare/version.hpp |
  paste -sd.)
export CLOUDFLARE_VERSION
rm -rf "$CLOUDFLARE_DOCS_OUTPUT/html"
mkdir -p "$CLOUDFLARE_DOCS_OUTPUT"
doxygen docs/site/Doxyfile
echo "docs: $CLOUDFLARE_DOCS_OUTPUT/html/index.html"
