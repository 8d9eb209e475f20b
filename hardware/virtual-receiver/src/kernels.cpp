// See kernels.hpp. Every public loop is compiled for AVX-512, AVX2 and the baseline and chosen when the module loads.
#include "kernels.hpp"

#include <cmath>
#include <cstring>

#include "random.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

namespace pinpu::kernel {

namespace {

// sin(2 pi x), x = p / 2^32 turns. Folded to a quarter turn, then an odd polynomial; error 7e-9 plus float rounding.
INLINE float sine(uint32_t p) {
    const float x = static_cast<float>(static_cast<int32_t>(p)) * 0x1p-32f;
    const float a = std::fabs(x);
    const float folded = std::copysign(a > 0.25f ? 0.5f - a : a, x);
    const float z = folded * folded;
    return folded * (6.283185280154406f +
                     z * (-41.341680613346526f + z * (81.60247636892599f + z * (-76.58117264431282f + z * 39.75982708575151f))));
}

INLINE float cosine(uint32_t p) { return sine(p + 0x40000000u); }

// -ln(u) for u in (0, 1]: exponent and mantissa apart, ln m = 2 atanh((m-1)/(m+1)) with m within sqrt(2) of 1.
INLINE float minus_log(float u) {
    uint32_t bits;
    std::memcpy(&bits, &u, 4);
    const uint32_t shifted = bits + (0x3f800000u - 0x3f3504f3u);
    const int32_t exponent = static_cast<int32_t>(shifted >> 23) - 127;
    const uint32_t mantissa = (shifted & 0x007fffffu) + 0x3f3504f3u;
    float m;
    std::memcpy(&m, &mantissa, 4);
    const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    const float log_m = 2.0f * s * (1.0f + z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7))));
    return -(log_m + 0.69314718056f * static_cast<float>(exponent));
}

INLINE uint32_t rotate(uint32_t x, int k) { return (x << k) | (x >> (32 - k)); }

INLINE uint32_t step(uint32_t &s0, uint32_t &s1, uint32_t &s2, uint32_t &s3) {
    const uint32_t result = rotate(s0 + s3, 7) + s0, t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotate(s3, 11);
    return result;
}

}  // namespace

void NoiseState::seed(uint64_t seed) {
    for (size_t lane = 0; lane < kLanes; ++lane)
        for (auto &word : s) word[lane] = static_cast<uint32_t>(splitmix(seed) >> 32) | (&word == &s[0] ? 1u : 0u);
}

CLONES void gaussian(NoiseState &state, float power, float *re, float *im, size_t n) {
    alignas(64) uint32_t s0[kLanes], s1[kLanes], s2[kLanes], s3[kLanes];
    std::memcpy(s0, state.s[0], sizeof s0);
    std::memcpy(s1, state.s[1], sizeof s1);
    std::memcpy(s2, state.s[2], sizeof s2);
    std::memcpy(s3, state.s[3], sizeof s3);
    for (size_t i = 0; i < n; i += kLanes) {
        alignas(64) float r[kLanes], c[kLanes], d[kLanes];
        alignas(64) uint32_t a[kLanes], b[kLanes];
        for (size_t k = 0; k < kLanes; ++k) a[k] = step(s0[k], s1[k], s2[k], s3[k]);
        for (size_t k = 0; k < kLanes; ++k) b[k] = step(s0[k], s1[k], s2[k], s3[k]);
        for (size_t k = 0; k < kLanes; ++k) {
            const float u = (static_cast<float>(static_cast<int32_t>(a[k] >> 1)) + 0.5f) * 0x1p-31f;
            const float e = minus_log(u) * power;
            r[k] = std::sqrt(e > 0.0f ? e : 0.0f);
        }
        for (size_t k = 0; k < kLanes; ++k) c[k] = cosine(b[k]);
        for (size_t k = 0; k < kLanes; ++k) d[k] = sine(b[k]);
        for (size_t k = 0; k < kLanes; ++k) re[i + k] = r[k] * c[k];
        for (size_t k = 0; k < kLanes; ++k) im[i + k] = r[k] * d[k];
    }
    std::memcpy(state.s[0], s0, sizeof s0);
    std::memcpy(state.s[1], s1, sizeof s1);
    std::memcpy(state.s[2], s2, sizeof s2);
    std::memcpy(state.s[3], s3, sizeof s3);
}

