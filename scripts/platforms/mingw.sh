# Sourced by scripts/platforms.sh: the libraries that Debian does not package for MinGW, built from its source packages
# into $place/prefix.

triple=x86_64-w64-mingw32

# A step of the build: once NAME COMMAND..., unless it was done before. What it prints goes to $place/NAME.log.
once() {
  local done=$place/$1.done log=$place/$1.log
  shift
  if [ -f "$done" ]; then return; fi
  if ! ("$@") >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    return 1
  fi
  touch "$done"
}

# OpenSSL is needed for its digests and base64, so libcrypto is enough.
build_libcrypto() {
  local source=$PWD/build/platforms/sources/openssl prefix=$PWD/$place/prefix
  mkdir -p "$place/openssl" "$prefix/lib" "$prefix/include" && cd "$place/openssl" &&
    "$source/Configure" mingw64 --cross-compile-prefix=$triple- no-shared no-tests no-engine no-legacy no-module \
      no-dtls no-srp no-cms no-ct no-ts no-ocsp no-cmp no-aria no-bf no-blake2 no-camellia no-cast no-des no-idea no-rc2 \
      no-rc4 no-seed no-sm2 no-sm3 no-sm4 no-md4 no-mdc2 no-rmd160 no-whirlpool no-scrypt no-siphash no-dsa &&
    make -j "$jobs" build_generated && make -j "$jobs" libcrypto.a || return
  cp libcrypto.a "$prefix/lib" && cp -r "$source/include/openssl" include/openssl "$prefix/include"
}

# One source, which SQLite's own scripts join, with the options that Debian gives it.
build_sqlite() {
  local source=$PWD/build/platforms/sources/sqlite3 prefix=$PWD/$place/prefix options
  mapfile -t options < <(grep -oE -- '-DSQLITE_[A-Z0-9_]+(=[0-9]+)?' "$source/debian/rules")
  options+=(-DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_MATH_FUNCTIONS)
  mkdir -p "$place/sqlite3" "$prefix/lib" "$prefix/include" && cd "$place/sqlite3" &&
    CFLAGS=${options[*]} "$source/configure" --disable-tcl --disable-readline && make sqlite3.c || return
  $triple-gcc-posix -O2 "${options[@]}" -c sqlite3.c -o sqlite3.o &&
    $triple-ar rcs "$prefix/lib/libsqlite3.a" sqlite3.o && cp sqlite3.h sqlite3ext.h "$prefix/include"
}

# copy_headers PACKAGE...: libraries of headers only are the same everywhere; Catch2's compiled main, which is not, is not used.
copy_headers() {
  mkdir -p "$place/prefix" &&
    dpkg -L "$@" | grep -E '^/usr/(include|lib/cmake|share/cmake)/' | grep -v -- '-none.cmake$' | sed 's:^/usr/::' |
    tar -C /usr --no-recursion -cf - -T - | tar -C "$place/prefix" -xf -
}

# mingw_libraries CMAKE_OPTIONS...
mingw_libraries() {
  source_of openssl && source_of sqlite3 &&
    once headers copy_headers nlohmann-json3-dev catch2 &&
    once sqlite3 build_sqlite &&
    install_source simdjson "$@" -DSIMDJSON_DEVELOPER_MODE=OFF &&
    install_source curl "$@" -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DHTTP_ONLY=ON -DCURL_USE_SCHANNEL=ON \
      -DCURL_USE_LIBSSH2=OFF -DUSE_LIBIDN2=OFF -DENABLE_MANUAL=OFF &&
    once libcrypto build_libcrypto
}
