#include "ck_peak.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// Independent sums of a loop: enough to hide the latency of a multiply-add on every port, and with two operands and one
/// more few enough for the registers: 32 of 64 bytes, 16 of any other size.
#define CHAINS(VECTOR) (sizeof(VECTOR) == 64 ? 16 : 12)
enum { operands = 2 };

/// Numbers from 1/2 to 1 (as f32 and as bf16 pairs) that no unit can shortcut; their sums stay finite for any run that
/// ends. As bytes they are any.
static void fill(uint32_t *words, size_t count, uint64_t *seed) {
    for (size_t i = 0; i < count; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        words[i] = (uint32_t)(*seed >> 32) & 0x007F007Fu;
        words[i] |= 0x3F003F00u;
    }
}

/// One loop: `sum = STEP(sum, a, b)` on all chains, `rounds` times.
#define PEAK_LOOP(NAME, TARGET, VECTOR, STEP, OPERATIONS)                                   \
    TARGET static double NAME(size_t rounds, uint64_t *seed) {                              \
        enum { chains = CHAINS(VECTOR) };                                                   \
        VECTOR a[operands], b, sums[chains];                                                \
        uint32_t words[sizeof(VECTOR) / sizeof(uint32_t)];                                  \
        for (int i = 0; i < operands; i++) {                                                \
            fill(words, sizeof words / sizeof *words, seed);                                \
            memcpy(&a[i], words, sizeof words);                                             \
        }                                                                                   \
        fill(words, sizeof words / sizeof *words, seed);                                    \
        memcpy(&b, words, sizeof words);                                                    \
        for (int c = 0; c < chains; c++) sums[c] = a[c % operands];                         \
        for (size_t r = 0; r < rounds; r++)                                                 \
            _Pragma("clang loop unroll(full)") for (int c = 0; c < chains; c++)             \
                sums[c] = STEP(sums[c], a[c % operands], b);                                \
        for (int c = 0; c < chains; c++) {                                                  \
            memcpy(words, &sums[c], sizeof words);                                          \
            for (size_t i = 0; i < sizeof words / sizeof *words; i++) *seed += words[i];    \
        }                                                                                   \
        return (double)rounds * chains * (OPERATIONS);                                      \
    }

/// Eight sums, so that loads and not additions are waited for.
#define READ_LOOP(NAME, TARGET, VECTOR)                                                     \
    TARGET static uint64_t NAME(const void *data, size_t count) {                           \
        const VECTOR *next = data;                                                          \
        const VECTOR *end = (const VECTOR *)((const char *)data + count);                   \
        VECTOR sums[8];                                                                     \
        memset(sums, 0, sizeof sums);                                                       \
        for (; next < end; next += 8)                                                       \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) sums[i] += next[i]; \
        uint64_t words[sizeof(VECTOR) / sizeof(uint64_t)], sum = 0;                         \
        for (int i = 0; i < 8; i++) {                                                       \
            memcpy(words, &sums[i], sizeof words);                                          \
            for (size_t w = 0; w < sizeof words / sizeof *words; w++) sum += words[w];      \
        }                                                                                   \
        return sum;                                                                         \
    }

typedef uint64_t words16 __attribute__((vector_size(16)));

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define AVX512_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define AVX_VNNI __attribute__((target("avx2,avxvnni")))

typedef uint64_t words32 __attribute__((vector_size(32)));
typedef uint64_t words64 __attribute__((vector_size(64)));

#define STEP_F32_SSE(sum, a, b) _mm_add_ps(_mm_mul_ps(a, b), sum)
#define STEP_F32_AVX2(sum, a, b) _mm256_fmadd_ps(a, b, sum)
#define STEP_F32_AVX512(sum, a, b) _mm512_fmadd_ps(a, b, sum)
#define STEP_BF16_AVX512(sum, a, b) _mm512_dpbf16_ps(sum, a, (__m512bh)b)
#define STEP_INT8_SSE(sum, a, b) _mm_add_epi32(_mm_madd_epi16(a, b), sum)
#define STEP_INT8_AVX2(sum, a, b) \
    _mm256_add_epi32(_mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)), sum)
#define STEP_INT8_AVX512(sum, a, b) \
    _mm512_add_epi32(_mm512_madd_epi16(_mm512_maddubs_epi16(a, b), _mm512_set1_epi16(1)), sum)
#define STEP_INT8_VNNI(sum, a, b) _mm512_dpbusd_epi32(sum, a, b)
#define STEP_INT8_AVX_VNNI(sum, a, b) _mm256_dpbusd_avx_epi32(sum, a, b)

