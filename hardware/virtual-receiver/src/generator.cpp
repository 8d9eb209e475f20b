#include "generator.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pinpu {

namespace {

constexpr double kPi = 3.141592653589793;
constexpr double kThermal = -173.975;  // dBm/Hz at 290 K

double amplitude(double db) { return std::pow(10.0, db / 20.0); }

double bessel_i0(double x) {
    double sum = 1.0, term = 1.0;
    for (int k = 1; k < 40; ++k) sum += (term *= x * x / (4.0 * k * k));
    return sum;
}

}  // namespace

FrontEndModel::FrontEndModel(const Profile &profile, const Scene &scene)
    : ppm(scene.value("ppm").value_or(0.0)),
      noise_figure_db(scene.value("noise_figure_db").value_or(profile.noise_figure_db)),
      full_scale_dbm(scene.value("full_scale_dbm").value_or(profile.full_scale_dbm)),
      dc_dbfs(scene.value("dc_dbfs").value_or(profile.dc_dbfs)),
      iq_gain_db(scene.value("iq_gain_db").value_or(profile.iq_gain_db)),
      iq_phase_deg(scene.value("iq_phase_deg").value_or(profile.iq_phase_deg)),
      iip3_dbm(scene.value("iip3_dbm").value_or(kNever)),
      usable_fraction(scene.value("usable_fraction").value_or(profile.usable_fraction)),
      noise(scene.value("noise").value_or(1.0) != 0.0),
      adc_bits(static_cast<int>(scene.value("adc_bits").value_or(profile.adc_bits))) {}

Generator::Generator(const Profile &profile, const Scene &scene, std::shared_ptr<Recording> recording)
    : scene_(scene), model_(profile, scene), recording_(std::move(recording)) {
    uint64_t seed = scene.seed;
    noise_.seed(splitmix(seed));
    for (const auto &spec : scene.emitters) emitters_.emplace_back(spec, splitmix(seed));
    re_.resize(kBlock);
    im_.resize(kBlock);
}

// Kaiser-windowed low pass: flat to usable_fraction / 2 of the rate, 40 dB down at the span's edge.
void Generator::prepare_filter(double rate) {
    filter_rate_ = rate;
    taps_.assign(1, 1.0f);
    if (model_.usable_fraction < 0.995) {
        const double width = (1.0 - model_.usable_fraction) / 2, cutoff = model_.usable_fraction / 2 + width / 2, beta = 3.4;
        const size_t count = std::min<size_t>(96, static_cast<size_t>(std::ceil(2.24 / width))) | 1;
        std::vector<double> h(count);
        double sum = 0.0;
        for (size_t i = 0; i < count; ++i) {
            const double x = static_cast<double>(i) - static_cast<double>(count / 2), r = 2.0 * x / static_cast<double>(count - 1);
            h[i] = (x == 0.0 ? 2.0 * cutoff : std::sin(2.0 * kPi * cutoff * x) / (kPi * x)) * bessel_i0(beta * std::sqrt(1.0 - r * r));
            sum += h[i];
        }
        taps_.resize(count);
        for (size_t i = 0; i < count; ++i) taps_[i] = static_cast<float>(h[i] / sum);
    }
    in_re_.assign(kBlock + taps_.size() + kernel::kLanes, 0.0f);
    in_im_.assign(kBlock + taps_.size() + kernel::kLanes, 0.0f);
}

void Generator::scene_block(const RadioState &radio, double t0, double rate, size_t n) {
    // An oscillator that is fast by ppm puts the centre and the sample clock high by as much; CORR takes it back.
    const double error = 1.0 + (model_.ppm - radio.corr_ppm) * 1e-6;
    const double gain = radio.gain_db - model_.full_scale_dbm;
    if (rate != filter_rate_) prepare_filter(rate);
    const size_t history = taps_.size() - 1;
    float *re = in_re_.data() + history, *im = in_im_.data() + history;
    if (model_.noise) {
        const double dbfs = kThermal + model_.noise_figure_db + 10.0 * std::log10(rate) + gain;
        const size_t whole = (n + kernel::kLanes - 1) / kernel::kLanes * kernel::kLanes;
        kernel::gaussian(noise_, static_cast<float>(std::pow(10.0, dbfs / 10.0)), re, im, whole);
    } else {
        std::fill_n(re, n, 0.0f);
        std::fill_n(im, n, 0.0f);
    }
    const View view{t0, rate * error, radio.rf_hz * error, amplitude(gain), n};
    if (!radio.settling)
        for (auto &emitter : emitters_) emitter.add(view, re, im);
    if (history == 0) {
        std::copy_n(re, n, re_.data());
        std::copy_n(im, n, im_.data());
    } else {
        kernel::fir(in_re_.data(), taps_.data(), taps_.size(), re_.data(), n);
        kernel::fir(in_im_.data(), taps_.data(), taps_.size(), im_.data(), n);
        std::memmove(in_re_.data(), in_re_.data() + n, history * sizeof(float));
        std::memmove(in_im_.data(), in_im_.data() + n, history * sizeof(float));
    }
    // I/Q error g, phi: I' = I, Q' = g (Q cos phi - I sin phi) = alpha x + beta conj(x). Divided by |alpha|, so that the
    // wanted signal keeps its level and its image stands at 20 log10 |beta / alpha|.
    const double g = amplitude(model_.iq_gain_db), phi = model_.iq_phase_deg * kPi / 180.0;
    const double keep = 2.0 / std::sqrt(1.0 + g * g + 2.0 * g * std::cos(phi));
    const double dc = model_.dc_dbfs > -300.0 ? amplitude(model_.dc_dbfs) : 0.0;
    const double cubic = model_.iip3_dbm < kNever / 2 ? std::pow(10.0, -(model_.iip3_dbm - model_.full_scale_dbm) / 10.0) : 0.0;
    const kernel::FrontEnd front{static_cast<float>(cubic), static_cast<float>(keep), static_cast<float>(keep * g * std::cos(phi)),
                                 static_cast<float>(-keep * g * std::sin(phi)), static_cast<float>(dc * 0.8), static_cast<float>(dc * 0.6)};
    kernel::front_end(front, re_.data(), im_.data(), n);
}

