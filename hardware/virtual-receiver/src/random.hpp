// Pseudo-random numbers for decisions (symbols, arrivals, jitter). The noise floor has its own generator in kernels.
#pragma once
#include <cmath>
#include <cstdint>

namespace pinpu {

// One step of splitmix64: turns any seed, however poor, into a well mixed one.
inline uint64_t splitmix(uint64_t &state) {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

// xoshiro256** by Blackman and Vigna (public domain algorithm), period 2^256 - 1.
class Random {
public:
    explicit Random(uint64_t seed) {
        for (auto &word : s_) word = splitmix(seed);
    }

    uint64_t next() {
        const uint64_t result = rotate(s_[1] * 5, 7) * 9, t = s_[1] << 17;
        s_[2] ^= s_[0];
        s_[3] ^= s_[1];
        s_[1] ^= s_[2];
        s_[0] ^= s_[3];
        s_[2] ^= t;
        s_[3] = rotate(s_[3], 45);
        return result;
    }

    // Uniform in (0, 1): never 0, so that its logarithm is finite.
    double uniform() { return (static_cast<double>(next() >> 12) + 0.5) * 0x1p-52; }

    // Standard normal (Box-Muller, one of the pair).
    double normal() { return std::sqrt(-2.0 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()); }

    bool bit() { return (next() >> 63) != 0; }

private:
    static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    uint64_t s_[4];
};

// A stateless draw: the same key and index always give the same number in (0, 1).
inline double hashed_uniform(uint64_t key, uint64_t index) {
    uint64_t state = key ^ (index * 0xD1342543DE82EF95ull);
    splitmix(state);
    return (static_cast<double>(splitmix(state) >> 12) + 0.5) * 0x1p-52;
}

}  // namespace pinpu
