#define UNIT plain
#include "unit.ipp"
