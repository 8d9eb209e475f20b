// When an emitter is on the air, where it hops to, and how its path fades. All functions of scene time.
#pragma once
#include <complex>
#include <cstdint>
#include <utility>
#include <vector>

#include "random.hpp"

namespace pinpu {

constexpr double kNever = 1e300;

// How the on-times are laid out; all in seconds of scene time.
struct ScheduleSpec {
    double start = 0.0, stop = kNever;
    double period = 0.0;    // > 0: on for `width` every `period`, the first time at `start`
    double width = 0.0;     // length of one on-time
    double jitter = 0.0;    // each on-time is shifted by a uniform random time within +- jitter
    double arrivals = 0.0;  // > 0: random (Poisson) arrivals a second, each `width` long
    bool always() const { return period <= 0.0 && arrivals <= 0.0; }
};

class Schedule {
public:
    Schedule(const ScheduleSpec &spec, uint64_t seed) : spec_(spec), seed_(seed), random_(seed) {}

    using Intervals = std::vector<std::pair<double, double>>;
    // The parts of [a, b) that are on, in order, not overlapping. Calls must move forward in time.
    void intervals(double a, double b, Intervals &out);

private:
    void add(double a, double b, double from, double to, Intervals &out) const;
    ScheduleSpec spec_;
    uint64_t seed_;
    Random random_;
    double next_arrival_ = -1.0;
    Intervals running_;  // arrivals that reach into the future
};

struct HopSpec {
    std::vector<double> channels_hz;
    double dwell = 0.1;
    bool random = true;
    bool active() const { return !channels_hz.empty(); }
    double frequency(double t, uint64_t seed) const;
};

struct FadingSpec {
    enum class Kind { none, rayleigh, rician } kind = Kind::none;
    double k_db = 6.0;       // rician: power of the direct path over the scattered
    double doppler_hz = 1.0; // maximum Doppler shift
};

// Slow fading by a sum of sinusoids (Clarke's model): mean power 1.
class Fading {
public:
    Fading(const FadingSpec &spec, uint64_t seed);
    bool active() const { return spec_.kind != FadingSpec::Kind::none; }
    std::complex<double> gain(double t) const;

private:
    static constexpr int kPaths = 12;
    FadingSpec spec_;
    double rate_[kPaths], phase_[kPaths];
};

}  // namespace pinpu