CLONES void ramp(uint32_t start, uint32_t step_, uint32_t *__restrict phase, size_t n) {
    for (uint32_t i = 0; i < static_cast<uint32_t>(n); ++i) phase[i] = start + i * step_;
}

CLONES void add_polar(const uint32_t *__restrict phase, const float *__restrict amplitude, float gr, float gi, float dgr,
                      float dgi, float *__restrict re, float *__restrict im, size_t n) {
    for (int i = 0; i < static_cast<int>(n); ++i) {
        const float t = static_cast<float>(i), a = amplitude[i];
        const float c = a * cosine(phase[i]), s = a * sine(phase[i]);
        const float r = gr + t * dgr, q = gi + t * dgi;
        re[i] += r * c - q * s;
        im[i] += r * s + q * c;
    }
}

CLONES void add_carrier(const uint32_t *__restrict phase, float gr, float gi, float dgr, float dgi, float *__restrict re,
                        float *__restrict im, size_t n) {
    for (int i = 0; i < static_cast<int>(n); ++i) {
        const float t = static_cast<float>(i);
        const float c = cosine(phase[i]), s = sine(phase[i]);
        const float r = gr + t * dgr, q = gi + t * dgi;
        re[i] += r * c - q * s;
        im[i] += r * s + q * c;
    }
}

CLONES void add_rotated(const float *__restrict xr, const float *__restrict xi, const uint32_t *__restrict phase, float gr,
                        float gi, float dgr, float dgi, float *__restrict re, float *__restrict im, size_t n) {
    for (int i = 0; i < static_cast<int>(n); ++i) {
        const float t = static_cast<float>(i);
        const float c = cosine(phase[i]), s = sine(phase[i]);
        const float a = xr[i] * c - xi[i] * s, b = xr[i] * s + xi[i] * c;
        const float r = gr + t * dgr, q = gi + t * dgi;
        re[i] += r * a - q * b;
        im[i] += r * b + q * a;
    }
}

CLONES void fir(const float *__restrict in, const float *__restrict taps, size_t count, float *__restrict out, size_t n) {
    constexpr size_t kTile = 64;
    size_t i = 0;
    for (; i + kTile <= n; i += kTile) {
        float sum[kTile] = {};
        for (size_t k = 0; k < count; ++k) {
            const float h = taps[k];
            const float *x = in + i + k;
            for (size_t j = 0; j < kTile; ++j) sum[j] += h * x[j];
        }
        for (size_t j = 0; j < kTile; ++j) out[i + j] = sum[j];
    }
    for (; i < n; ++i) {
        float sum = 0.0f;
        for (size_t k = 0; k < count; ++k) sum += taps[k] * in[i + k];
        out[i] = sum;
    }
}

CLONES void front_end(const FrontEnd &f, float *__restrict re, float *__restrict im, size_t n) {
    const float cubic = f.cubic, ii = f.ii, qq = f.qq, qi = f.qi, dr = f.dc_re, di = f.dc_im;
    for (size_t i = 0; i < n; ++i) {
        // The cubic curve turns over at |x|^2 = 1/(3 cubic); beyond it a real amplifier saturates.
        const float p = re[i] * re[i] + im[i] * im[i];
        const float bend = cubic * p, g = 1.0f - (bend < 0.333333f ? bend : 0.333333f);
        const float a = re[i] * g, b = im[i] * g;
        re[i] = a * ii + dr;
        im[i] = b * qq + a * qi + di;
    }
}