void Generator::recording_block(const RadioState &radio, double rate, size_t n) {
    recording_->read(re_.data(), im_.data(), n);
    const double offset = recording_->center_hz() - radio.rf_hz;
    if (offset == 0.0) return;
    if (std::fabs(offset) >= rate / 2) {  // tuned away: nothing of the recording is in the span
        std::fill_n(re_.data(), n, 0.0f);
        std::fill_n(im_.data(), n, 0.0f);
        return;
    }
    in_re_.assign(n, 0.0f);
    in_im_.assign(n, 0.0f);
    std::vector<uint32_t> phase(n);
    const double turns = offset / rate - std::floor(offset / rate);
    const auto step = static_cast<uint64_t>(turns * 0x1p64L);
    for (size_t i = 0; i < n; ++i) phase[i] = static_cast<uint32_t>((shift_phase_ += step) >> 32);
    kernel::add_rotated(re_.data(), im_.data(), phase.data(), 1.0f, 0.0f, 0.0f, 0.0f, in_re_.data(), in_im_.data(), n);
    re_.swap(in_re_);
    im_.swap(in_im_);
    re_.resize(kBlock);
    im_.resize(kBlock);
}

void Generator::prepare_loop(const RadioState &radio, double rate, Format format, double full_scale, size_t samples) {
    if (is_looped(radio, rate, format, full_scale) && loop_.samples == samples) return;
    const size_t width = format == Format::cf32 ? 8 : format == Format::cs16 ? 4 : 2;
    Loop loop{std::vector<char>(samples * width), {}, samples, width, radio, rate, full_scale, format};
    loop_.samples = 0;
    for (size_t done = 0; done < samples; done += kBlock)
        loop.clipped.push_back(produce(radio, static_cast<double>(done) / rate, rate, format, full_scale,
                                       loop.bytes.data() + done * width, std::min(kBlock, samples - done)));
    loop_ = std::move(loop);
}

bool Generator::is_looped(const RadioState &radio, double rate, Format format, double full_scale) const {
    return loop_.samples > 0 && !radio.settling && radio.rf_hz == loop_.radio.rf_hz && radio.corr_ppm == loop_.radio.corr_ppm &&
           radio.gain_db == loop_.radio.gain_db && rate == loop_.rate && format == loop_.format && full_scale == loop_.full_scale;
}

// The place in the loop is that of the scene's clock, also after samples were lost.
size_t Generator::repeat(double t0, void *out, size_t n) const {
    size_t clipped = 0, at = static_cast<size_t>(std::llround(std::max(0.0, t0) * loop_.rate)) % loop_.samples;
    auto *bytes = static_cast<char *>(out);
    for (size_t done = 0; done < n;) {
        const size_t m = std::min(n - done, loop_.samples - at);
        std::memcpy(bytes + done * loop_.width, loop_.bytes.data() + at * loop_.width, m * loop_.width);
        for (size_t block = (at + kBlock - 1) / kBlock; block * kBlock < at + m; ++block) clipped += loop_.clipped[block];
        done += m;
        at = (at + m) % loop_.samples;
    }
    return clipped;
}

size_t Generator::produce(const RadioState &radio, double t0, double rate, Format format, double full_scale, void *out, size_t n) {
    if (is_looped(radio, rate, format, full_scale)) return repeat(t0, out, n);
    size_t clipped = 0;
    auto *bytes = static_cast<char *>(out);
    for (size_t done = 0; done < n;) {
        const size_t m = std::min(kBlock, n - done);
        if (recording_)
            recording_block(radio, rate, m);
        else
            scene_block(radio, t0 + static_cast<double>(done) / rate, rate, m);
        last_power_ = kernel::mean_power(re_.data(), im_.data(), m);
        if (!recording_ && model_.adc_bits > 0)
            clipped += kernel::quantise(re_.data(), im_.data(), static_cast<float>(std::exp2(model_.adc_bits - 1)), m);
        switch (format) {
            case Format::cs8: kernel::to_cs8(re_.data(), im_.data(), reinterpret_cast<int8_t *>(bytes), m); bytes += 2 * m; break;
            case Format::cu8: kernel::to_cu8(re_.data(), im_.data(), reinterpret_cast<uint8_t *>(bytes), m); bytes += 2 * m; break;
            case Format::cs16:
                kernel::to_cs16(re_.data(), im_.data(), static_cast<float>(full_scale), reinterpret_cast<int16_t *>(bytes), m);
                bytes += 4 * m;
                break;
            case Format::cf32: kernel::to_cf32(re_.data(), im_.data(), reinterpret_cast<float *>(bytes), m); bytes += 8 * m; break;
        }
        done += m;
    }
    return clipped;
}

}  // namespace pinpu
