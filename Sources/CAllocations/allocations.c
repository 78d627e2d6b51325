// malloc and its relatives, replaced by ones that count and then call the C library's: a program's own definition comes
// before the library's for every part of the process (glibc manual, "Replacing malloc"). Blocks are the library's own, so
// its `free` takes them as ever.
#include "CAllocations.h"

#include <stdatomic.h>
#include <stddef.h>

#if defined(__linux__)
#include <features.h>
#endif

static _Atomic bool is_counting;
static _Atomic uint64_t count;

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#include <errno.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static inline void note(void) {
    if (__builtin_expect(atomic_load_explicit(&is_counting, memory_order_relaxed), false))
        atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t elements, size_t size) {
    note();
    return __libc_calloc(elements, size);
}

void *realloc(void *block, size_t size) {
    note();
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    note();
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *memory = __libc_memalign(alignment, size);
    if (!memory) return ENOMEM;
    *block = memory;
    return 0;
}

bool ca_is_available(void) { return true; }
#else
bool ca_is_available(void) { return false; }
#endif

void ca_start(void) {
    atomic_store(&count, 0);
    atomic_store(&is_counting, true);
}

uint64_t ca_count(void) { return atomic_load(&count); }

void ca_stop(void) { atomic_store(&is_counting, false); }
