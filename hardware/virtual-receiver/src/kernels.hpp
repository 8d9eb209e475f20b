// The loops every sample passes through. Planar floats in, planar floats out; no allocation, no decisions.
// Phases are fractions of a turn in 32 bits (2^32 = 360 degrees), so that wrapping is exact and free.
#pragma once
#include <cstddef>
#include <cstdint>

namespace pinpu::kernel {

constexpr size_t kLanes = 16;

// State of 16 parallel xoshiro128++ generators (Blackman and Vigna), each of period 2^128 - 1, seeded apart.
// At 60 MS/s the sequence would repeat after 10^23 years.
struct NoiseState {
    alignas(64) uint32_t s[4][kLanes];
    void seed(uint64_t seed);
};

// Fills n (a multiple of kLanes) complex Gaussian samples: mean 0, E|z|^2 = power. Box-Muller on 32-bit uniforms:
// exact distribution up to |z|^2 = 22 times the mean power (one sample in 4e9 would lie above).
void gaussian(NoiseState &state, float power, float *re, float *im, size_t n);

// phase[i] = start + i * step.
void ramp(uint32_t start, uint32_t step, uint32_t *phase, size_t n);

// out += amplitude[i] * (g + i * dg) * exp(j phase[i]); the complex gain g carries level and fading.
void add_polar(const uint32_t *phase, const float *amplitude, float gr, float gi, float dgr, float dgi, float *re,
               float *im, size_t n);

// As add_polar with constant amplitude 1.
void add_carrier(const uint32_t *phase, float gr, float gi, float dgr, float dgi, float *re, float *im, size_t n);

// out += x * (g + i * dg) * exp(j phase[i]).
void add_rotated(const float *xr, const float *xi, const uint32_t *phase, float gr, float gi, float dgr, float dgi,
                 float *re, float *im, size_t n);

// out[i] = sum over k of taps[k] * in[i + k]; `in` holds n + taps - 1 values.
void fir(const float *in, const float *taps, size_t count, float *out, size_t n);

// Third-order curve, I/Q error and DC in one pass: x -= cubic*|x|^2*x ; I' = I*ii ; Q' = Q*qq + I*qi ; then + dc.
struct FrontEnd {
    float cubic, ii, qq, qi, dc_re, dc_im;
};
void front_end(const FrontEnd &f, float *re, float *im, size_t n);

// Quantises to `levels` = 2^(bits-1) steps per unit and saturates; returns how many samples clipped.
// With levels 0 the values pass unchanged.
size_t quantise(float *re, float *im, float levels, size_t n);

// Interleaves; values are taken as fractions of full scale.
void to_cs8(const float *re, const float *im, int8_t *out, size_t n);
void to_cu8(const float *re, const float *im, uint8_t *out, size_t n);
void to_cs16(const float *re, const float *im, float full_scale, int16_t *out, size_t n);
void to_cf32(const float *re, const float *im, float *out, size_t n);

// In-place inverse Fourier transform, unscaled, of `size` (a power of two, at least 2) values already in bit-reversed
// order. Twiddles lie stage after stage: for half = 1, 2, 4 ... the half factors exp(+j pi k / half).
void inverse_fft(float *re, float *im, const float *twiddle_re, const float *twiddle_im, size_t size);

// Mean of |x|^2.
float mean_power(const float *re, const float *im, size_t n);

}  // namespace pinpu::kernel
