// Streaming: a ring of fixed buffers seen through the clock. Nothing is stored; what the ring would hold is known from
// the indices alone, and is made when it is read.
#include "device.hpp"

#include <SoapySDR/Formats.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <thread>

#include "presence.hpp"

namespace pinpu {

using Lock = std::unique_lock<std::mutex>;

namespace {

const auto kTick = std::chrono::milliseconds(10);  // how often a waiting reader looks whether the plug was pulled

size_t bytes_of(const std::string &format) { return format == "CF32" ? 8 : format == "CS16" ? 4 : 2; }

size_t whole(const SoapySDR::Kwargs &args, const std::string &key, size_t otherwise, size_t low, size_t high) {
    const auto it = args.find(key);
    if (it == args.end()) return otherwise;
    char *end = nullptr;
    const double v = std::strtod(it->second.c_str(), &end);
    if (end == it->second.c_str() || *end != 0 || v < static_cast<double>(low) || v > static_cast<double>(high))
        throw std::runtime_error(key + "='" + it->second + "': give a number from " + std::to_string(low) + " to " + std::to_string(high));
    return static_cast<size_t>(v);
}

}  // namespace

std::vector<std::string> VirtualReceiver::getStreamFormats(int, size_t) const {
    return {SOAPY_SDR_CS8, SOAPY_SDR_CU8, SOAPY_SDR_CS16, SOAPY_SDR_CF32};
}

std::string VirtualReceiver::getNativeStreamFormat(int, size_t, double &full_scale) const {
    full_scale = native_full_scale_;
    return native_;
}

SoapySDR::ArgInfoList VirtualReceiver::getStreamArgsInfo(int, size_t) const {
    SoapySDR::ArgInfo length, count;
    length.key = "bufflen";
    length.value = "262144";
    length.name = "Buffer length";
    length.description = "Bytes in one transfer";
    length.units = "bytes";
    length.type = SoapySDR::ArgInfo::INT;
    count.key = "buffers";
    count.value = "15";
    count.name = "Ring";
    count.description = "Buffers in the ring; when all are full the next are lost";
    count.type = SoapySDR::ArgInfo::INT;
    return {length, count};
}

SoapySDR::Stream *VirtualReceiver::setupStream(int direction, const std::string &format, const std::vector<size_t> &channels,
                                               const SoapySDR::Kwargs &args) {
    if (direction != SOAPY_SDR_RX) throw std::runtime_error("the virtual receiver only receives");
    if (channels.size() > 1 || (channels.size() == 1 && channels[0] != 0)) throw std::runtime_error("there is only channel 0");
    const auto known = getStreamFormats(direction, 0);
    if (std::find(known.begin(), known.end(), format) == known.end())
        throw std::runtime_error("format '" + format + "' is not supported: use CS8, CU8, CS16 or CF32");
    require_present();
    const Lock lock(mutex_);
    if (open_) throw std::runtime_error("the stream is already open: close it first");
    format_ = format == "CS8" ? Format::cs8 : format == "CU8" ? Format::cu8 : format == "CS16" ? Format::cs16 : Format::cf32;
    sample_bytes_ = bytes_of(format);
    full_scale_ = format_ == Format::cs16 ? (native_ == "CS16" ? native_full_scale_ : 32768.0) : 1.0;
    // A transfer is counted in bytes of the device's own format, as in SoapyRTLSDR.
    const size_t usual = scene_.value("buffer_ms") ? buffer_samples_ * bytes_of(native_) : 262144;
    buffer_samples_ = std::max<size_t>(16, whole(args, "bufflen", usual, 64, size_t{1} << 28) / bytes_of(native_));
    buffers_ = whole(args, "buffers", 15, 1, 1 << 20);
    open_ = true;
    return reinterpret_cast<SoapySDR::Stream *>(this);
}

void VirtualReceiver::closeStream(SoapySDR::Stream *) {
    const Lock lock(mutex_);
    open_ = active_ = false;
}

size_t VirtualReceiver::getStreamMTU(SoapySDR::Stream *) const { return buffer_samples_; }

uint64_t VirtualReceiver::index_now() const {
    if (!active_ || !realtime_) return next_;
    const double elapsed = std::chrono::duration<double>(Steady::now() - anchor_time_).count();
    return anchor_index_ + static_cast<uint64_t>(std::max(0.0, elapsed) * rate_);
}

double VirtualReceiver::time_of(uint64_t index) const {
    return anchor_scene_ + (static_cast<double>(index) - static_cast<double>(anchor_index_)) / rate_;
}

void VirtualReceiver::anchor(uint64_t index) {
    anchor_scene_ = realtime_ ? scene_now(serial_) : time_of(index);
    anchor_index_ = index;
    anchor_time_ = Steady::now();
}

int VirtualReceiver::activateStream(SoapySDR::Stream *, int flags, long long, size_t) {
    if (flags != 0) return SOAPY_SDR_NOT_SUPPORTED;
    const Lock lock(mutex_);
    if (dead_ || away_for(serial_) > 0.0) return SOAPY_SDR_STREAM_ERROR;
    if (active_) return 0;
    // Steered gain changes what is delivered with every read: then nothing can be repeated.
    if (repeat_s_ > 0.0 && !automatic_)
        generator_->prepare_loop(radio_, rate_, format_, full_scale_, static_cast<size_t>(std::max(1.0, std::round(repeat_s_ * rate_))));
    anchor(next_);
    changes_.assign(1, {0, radio_});
    active_ = true;
    return 0;
}

int VirtualReceiver::deactivateStream(SoapySDR::Stream *, int flags, long long) {
    if (flags != 0) return SOAPY_SDR_NOT_SUPPORTED;
    const Lock lock(mutex_);
    active_ = false;
    if (dead_) return SOAPY_SDR_STREAM_ERROR;
    return 0;
}

RadioState VirtualReceiver::state_at(uint64_t index, uint64_t &until) {
    while (changes_.size() > 1 && changes_[1].index <= index) changes_.pop_front();
    until = changes_.size() > 1 ? changes_[1].index : ~uint64_t{0};
    return changes_.front().state;
}

// Waits until at least one whole transfer is in the ring. Returns 0, or a stream error to hand to the caller.
int VirtualReceiver::wait_for_samples(Steady::time_point deadline, uint64_t &available, bool &lost) {
    for (;;) {
        apply_outages(serial_, scene_.faults.outages);
        const bool away = away_for(serial_) > 0.0;
        Steady::time_point ready;
        {
            const Lock lock(mutex_);
            if (!active_) return SOAPY_SDR_STREAM_ERROR;
            if (away) dead_ = true;
            if (dead_ && scene_.faults.error_while_away) return SOAPY_SDR_STREAM_ERROR;
            if (dead_ || scene_.faults.silent || (recording_ && recording_->ended())) {
                ready = deadline;
            } else if (!realtime_) {
                available = ~uint64_t{0} >> 1;
                return 0;
            } else {
                const uint64_t since = index_now() - anchor_index_;
                const uint64_t complete = anchor_index_ + since / buffer_samples_ * buffer_samples_;
                if (complete > next_ + buffer_samples_ * buffers_) {
                    lost_ += complete - next_;
                    ++overflows_;
                    next_ = complete;
                    lost = true;
                    return SOAPY_SDR_OVERFLOW;
                }
                if (complete > next_) {
                    available = complete - next_;
                    return 0;
                }
                const double at = static_cast<double>(complete + buffer_samples_ - anchor_index_) / rate_;
                ready = anchor_time_ + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(at));
            }
        }
        const auto now = Steady::now();
        if (now >= deadline) return SOAPY_SDR_TIMEOUT;
        std::this_thread::sleep_until(std::min({ready + std::chrono::microseconds(20), deadline, now + kTick}));
    }
}

