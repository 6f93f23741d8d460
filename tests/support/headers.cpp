// Nothing but support/headers.hpp, which the build includes by itself.
