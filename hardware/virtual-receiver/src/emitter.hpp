// Everything on the air. An emitter adds its signal to a block of complex baseband; outside the span it costs nothing.
#pragma once
#include <complex>
#include <memory>
#include <vector>

#include "scene.hpp"

namespace pinpu {

constexpr size_t kBlock = 4096;  // most samples produced in one pass

// What the receiver looks at during one block.
struct View {
    double t0;      // scene time of the first sample, seconds
    double rate;    // true samples a second
    double lo_hz;   // true centre frequency
    double scale;   // amplitude of a 0 dBm carrier, in fractions of full scale
    size_t n;       // samples, at most kBlock
};

// Modulating sound, made at 192 kHz and interpolated: values within +-1.
class Audio {
public:
    Audio(const std::string &kind, bool pilot, uint64_t seed);
    void fill(float *out, size_t n, double rate);

private:
    double next();
    enum class Kind { none, noise, voice, tone, saw } kind_ = Kind::noise;
    double pitch_ = 1000.0, turn_ = 0.0, pilot_turn_ = 0.0, level_ = 0.0, low1_ = 0.0, low2_ = 0.0, low3_ = 0.0, at_ = 1.0;
    double before_ = 0.0, after_ = 0.0, target_ = 0.5;
    bool pilot_;
    size_t count_ = 0;
    Random random_;
};

// Band-limited signals made from subcarriers: Gaussian noise with flat top and sharp edges, or OFDM symbols.
class BandSource {
public:
    BandSource(const EmitterSpec &spec, uint64_t seed) : spec_(spec), random_(seed ^ 0xbadcafeull) {}
    // The next n samples centred on offset_hz, less the residual returned in residual_hz, mean power 1.
    void fill(float *re, float *im, size_t n, double rate, double offset_hz, double &residual_hz);

private:
    void prepare(double rate);
    void symbol(double offset_hz);
    EmitterSpec spec_;
    Random random_;
    double rate_ = 0.0, residual_ = 0.0;
    size_t size_ = 0, prefix_ = 0, overlap_ = 0, carriers_ = 0;
    std::vector<size_t> reversed_;
    std::vector<float> re_, im_, twiddle_re_, twiddle_im_, tail_re_, tail_im_, window_, out_re_, out_im_;
    size_t ready_ = 0, taken_ = 0;
};

class Emitter {
public:
    Emitter(const EmitterSpec &spec, uint64_t seed);
    void add(const View &view, float *re, float *im);
    const EmitterSpec &spec() const { return spec_; }

private:
    struct Piece {
        double t, frequency;
        std::complex<double> g0, g1;
        size_t from, n;
    };
    void add_piece(const View &view, const Piece &piece, float *re, float *im);
    double frequency_at(double t) const;
    void fill_phase(const View &view, double offset_hz, size_t n);
    void keying(const View &view, size_t n);

    EmitterSpec spec_;
    uint64_t seed_;
    Schedule schedule_;
    Fading fading_;
    Random random_;
    Audio audio_;
    BandSource band_;
    Schedule::Intervals intervals_;
    uint64_t phase_ = 0;       // fractions of a turn, 2^64 = 360 degrees
    double symbol_left_ = 0.0; // samples until the next symbol
    float symbol_ = 0.0f, key_ = 0.0f;
    std::vector<uint32_t> phases_;
    std::vector<float> a_, b_;
};

}  // namespace pinpu
