import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load


class CloudflareCpp(ConanFile):
    name = "cloudflare-cpp"
    description = "C++20 client for Cloudflare Workers KV, D1 and Vectorize"
    license = "MIT"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "local": [True, False]}
    default_options = {"shared": False, "local": True}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"

    def set_version(self):
        header = load(self, f"{self.recipe_folder}/include/cloudflare/version.hpp")
        self.version = ".".join(re.findall(r"#define CLOUDFLARE_VERSION_\w+ (\d+)", header))

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
        self.requires("libcurl/[>=7.88 <9]")
        self.requires("zlib/[>=1.2.11 <2]")
        self.requires("simdjson/[>=3.0 <5]")
        self.requires("openssl/[>=3 <4]")
        if self.options.local:
            self.requires("sqlite3/[>=3.40 <4]")

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["CLOUDFLARE_BUILD_LOCAL"] = bool(self.options.local)
        for part in ("TESTS", "EXAMPLES", "TOOLS"):
            toolchain.cache_variables[f"CLOUDFLARE_BUILD_{part}"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, f"{self.package_folder}/licenses")

    def package_info(self):
        # The library's own CMake package has the components and their dependencies.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/cloudflare-cpp"]
