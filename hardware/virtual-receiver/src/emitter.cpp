#include "emitter.hpp"

#include <algorithm>

#include "kernels.hpp"

namespace pinpu {

namespace {

constexpr double kAudioRate = 192000.0;
constexpr double kRamp = 200e-6;  // a keyed transmitter rises and falls over this time; pulses are sharp
constexpr size_t kPiece = 256;  // frequency and fading are constant or linear over this many samples

// A frequency as a phase step, 2^64 = one turn a sample.
uint64_t phase_step(double turns) {
    turns -= std::floor(turns);
    return static_cast<uint64_t>(turns * 0x1p64L);
}

// What the analogue filter leaves of an emission beyond the span's edge, which then folds back: 60 dB down at 0.6.
double alias_gain(double fraction) {
    const double f = std::fabs(fraction);
    if (f <= 0.5) return 1.0;
    return f >= 0.6 ? 0.0 : std::pow(10.0, -(f - 0.5) * 600.0 / 20.0);
}

}  // namespace

Audio::Audio(const std::string &kind, bool pilot, uint64_t seed) : pilot_(pilot), random_(seed ^ 0xa0d10ull) {
    const auto colon = kind.find(':');
    const std::string word = kind.substr(0, colon);
    kind_ = word == "none" ? Kind::none : word == "voice" ? Kind::voice : word == "tone" ? Kind::tone : word == "saw" ? Kind::saw : Kind::noise;
    if (colon != std::string::npos) pitch_ = std::stod(kind.substr(colon + 1));
}

double Audio::next() {
    double value = 0.0;
    if (kind_ == Kind::tone || kind_ == Kind::saw) {
        turn_ += pitch_ / kAudioRate;
        turn_ -= std::floor(turn_);
        value = kind_ == Kind::tone ? std::sin(6.283185307179586 * turn_) : 2.0 * turn_ - 1.0;
    } else if (kind_ != Kind::none) {
        // White noise through three one-pole low passes (about 6 kHz for music, 1.5 kHz for voice), compressed as on the
        // air, and held to 15 kHz again.
        const double pole = kind_ == Kind::voice ? 0.05 : 0.2, drive = kind_ == Kind::voice ? 6.0 : 8.0;
        const double white = (random_.uniform() + random_.uniform() - 1.0) * 2.449;
        low1_ += pole * (white - low1_);
        low2_ += pole * (low1_ - low2_);
        low3_ += pole * (low2_ - low3_);
        if (kind_ == Kind::voice && count_++ % 24000 == 0) target_ = random_.uniform() < 0.25 ? 0.02 : 0.3 + 0.7 * random_.uniform();
        level_ += kind_ == Kind::voice ? 0.0005 * (target_ - level_) : 0.01 * (1.0 - level_);
        const double x = drive * low3_, compressed = x / std::sqrt(1.0 + x * x);
        soft1_ += 0.39 * (level_ * compressed - soft1_);
        soft2_ += 0.39 * (soft1_ - soft2_);
        value = soft2_;
    }
    if (pilot_) {
        pilot_turn_ += 19000.0 / kAudioRate;
        pilot_turn_ -= std::floor(pilot_turn_);
        value = 0.9 * value + 0.1 * std::sin(6.283185307179586 * pilot_turn_);
    }
    return value;
}

void Audio::fill(float *out, size_t n, double rate) {
    const double by = kAudioRate / rate;
    for (size_t i = 0; i < n; ++i) {
        at_ += by;
        while (at_ >= 1.0) {
            at_ -= 1.0;
            before_ = after_;
            after_ = next();
        }
        out[i] = static_cast<float>(before_ + (after_ - before_) * at_);
    }
}

Emitter::Emitter(const EmitterSpec &spec, uint64_t seed)
    : spec_(spec), seed_(seed), schedule_(spec.schedule, seed), fading_(spec.fading, seed), random_(seed),
      audio_(spec.audio, spec.pilot, seed), band_(spec, seed), phases_(kBlock), a_(kBlock), b_(kBlock) {
    phase_ = random_.next();
}

double Emitter::frequency_at(double t) const {
    const double base = spec_.hop.active() ? spec_.hop.frequency(t, seed_) : spec_.freq_hz;
    return base + spec_.drift_hz_per_s * t;
}

void Emitter::add(const View &view, float *re, float *im) {
    const bool moving = spec_.hop.active() || spec_.drift_hz_per_s != 0.0 || fading_.active();
    schedule_.intervals(view.t0, view.t0 + static_cast<double>(view.n) / view.rate, intervals_);
    for (const auto &[from, to] : intervals_) {
        const auto at = [&](double t) {
            return static_cast<size_t>(std::clamp((t - view.t0) * view.rate + 0.5, 0.0, static_cast<double>(view.n)));
        };
        const size_t begin = at(from), end = at(to), ramp = std::min(static_cast<size_t>(kRamp * view.rate), (end - begin) / 2);
        // Whether the interval truly starts or ends here, and is not merely cut by the block.
        const size_t rise = spec_.sharp || begin == 0 ? 0 : ramp, fall = spec_.sharp || end == view.n ? 0 : ramp;
        for (size_t i = begin; i < end;) {
            size_t n = moving ? std::min(kPiece, end - i) : end - i;
            double before = 1.0, after = 1.0;
            if (i < begin + rise) {
                n = std::min(n, begin + rise - i);
                before = static_cast<double>(i - begin) / static_cast<double>(rise);
                after = static_cast<double>(i + n - begin) / static_cast<double>(rise);
            } else if (i + n > end - fall) {
                if (i < end - fall)
                    n = end - fall - i;
                else {
                    before = static_cast<double>(end - i) / static_cast<double>(fall);
                    after = static_cast<double>(end - i - n) / static_cast<double>(fall);
                }
            }
            const double t = view.t0 + static_cast<double>(i) / view.rate, later = t + static_cast<double>(n) / view.rate;
            Piece piece{t, frequency_at(t), before, after, i, n};
            if (fading_.active()) {
                piece.g0 *= fading_.gain(t);
                piece.g1 *= fading_.gain(later);
            }
            add_piece(view, piece, re, im);
            i += n;
        }
    }
}

void Emitter::fill_phase(const View &view, double offset_hz, size_t n) {
    const uint64_t step = phase_step(offset_hz / view.rate);
    kernel::ramp(static_cast<uint32_t>(phase_ >> 32), static_cast<uint32_t>((step + 0x80000000ull) >> 32), phases_.data(), n);
    phase_ += step * n;
}

// Random symbols at `baud`, softened over a tenth of a symbol as a real keyed transmitter is, into a_.
void Emitter::keying(const View &view, size_t n) {
    const double length = view.rate / spec_.baud;
    const bool ook = spec_.kind == EmitterSpec::Kind::ook;
    const auto follow = static_cast<float>(std::min(1.0, 1.0 - std::exp(-10.0 / length)));
    for (size_t i = 0; i < n; ++i) {
        if (symbol_left_ <= 0.0) {
            symbol_left_ += length;
            symbol_ = random_.bit() ? 1.0f : (ook ? 0.0f : -1.0f);
        }
        symbol_left_ -= 1.0;
        key_ += follow * (symbol_ - key_);
        a_[i] = key_;
    }
}

void Emitter::add_piece(const View &view, const Piece &piece, float *re, float *im) {
    using Kind = EmitterSpec::Kind;
    const double offset = piece.frequency - view.lo_hz;
    const bool band = spec_.kind == Kind::noise || spec_.kind == Kind::ofdm;
    const double reach = band ? std::max(0.0, std::fabs(offset) - spec_.bandwidth_hz / 2) : std::fabs(offset);
    const double alias = band ? (reach < view.rate / 2 ? 1.0 : 0.0) : alias_gain(offset / view.rate);
    if (alias == 0.0) return;
    const double level = alias * view.scale * std::pow(10.0, spec_.power_dbm / 20.0);
    const auto gr = static_cast<float>(level * piece.g0.real()), gi = static_cast<float>(level * piece.g0.imag());
    const auto dr = static_cast<float>(level * (piece.g1.real() - piece.g0.real()) / static_cast<double>(piece.n));
    const auto di = static_cast<float>(level * (piece.g1.imag() - piece.g0.imag()) / static_cast<double>(piece.n));
    float *r = re + piece.from, *q = im + piece.from;
    const size_t n = piece.n;
    if (band) {
        double residual = 0.0;
        band_.fill(a_.data(), b_.data(), n, view.rate, offset, residual);
        fill_phase(view, residual, n);
        return kernel::add_rotated(a_.data(), b_.data(), phases_.data(), gr, gi, dr, di, r, q, n);
    }
    if (spec_.kind == Kind::cw || spec_.kind == Kind::am || spec_.kind == Kind::ook) {
        fill_phase(view, offset, n);
        if (spec_.kind == Kind::cw) return kernel::add_carrier(phases_.data(), gr, gi, dr, di, r, q, n);
        if (spec_.kind == Kind::ook) {
            keying(view, n);
        } else {
            audio_.fill(a_.data(), n, view.rate);
            for (size_t i = 0; i < n; ++i) a_[i] = 1.0f + static_cast<float>(spec_.depth) * a_[i];
        }
        return kernel::add_polar(phases_.data(), a_.data(), gr, gi, dr, di, r, q, n);
    }
    spec_.kind == Kind::fsk ? keying(view, n) : audio_.fill(a_.data(), n, view.rate);
    const auto step = static_cast<uint32_t>((phase_step(offset / view.rate) + 0x80000000ull) >> 32);
    const auto deviation = static_cast<float>(spec_.deviation_hz / view.rate * 0x1p32);
    auto phase = static_cast<uint32_t>(phase_ >> 32);
    for (size_t i = 0; i < n; ++i) {
        phases_[i] = phase;
        phase += step + static_cast<uint32_t>(static_cast<int64_t>(deviation * a_[i]));
    }
    phase_ = static_cast<uint64_t>(phase) << 32;
    kernel::add_carrier(phases_.data(), gr, gi, dr, di, r, q, n);
}

}  // namespace pinpu
