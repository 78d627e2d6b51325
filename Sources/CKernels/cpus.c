#define _GNU_SOURCE
#include <sched.h>

#include "CKernels.h"

size_t ck_affinity_count(void) {
#if defined(__linux__)
    cpu_set_t set;
    // Fails where the kernel knows more processors than the fixed set holds; one is then a safe answer.
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return (size_t)CPU_COUNT(&set);
#endif
    return 1;
}