PEAK_LOOP(f32_sse, , __m128, STEP_F32_SSE, 4 * 2)
PEAK_LOOP(f32_avx2, AVX2, __m256, STEP_F32_AVX2, 8 * 2)
PEAK_LOOP(f32_avx512, AVX512, __m512, STEP_F32_AVX512, 16 * 2)
PEAK_LOOP(int8_sse, , __m128i, STEP_INT8_SSE, 8 * 2)
PEAK_LOOP(int8_avx2, AVX2, __m256i, STEP_INT8_AVX2, 32 * 2)
PEAK_LOOP(int8_avx512, AVX512, __m512i, STEP_INT8_AVX512, 64 * 2)
PEAK_LOOP(int8_vnni, AVX512_VNNI, __m512i, STEP_INT8_VNNI, 64 * 2)
PEAK_LOOP(int8_avx_vnni, AVX_VNNI, __m256i, STEP_INT8_AVX_VNNI, 32 * 2)

/// The dot product adds into f32 what it takes from bf16, so its operands are of another type than its sums.
AVX512_BF16 static double bf16_avx512(size_t rounds, uint64_t *seed) {
    enum { chains = CHAINS(__m512) };
    __m512bh a[operands];
    __m512 sums[chains];
    __m512i b;
    uint32_t words[16];
    for (int i = 0; i < operands; i++) {
        fill(words, 16, seed);
        memcpy(&a[i], words, sizeof words);
    }
    fill(words, 16, seed);
    memcpy(&b, words, sizeof words);
    for (int c = 0; c < chains; c++) sums[c] = _mm512_set1_ps((float)c);
    for (size_t r = 0; r < rounds; r++)
        _Pragma("clang loop unroll(full)") for (int c = 0; c < chains; c++)
            sums[c] = STEP_BF16_AVX512(sums[c], a[c % operands], b);
    for (int c = 0; c < chains; c++) *seed += (uint64_t)_mm512_reduce_add_ps(sums[c]);
    return (double)rounds * chains * 32 * 2;
}

READ_LOOP(read_sse, , words16)
READ_LOOP(read_avx2, AVX2, words32)
READ_LOOP(read_avx512, AVX512, words64)

double ck_peak(ck_peak_unit unit, size_t rounds, uint64_t *seed) {
    __builtin_cpu_init();
    int avx512 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    switch (unit) {
    case CK_PEAK_INT8:
        if (avx512 && __builtin_cpu_supports("avx512vnni")) return int8_vnni(rounds, seed);
        if (avx2 && __builtin_cpu_supports("avxvnni")) return int8_avx_vnni(rounds, seed);
        return avx512 ? int8_avx512(rounds, seed) : avx2 ? int8_avx2(rounds, seed) : int8_sse(rounds, seed);
    case CK_PEAK_BF16:
        if (avx512 && __builtin_cpu_supports("avx512bf16")) return bf16_avx512(rounds, seed);
        break;
    case CK_PEAK_F32: break;
    }
    return avx512 ? f32_avx512(rounds, seed) : avx2 ? f32_avx2(rounds, seed) : f32_sse(rounds, seed);
}

uint64_t ck_peak_read(const void *data, size_t count) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) return read_avx512(data, count);
    return __builtin_cpu_supports("avx2") ? read_avx2(data, count) : read_sse(data, count);
}

#elif defined(__aarch64__)
#define STEP_F32_NEON(sum, a, b) vfmaq_f32(sum, a, b)
#define STEP_INT8_NEON(sum, a, b) \
    vpadalq_s16(sum, vmull_s8(vget_low_s8(vreinterpretq_s8_s32(a)), vget_low_s8(vreinterpretq_s8_s32(b))))
PEAK_LOOP(f32_neon, , float32x4_t, STEP_F32_NEON, 4 * 2)
PEAK_LOOP(int8_neon, , int32x4_t, STEP_INT8_NEON, 8 * 2)
READ_LOOP(read_neon, , words16)

double ck_peak(ck_peak_unit unit, size_t rounds, uint64_t *seed) {
    return unit == CK_PEAK_INT8 ? int8_neon(rounds, seed) : f32_neon(rounds, seed);
}

uint64_t ck_peak_read(const void *data, size_t count) { return read_neon(data, count); }

#else
typedef float floats16 __attribute__((vector_size(16)));
#define STEP_F32(sum, a, b) ((sum) + (a) * (b))
PEAK_LOOP(f32_plain, , floats16, STEP_F32, 4 * 2)
READ_LOOP(read_plain, , words16)

double ck_peak(ck_peak_unit unit, size_t rounds, uint64_t *seed) {
    (void)unit;
    return f32_plain(rounds, seed);
}

uint64_t ck_peak_read(const void *data, size_t count) { return read_plain(data, count); }
#endif
