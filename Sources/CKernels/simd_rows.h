// Kernels over one row; see simd_kernels.h.

static void rms_norm(const float *x, const float *weight, float epsilon, size_t count, float *y) {
    vec squares[2] = {{0}, {0}};
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        vec v = load(x + i);
        squares[i / lanes & 1] = fused(v, v, squares[i / lanes & 1]);
    }
    vec rest = load_first(x + i, count - i);
    squares[0] = fused(rest, rest, squares[0]);
    float inverse = 1 / sqrtf(sum_lanes(squares[0] + squares[1]) / (float)count + epsilon);
    for (i = 0; i + lanes <= count; i += lanes) store(y + i, load(x + i) * inverse * load(weight + i));
    if (i < count) store_first(y + i, rest * inverse * load_first(weight + i, count - i), count - i);
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t count,
                       float *y) {
    vec sums = {0}, squares = {0};
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) sums += load(x + i);
    vec rest = load_first(x + i, count - i);
    float mean = sum_lanes(sums + rest) / (float)count;
    for (i = 0; i + lanes <= count; i += lanes) {
        vec v = load(x + i) - mean;
        squares = fused(v, v, squares);
    }
    // The lanes past the end must add nothing, so the mean is subtracted from real elements only.
    float centred[lanes] = {0};
    for (size_t j = i; j < count; j++) centred[j - i] = x[j] - mean;
    rest = load(centred);
    squares = fused(rest, rest, squares);
    float inverse = 1 / sqrtf(sum_lanes(squares) / (float)count + epsilon);
    for (i = 0; i + lanes <= count; i += lanes)
        store(y + i, fused((load(x + i) - mean) * inverse, load(weight + i), load(bias + i)));
    size_t n = count - i;
    if (n) store_first(y + i, fused(rest * inverse, load_first(weight + i, n), load_first(bias + i, n)), n);
}

static void rotary(float *x, const float *cosines, const float *sines, size_t head_dim) {
    size_t half = head_dim / 2, i = 0;
    for (; i + lanes <= half; i += lanes) {
        vec a = load(x + i), b = load(x + half + i), c = load(cosines + i), s = load(sines + i);
        store(x + i, a * c - b * s);
        store(x + half + i, b * c + a * s);
    }
    for (; i < half; i++) {
        float a = x[i], b = x[half + i];
        x[i] = a * cosines[i] - b * sines[i];
        x[half + i] = b * cosines[i] + a * sines[i];
    }
}

static void silu_multiply(const float *gate, const float *up, size_t count, float *y) {
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, activated(load(gate + i), CK_SILU) * load(up + i));
    size_t n = count - i;
    if (n) store_first(y + i, activated(load_first(gate + i, n), CK_SILU) * load_first(up + i, n), n);
}

static void activate(float *x, size_t count, ck_activation activation) {
    if (activation == CK_NONE) return;
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store(x + i, activated(load(x + i), activation));
    if (i < count) store_first(x + i, activated(load_first(x + i, count - i), activation), count - i);
}

static void add(const float *x, size_t count, float *y) {
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, load(y + i) + load(x + i));
    if (i < count) store_first(y + i, load_first(y + i, count - i) + load_first(x + i, count - i), count - i);
}

static float largest_of(const float *x, size_t count) {
    vec most = broadcast(-INFINITY);
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) most = larger(most, load(x + i));
    float largest = largest_lane(most);
    for (; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

static void softmax(float *x, size_t count) {
    vec sums = {0};
    size_t i = 0;
    float largest = largest_of(x, count);
    if (largest == -INFINITY) {
        // Every key is removed: there is nothing to subtract, -inf - -inf would be NaN.
        memset(x, 0, count * sizeof(float));
        return;
    }
    for (i = 0; i + lanes <= count; i += lanes) {
        vec e = exponential(load(x + i) - largest);
        store(x + i, e);
        sums += e;
    }
    size_t n = count - i;
    if (n) {
        // Through memory, so that the lanes past the end hold exact zeros.
        float rest[lanes] = {0};
        store_first(x + i, exponential(load_first(x + i, n) - largest), n);
        memcpy(rest, x + i, n * sizeof(float));
        sums += load(rest);
    }
    float inverse = 1 / sum_lanes(sums);
    for (i = 0; i + lanes <= count; i += lanes) store(x + i, load(x + i) * inverse);
    for (; i < count; i++) x[i] *= inverse;
}

typedef double double_vec __attribute__((vector_size(lanes * sizeof(double))));

static double log_softmax(const float *x, size_t count, float *y) {
    float largest = largest_of(x, count), rest[lanes] = {0};
    double_vec sums = {0};
    size_t i = 0;
    for (; i + lanes <= count; i += lanes)
        sums += __builtin_convertvector(exponential(load(x + i) - largest), double_vec);
    size_t n = count - i;
    if (n) {
        // Through memory, so that the lanes past the end add nothing.
        store_first(rest, exponential(load_first(x + i, n) - largest), n);
        sums += __builtin_convertvector(load(rest), double_vec);
    }
    double sum = 0;
    for (size_t lane = 0; lane < lanes; lane++) sum += sums[lane];
    // Taken off one after the other: beside a large number the logarithm of the sum would be lost.
    double offset = largest, shift = log(sum);
    for (i = 0; i + lanes <= count; i += lanes) {
        double_vec above = __builtin_convertvector(load(x + i), double_vec) - offset;
        store(y + i, __builtin_convertvector(above - shift, vec));
    }
    for (; i < count; i++) y[i] = (float)(x[i] - offset - shift);
    return offset + shift;
}

static void f32_from_f16(const uint16_t *x, size_t count, float *y) {
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store(y + i, of_halves(x + i));
    for (; i < count; i++) y[i] = float_of_f16(x[i]);
}

static void f32_from_bf16(const uint16_t *x, size_t count, float *y) {
    // Simple enough for the compiler to vectorise.
    for (size_t i = 0; i < count; i++) y[i] = float_of_bf16(x[i]);
}

static void f16_from_f32(const float *x, size_t count, uint16_t *y) {
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) to_halves(load(x + i), y + i);
    for (; i < count; i++) y[i] = f16_of_float(x[i]);
}

static void bf16_from_f32(const float *x, size_t count, uint16_t *y) {
    size_t i = 0;
    for (; i + lanes <= count; i += lanes) store_bf16(y + i, load(x + i));
    for (; i < count; i++) y[i] = bf16_of_float(x[i]);
}
