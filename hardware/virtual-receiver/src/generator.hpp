// From scene (or recording) to converter output: noise floor, emitters, filter, front-end errors, quantisation.
// Owned by the reading thread; knows nothing of SoapySDR, clocks or locks.
#pragma once
#include <memory>
#include <vector>

#include "emitter.hpp"
#include "kernels.hpp"
#include "profile.hpp"
#include "recording.hpp"
#include "scene.hpp"

namespace pinpu {

// What the radio is set to while a run of samples is taken.
struct RadioState {
    double rf_hz = 100e6, corr_ppm = 0.0, gain_db = 0.0;
    bool settling = false;  // the synthesiser has not locked: no emission comes through
};

// The receiver's own properties: profile, overridden by the scene's `receiver` line.
struct FrontEndModel {
    double ppm, noise_figure_db, full_scale_dbm, dc_dbfs, iq_gain_db, iq_phase_deg, iip3_dbm, usable_fraction;
    bool noise;
    int adc_bits;
    FrontEndModel(const Profile &profile, const Scene &scene);
};

enum class Format { cs8, cu8, cs16, cf32 };

class Generator {
public:
    Generator(const Profile &profile, const Scene &scene, std::shared_ptr<Recording> recording);
    // Writes n samples (any number) taken at `rate` from scene time t0 into `out`; returns how many clipped.
    size_t produce(const RadioState &radio, double t0, double rate, Format format, double full_scale, void *out, size_t n);
    // Makes `samples` samples from scene time 0 on and keeps them: while the radio stays as it is, produce() then repeats them
    // instead of making any. For rates at which a processor cannot make what it shall measure.
    void prepare_loop(const RadioState &radio, double rate, Format format, double full_scale, size_t samples);
    // Mean power of the last block, fractions of full scale, before the converter; steers the automatic gain.
    double last_power() const { return last_power_; }

private:
    void prepare_filter(double rate);
    void scene_block(const RadioState &radio, double t0, double rate, size_t n);
    void recording_block(const RadioState &radio, double rate, size_t n);
    bool is_looped(const RadioState &radio, double rate, Format format, double full_scale) const;
    size_t repeat(double t0, void *out, size_t n) const;

    Scene scene_;
    FrontEndModel model_;
    std::vector<Emitter> emitters_;
    std::shared_ptr<Recording> recording_;
    kernel::NoiseState noise_;
    double filter_rate_ = 0.0, last_power_ = 0.0;
    uint64_t shift_phase_ = 0;
    // What is repeated, in the format of the stream, with the samples that clipped in each kBlock of it, and for what.
    struct Loop {
        std::vector<char> bytes;
        std::vector<size_t> clipped;
        size_t samples = 0, width = 0;
        RadioState radio;
        double rate = 0.0, full_scale = 0.0;
        Format format = Format::cs8;
    } loop_;
    std::vector<float> taps_, in_re_, in_im_, re_, im_;
};

}  // namespace pinpu
