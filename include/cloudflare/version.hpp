/// The version of this library, as macros for `#if`. The build system reads the numbers from here and nowhere else.
#pragma once

#define CLOUDFLARE_VERSION_MAJOR 0
#define CLOUDFLARE_VERSION_MINOR 1
#define CLOUDFLARE_VERSION_PATCH 0
