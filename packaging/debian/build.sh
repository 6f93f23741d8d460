#!/usr/bin/env bash
# Builds the Debian source package and the packages of the last commit.
#
#   packaging/debian/build.sh FOLDER    the packages appear in FOLDER
#
# DEB_BUILD_OPTIONS is Debian's own: "parallel=4", "noopt". Needs debhelper and what scripts/setup.sh --minimal installs.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^#define CLOUDFLARE_VERSION_[A-Z]* //p' include/cloudflare/version.hpp | paste -sd.)
tree=$folder/cloudflare-cpp-$version
rm -rf "$tree"
mkdir "$tree"
git archive HEAD | tar -x -C "$tree"
cp -r packaging/debian "$tree/debian"
rm "$tree/debian/build.sh"
cat >"$tree/debian/changelog" <<END
cloudflare-cpp ($version) unstable; urgency=medium

  * See CHANGELOG.md.

 -- cloudflare-cpp contributors <cloudflare-cpp@localhost>  $(git log -1 --format=%cD)
END
cd "$tree"
dpkg-buildpackage --unsigned-source --unsigned-changes