CLONES size_t quantise(float *__restrict re, float *__restrict im, float levels, size_t n) {
    if (levels <= 0.0f) return 0;
    const float top = levels - 1.0f, bottom = -levels, back = 1.0f / levels;
    int clipped = 0;
    for (int i = 0; i < static_cast<int>(n); ++i) {
        const float a = std::floor(re[i] * levels + 0.5f), b = std::floor(im[i] * levels + 0.5f);
        clipped += (a > top) | (a < bottom) | (b > top) | (b < bottom);
        re[i] = (a > top ? top : a < bottom ? bottom : a) * back;
        im[i] = (b > top ? top : b < bottom ? bottom : b) * back;
    }
    return static_cast<size_t>(clipped);
}

CLONES void to_cs8(const float *__restrict re, const float *__restrict im, int8_t *__restrict out, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const float a = re[i] * 128.0f, b = im[i] * 128.0f;
        out[2 * i] = static_cast<int8_t>(static_cast<int32_t>(std::floor((a > 127.0f ? 127.0f : a < -128.0f ? -128.0f : a) + 0.5f)));
        out[2 * i + 1] = static_cast<int8_t>(static_cast<int32_t>(std::floor((b > 127.0f ? 127.0f : b < -128.0f ? -128.0f : b) + 0.5f)));
    }
}

CLONES void to_cu8(const float *__restrict re, const float *__restrict im, uint8_t *__restrict out, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        const float a = re[i] * 127.5f + 128.0f, b = im[i] * 127.5f + 128.0f;
        out[2 * i] = static_cast<uint8_t>(static_cast<int32_t>(std::floor(a > 255.0f ? 255.0f : a < 0.0f ? 0.0f : a)));
        out[2 * i + 1] = static_cast<uint8_t>(static_cast<int32_t>(std::floor(b > 255.0f ? 255.0f : b < 0.0f ? 0.0f : b)));
    }
}

CLONES void to_cs16(const float *__restrict re, const float *__restrict im, float full_scale, int16_t *__restrict out,
                    size_t n) {
    const float top = full_scale - 1.0f, bottom = -full_scale;
    for (size_t i = 0; i < n; ++i) {
        const float a = re[i] * full_scale, b = im[i] * full_scale;
        out[2 * i] = static_cast<int16_t>(static_cast<int32_t>(std::floor((a > top ? top : a < bottom ? bottom : a) + 0.5f)));
        out[2 * i + 1] = static_cast<int16_t>(static_cast<int32_t>(std::floor((b > top ? top : b < bottom ? bottom : b) + 0.5f)));
    }
}

CLONES void to_cf32(const float *__restrict re, const float *__restrict im, float *__restrict out, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        out[2 * i] = re[i];
        out[2 * i + 1] = im[i];
    }
}

CLONES void inverse_fft(float *re, float *im, const float *twiddle_re, const float *twiddle_im, size_t size) {
    for (size_t half = 1; half < size; half *= 2) {
        const float *wr = twiddle_re + half - 1, *wi = twiddle_im + half - 1;
        for (size_t start = 0; start < size; start += 2 * half) {
            float *__restrict ar = re + start, *__restrict ai = im + start;
            float *__restrict br = re + start + half, *__restrict bi = im + start + half;
            for (size_t k = 0; k < half; ++k) {
                const float tr = br[k] * wr[k] - bi[k] * wi[k], ti = br[k] * wi[k] + bi[k] * wr[k];
                br[k] = ar[k] - tr;
                bi[k] = ai[k] - ti;
                ar[k] += tr;
                ai[k] += ti;
            }
        }
    }
}

CLONES float mean_power(const float *re, const float *im, size_t n) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; ++i) sum += re[i] * re[i] + im[i] * im[i];
    return n == 0 ? 0.0f : sum / static_cast<float>(n);
}

}  // namespace pinpu::kernel
