#define JSON_DIAGNOSTICS 1
#define UNIT diagnostics
#include "unit.ipp"