int VirtualReceiver::readStream(SoapySDR::Stream *, void *const *buffers, size_t count, int &flags, long long &time_ns, long timeout_us) {
    flags = 0;
    uint64_t available = 0;
    bool lost = false;
    const auto deadline = Steady::now() + std::chrono::microseconds(std::max(0L, timeout_us));
    const int wait = wait_for_samples(deadline, available, lost);
    size_t n = static_cast<size_t>(std::min<uint64_t>(count, available));
    if (scene_.faults.max_read > 0) n = std::min(n, scene_.faults.max_read);
    Lock lock(mutex_);
    const auto stamp = [&](uint64_t index) { return std::llround(time_of(index) * scene_.faults.time_scale * 1e9); };
    if (wait != 0) {
        if (lost) {
            flags = SOAPY_SDR_END_ABRUPT | SOAPY_SDR_HAS_TIME;
            time_ns = stamp(next_);
        }
        return wait;
    }
    flags = SOAPY_SDR_HAS_TIME;
    time_ns = stamp(next_);
    // One run of samples for each radio state; the lock is not held while they are made.
    const double rate = rate_;
    const uint64_t first = next_;
    const double t0 = time_of(first);
    next_ += n;
    auto *out = static_cast<char *>(buffers[0]);
    size_t clipped = 0;
    for (size_t done = 0; done < n;) {
        uint64_t until = 0;
        const RadioState state = state_at(first + done, until);
        const size_t m = static_cast<size_t>(std::min<uint64_t>(n - done, until - (first + done)));
        lock.unlock();
        clipped += generator_->produce(state, t0 + static_cast<double>(done) / rate, rate, format_, full_scale_, out + done * sample_bytes_, m);
        lock.lock();
        done += m;
    }
    clipped_ += clipped;
    if (automatic_ && n > 0) automatic_gain();
    return static_cast<int>(n);
}

// Lock held. Steers the level towards -15 dBFS by at most 1 dB a read, within the elements' range.
void VirtualReceiver::automatic_gain() {
    const double level = 10.0 * std::log10(generator_->last_power() + 1e-12);
    double low = 0.0, high = 0.0;
    for (const auto &g : profile_.gains) {
        low += std::min(g.min * g.db_per_unit, g.max * g.db_per_unit);
        high += std::max(g.min * g.db_per_unit, g.max * g.db_per_unit);
    }
    automatic_db_ = std::clamp(automatic_db_ + std::clamp(-15.0 - level, -1.0, 1.0), low, high);
    radio_.gain_db = automatic_db_;
    for (auto &change : changes_) change.state.gain_db = automatic_db_;
}

}  // namespace pinpu
