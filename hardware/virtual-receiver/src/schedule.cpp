#include "schedule.hpp"

#include <algorithm>

namespace pinpu {

void Schedule::add(double a, double b, double from, double to, Intervals &out) const {
    const double low = std::max({a, from, spec_.start}), high = std::min({b, to, spec_.stop});
    if (low >= high) return;
    if (!out.empty() && low <= out.back().second)
        out.back().second = std::max(out.back().second, high);
    else
        out.emplace_back(low, high);
}

void Schedule::intervals(double a, double b, Intervals &out) {
    out.clear();
    if (b <= spec_.start || a >= spec_.stop) return;
    if (spec_.always()) return add(a, b, a, b, out);
    if (spec_.period > 0.0) {
        const double reach = spec_.width + spec_.jitter;
        const double first = std::max(0.0, std::floor((a - spec_.start - reach) / spec_.period));
        for (double k = first; spec_.start + k * spec_.period - spec_.jitter < b; k += 1.0) {
            const double shift = spec_.jitter * (2.0 * hashed_uniform(seed_, static_cast<uint64_t>(k)) - 1.0);
            const double from = spec_.start + k * spec_.period + shift;
            add(a, b, from, from + spec_.width, out);
        }
        return;
    }
    // Poisson arrivals have no memory: after a jump in time the process simply starts anew.
    if (next_arrival_ < a - 1.0) next_arrival_ = a - std::log(random_.uniform()) / spec_.arrivals;
    while (next_arrival_ < b) {
        running_.emplace_back(next_arrival_, next_arrival_ + spec_.width);
        next_arrival_ -= std::log(random_.uniform()) / spec_.arrivals;
    }
    for (const auto &r : running_) add(a, b, r.first, r.second, out);
    running_.erase(std::remove_if(running_.begin(), running_.end(), [b](auto &r) { return r.second <= b; }), running_.end());
}

double HopSpec::frequency(double t, uint64_t seed) const {
    const auto slot = static_cast<uint64_t>(std::max(0.0, std::floor(t / dwell)));
    const size_t n = channels_hz.size();
    if (!random) return channels_hz[slot % n];
    return channels_hz[std::min(n - 1, static_cast<size_t>(hashed_uniform(seed ^ 0x4f1bbcdcull, slot) * static_cast<double>(n)))];
}

Fading::Fading(const FadingSpec &spec, uint64_t seed) : spec_(spec) {
    Random random(seed ^ 0xfad1e5ull);
    for (int i = 0; i < kPaths; ++i) {
        rate_[i] = 6.283185307179586 * spec.doppler_hz * std::cos(6.283185307179586 * random.uniform());
        phase_[i] = 6.283185307179586 * random.uniform();
    }
}

std::complex<double> Fading::gain(double t) const {
    std::complex<double> scattered = 0.0;
    for (int i = 0; i < kPaths; ++i) scattered += std::polar(1.0, rate_[i] * t + phase_[i]);
    scattered /= std::sqrt(static_cast<double>(kPaths));
    if (spec_.kind == FadingSpec::Kind::rayleigh) return scattered;
    const double k = std::pow(10.0, spec_.k_db / 10.0);
    return std::sqrt(k / (k + 1.0)) + scattered / std::sqrt(k + 1.0);
}

}  // namespace pinpu
