/// Counts the allocations of the whole process while it is asked to.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations can be counted on this system.
bool ca_is_available(void);
/// Starts counting from zero.
void ca_start(void);
/// Allocations since `ca_start`, by any thread.
uint64_t ca_count(void);
/// Ends counting.
void ca_stop(void);
