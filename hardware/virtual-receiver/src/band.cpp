// Flat, sharp-edged bands from subcarriers. Each symbol is an inverse Fourier transform of random subcarriers:
//   noise: complex Gaussian subcarriers, sine windows overlapping by half (their squares add to 1), so the sum is
//          stationary Gaussian noise of exactly the asked power in exactly the asked band;
//   ofdm:  QPSK subcarriers, no carrier in the middle, a cyclic prefix of 1/8 and softened symbol edges.
// The offset is split into whole subcarriers, done here, and a residual the caller rotates by.
#include <algorithm>

#include "emitter.hpp"
#include "kernels.hpp"

namespace pinpu {

void BandSource::prepare(double rate) {
    rate_ = rate;
    const bool noise = spec_.kind == EmitterSpec::Kind::noise;
    const double spacing = noise ? spec_.bandwidth_hz / 24.0 : spec_.spacing_hz;
    size_ = 64;
    while (size_ < 32768 && rate / static_cast<double>(size_) > spacing * 1.5) size_ *= 2;
    prefix_ = noise ? 0 : size_ / 8;
    overlap_ = noise ? size_ / 2 : size_ / 8;
    carriers_ = std::max<size_t>(1, static_cast<size_t>(std::lround(spec_.bandwidth_hz * static_cast<double>(size_) / rate)));
    re_.assign(size_, 0.0f);
    im_.assign(size_, 0.0f);
    tail_re_.assign(overlap_, 0.0f);
    tail_im_.assign(overlap_, 0.0f);
    out_re_.assign(size_ + prefix_, 0.0f);
    out_im_.assign(size_ + prefix_, 0.0f);
    ready_ = taken_ = 0;
    window_.resize(overlap_);
    for (size_t i = 0; i < overlap_; ++i) {
        const double s = std::sin(1.5707963267948966 * (static_cast<double>(i) + 0.5) / static_cast<double>(overlap_));
        window_[i] = static_cast<float>(noise ? s : s * s);  // noise adds in power, a symbol and its prefix in amplitude
    }
    twiddle_re_.clear();
    twiddle_im_.clear();
    for (size_t half = 1; half < size_; half *= 2)
        for (size_t k = 0; k < half; ++k) {
            const double angle = 3.141592653589793 * static_cast<double>(k) / static_cast<double>(half);
            twiddle_re_.push_back(static_cast<float>(std::cos(angle)));
            twiddle_im_.push_back(static_cast<float>(std::sin(angle)));
        }
    size_t bits = 0;
    while ((size_t{1} << bits) < size_) ++bits;
    reversed_.resize(size_);
    for (size_t i = 0; i < size_; ++i) {
        size_t r = 0;
        for (size_t b = 0; b < bits; ++b) r |= ((i >> b) & 1) << (bits - 1 - b);
        reversed_[i] = r;
    }
}

void BandSource::symbol(double offset_hz) {
    const bool noise = spec_.kind == EmitterSpec::Kind::noise;
    const double spacing = rate_ / static_cast<double>(size_);
    // The subcarriers of an even number lie half a spacing low about the middle one.
    const double middle_hz = offset_hz + (noise && carriers_ % 2 == 0 ? spacing / 2.0 : 0.0);
    const auto shift = static_cast<long>(std::lround(middle_hz / spacing));
    residual_ = middle_hz - static_cast<double>(shift) * spacing;
    const long half = static_cast<long>(size_ / 2), count = static_cast<long>(carriers_);
    std::fill(re_.begin(), re_.end(), 0.0f);
    std::fill(im_.begin(), im_.end(), 0.0f);
    const bool skip_middle = !noise && count > 2;
    // Where two OFDM symbols cross, their independent powers add to 3/4 on average.
    const double crossing = noise ? 0.0 : 0.25 * static_cast<double>(overlap_) / static_cast<double>(size_ + prefix_);
    const auto amplitude = static_cast<float>(1.0 / std::sqrt(static_cast<double>(count - (skip_middle ? 1 : 0)) * (1.0 - crossing)));
    for (long c = 0; c < count; ++c) {
        const long relative = c - count / 2, bin = relative + shift;
        if (bin < -half || bin >= half || (skip_middle && relative == 0)) continue;
        std::complex<float> value;
        if (noise) {
            const double r = std::sqrt(-std::log(random_.uniform())), p = 6.283185307179586 * random_.uniform();
            value = {static_cast<float>(r * std::cos(p)), static_cast<float>(r * std::sin(p))};
        } else
            value = {random_.bit() ? 0.70710678f : -0.70710678f, random_.bit() ? 0.70710678f : -0.70710678f};
        const size_t at = reversed_[static_cast<size_t>(bin < 0 ? bin + static_cast<long>(size_) : bin)];
        re_[at] = value.real() * amplitude;
        im_[at] = value.imag() * amplitude;
    }
    kernel::inverse_fft(re_.data(), im_.data(), twiddle_re_.data(), twiddle_im_.data(), size_);
    const size_t advance = noise ? size_ / 2 : size_ + prefix_;
    const size_t lead = size_ - prefix_;  // the prefix repeats the symbol's end
    const auto at = [&](size_t i) { return (i + lead) & (size_ - 1); };
    for (size_t i = 0; i < overlap_; ++i) {
        out_re_[i] = re_[at(i)] * window_[i] + tail_re_[i];
        out_im_[i] = im_[at(i)] * window_[i] + tail_im_[i];
    }
    for (size_t i = overlap_; i < advance; ++i) {
        out_re_[i] = re_[at(i)];
        out_im_[i] = im_[at(i)];
    }
    for (size_t i = 0; i < overlap_; ++i) {
        tail_re_[i] = re_[at(advance + i)] * window_[overlap_ - 1 - i];
        tail_im_[i] = im_[at(advance + i)] * window_[overlap_ - 1 - i];
    }
    ready_ = advance;
    taken_ = 0;
}

void BandSource::fill(float *re, float *im, size_t n, double rate, double offset_hz, double &residual_hz) {
    if (rate != rate_) prepare(rate);
    for (size_t i = 0; i < n;) {
        if (taken_ == ready_) symbol(offset_hz);
        const size_t m = std::min(n - i, ready_ - taken_);
        std::copy_n(out_re_.begin() + static_cast<long>(taken_), m, re + i);
        std::copy_n(out_im_.begin() + static_cast<long>(taken_), m, im + i);
        taken_ += m;
        i += m;
    }
    residual_hz = residual_;
}

}  // namespace pinpu
