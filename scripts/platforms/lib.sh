# Sourced by scripts/platforms.sh: where the systems of other platforms come from. Everything is a package or a source
# package of Debian, from the mirror that this machine's apt is set up with.

# The mirror's address.
mirror() {
  apt-get indextargets --format '$(SITE)' "Created-By: Packages" | head -n 1
}

# make_system SUITE ARCHITECTURE VARIANT PACKAGES...: a Debian system in $place/root, unless it is there. The variant `apt`
# is one to run in, `extract` one that is only unpacked, to compile and link against.
make_system() {
  local suite=$1 architecture=$2 variant=$3 done=$place/root.packages
  shift 3
  if [ "$(cat "$done" 2>/dev/null)" = "$suite $architecture $variant $*" ]; then return; fi
  rm -rf "$place/root" "$done"
  mkdir -p "$place"
  # A mirror may be a copy that was made some time ago.
  mmdebstrap --quiet --mode=root --variant="$variant" --architectures="$architecture" --include="$(
    IFS=,
    echo "$*"
  )" --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    "$suite" "$PWD/$place/root" "$(mirror)" || return
  echo "$suite $architecture $variant $*" >"$done"
}

# in_system COMMAND...: runs in $place/root, in this folder. The mounts are the command's own and end with it.
in_system() {
  local cache=${CCACHE_DIR:-$HOME/.cache/ccache}
  mkdir -p "$place/root$PWD" "$place/root/ccache" "$cache"
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --propagation private bash -c '
    root=$1 cache=$2
    shift 2
    mount --bind "$PWD" "$root$PWD" && mount --bind "$cache" "$root/ccache" &&
      mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
      exec chroot "$root" env -C "$PWD" CCACHE_DIR=/ccache "$@"' - "$PWD/$place/root" "$cache" "$@"
}

# source_of PACKAGE: Debian 12's source of a package, unpacked in build/platforms/sources/PACKAGE.
source_of() {
  local package=$1 apt=$PWD/build/platforms/apt to=build/platforms/sources/$1
  if [ -d "$to" ]; then return; fi
  mkdir -p "$apt/lists/partial" "$to.new"
  echo "deb-src $(mirror) bookworm main" >"$apt/sources.list"
  local options=(-qq -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists")
  apt-get "${options[@]}" update &&
    (cd "$to.new" && apt-get "${options[@]}" --download-only source "$package" &&
      dpkg-source --no-check -q -x ./*.dsc tree) &&
    mv "$to.new/tree" "$to" && rm -r "$to.new"
}

# install_source PACKAGE CMAKE_OPTIONS...: builds a source that has a CMakeLists.txt, into $place/prefix.
install_source() {
  local package=$1 done=$place/prefix/$1.done
  shift
  if [ -f "$done" ]; then return; fi
  source_of "$package" &&
    cmake -S "build/platforms/sources/$package" -B "$place/$package" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_INSTALL_PREFIX="$PWD/$place/prefix" -DBUILD_SHARED_LIBS=OFF -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
      -DCMAKE_C_COMPILER_LAUNCHER=ccache "$@" >"$place/$package.log" 2>&1 &&
    cmake --build "$place/$package" -j "$jobs" >>"$place/$package.log" 2>&1 &&
    cmake --install "$place/$package" >>"$place/$package.log" &&
    touch "$done"
}
