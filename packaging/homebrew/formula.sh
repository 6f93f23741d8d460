#!/usr/bin/env bash
# formula.sh URL ARCHIVE: prints the Homebrew formula for the archive of a release that lies at URL.
set -euo pipefail
url=$1 archive=$2
cat <<END
class CloudflareCpp < Formula
  desc "C++20 client for Cloudflare Workers KV, D1 and Vectorize"
  homepage "$(dirname "$url")"
  url "$url"
  sha256 "$(sha256sum "$archive" | cut -d' ' -f1)"
  license "MIT"

  depends_on "boost" => :build
  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "curl"
  depends_on "nlohmann-json"
  depends_on "openssl@3"
  depends_on "simdjson"
  depends_on "sqlite"

  def install
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCLOUDFLARE_BUILD_TESTS=OFF",
           "-DCLOUDFLARE_BUILD_EXAMPLES=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"main.cpp").write <<~CPP
$(sed 's/^/      /; s/ *$//' "$(dirname "$0")/../../test_package/quickstart.cpp")
    CPP
    (testpath/"CMakeLists.txt").write <<~CMAKE
      cmake_minimum_required(VERSION 3.24)
      project(test LANGUAGES CXX)
      find_package(cloudflare-cpp REQUIRED)
      add_executable(test main.cpp)
      target_link_libraries(test PRIVATE cloudflare::cloudflare cloudflare::local)
    CMAKE
    system "cmake", "-S", ".", "-B", "build"
    system "cmake", "--build", "build"
    system "build/test"
  end
end
END
