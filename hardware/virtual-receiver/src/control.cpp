// Settings: frequency with its CORR component, gain, rate, sensors and faults on request.
#include "device.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "presence.hpp"

namespace pinpu {

using Lock = std::lock_guard<std::mutex>;

static std::string ranges_text(const std::vector<std::pair<double, double>> &ranges) {
    std::ostringstream out;
    for (const auto &r : ranges) {
        out << (out.tellp() > 0 ? ", " : "") << static_cast<long long>(r.first);
        if (r.second > r.first) out << ".." << static_cast<long long>(r.second);
    }
    return out.str();
}

static bool within(const std::vector<std::pair<double, double>> &ranges, double value) {
    return std::any_of(ranges.begin(), ranges.end(), [value](auto &r) { return value >= r.first - 0.5 && value <= r.second + 0.5; });
}

void VirtualReceiver::require_present() const {
    if (dead_ || away_for(serial_) > 0.0) throw std::runtime_error("virtual receiver " + serial_ + " is unplugged");
}

double VirtualReceiver::total_gain() const {
    double sum = 0.0;
    for (const auto &g : profile_.gains) sum += gains_.at(g.name) * g.db_per_unit;
    return sum;
}

void VirtualReceiver::schedule_state(bool frequency_changed) {
    const uint64_t now = std::max(index_now(), next_);
    if (!active_) {
        changes_.assign(1, {0, radio_});
        return;
    }
    const auto samples = [this](double ms) { return static_cast<uint64_t>(ms * rate_ / 1000.0); };
    if (flushes_ && frequency_changed) next_ = now;
    const uint64_t from = now + samples(pipeline_ms_);
    changes_.erase(std::remove_if(changes_.begin() + 1, changes_.end(), [from](auto &c) { return c.index >= from; }), changes_.end());
    RadioState settling = radio_;
    settling.settling = true;
    if (frequency_changed) changes_.push_back({from, settling});
    changes_.push_back({from + (frequency_changed ? samples(settle_ms_) : 0), radio_});
}

std::vector<std::string> VirtualReceiver::listAntennas(int, size_t) const { return profile_.antennas; }

void VirtualReceiver::setAntenna(int, size_t, const std::string &name) {
    require_present();
    if (std::find(profile_.antennas.begin(), profile_.antennas.end(), name) == profile_.antennas.end())
        throw std::runtime_error("no antenna '" + name + "'");
    const Lock lock(mutex_);
    antenna_ = name;
}

std::string VirtualReceiver::getAntenna(int, size_t) const {
    const Lock lock(mutex_);
    return antenna_;
}

bool VirtualReceiver::hasFrequencyCorrection(int, size_t) const { return profile_.corr; }

void VirtualReceiver::setFrequencyCorrection(int direction, size_t channel, double ppm) {
    setFrequency(direction, channel, "CORR", ppm, {});
}

double VirtualReceiver::getFrequencyCorrection(int, size_t) const {
    const Lock lock(mutex_);
    return radio_.corr_ppm;
}

std::vector<std::string> VirtualReceiver::listGains(int, size_t) const {
    std::vector<std::string> names;
    for (const auto &g : profile_.gains) names.push_back(g.name);
    return names;
}

bool VirtualReceiver::hasGainMode(int, size_t) const { return !recording_; }

void VirtualReceiver::setGainMode(int, size_t, bool automatic) {
    require_present();
    const Lock lock(mutex_);
    automatic_ = automatic;
    automatic_db_ = total_gain();
    radio_.gain_db = automatic_db_;
    schedule_state(false);
}

bool VirtualReceiver::getGainMode(int, size_t) const {
    const Lock lock(mutex_);
    return automatic_;
}

void VirtualReceiver::setGain(int, size_t, const std::string &name, double value) {
    require_present();
    const Lock lock(mutex_);
    for (const auto &g : profile_.gains) {
        if (g.name != name) continue;
        const double steps = std::round((std::clamp(value, g.min, g.max) - g.min) / g.step);
        gains_[name] = std::min(g.max, g.min + steps * g.step);
        if (!automatic_) radio_.gain_db = total_gain();
        return schedule_state(false);
    }
    throw std::runtime_error("no gain element '" + name + "'");
}

double VirtualReceiver::getGain(int, size_t, const std::string &name) const {
    const Lock lock(mutex_);
    const auto it = gains_.find(name);
    if (it == gains_.end()) throw std::runtime_error("no gain element '" + name + "'");
    return it->second;
}

SoapySDR::Range VirtualReceiver::getGainRange(int, size_t, const std::string &name) const {
    for (const auto &g : profile_.gains)
        if (g.name == name) return SoapySDR::Range(g.min, g.max, g.step);
    throw std::runtime_error("no gain element '" + name + "'");
}

void VirtualReceiver::setFrequency(int, size_t, const std::string &name, double hz, const SoapySDR::Kwargs &) {
    require_present();
    const Lock lock(mutex_);
    if (name == "RF") {
        if (!recording_ && !within(profile_.rf_hz, hz))
            throw std::runtime_error("cannot tune to " + std::to_string(hz) + " Hz: " + ranges_text(profile_.rf_hz) + " Hz is covered");
        radio_.rf_hz = std::round(hz);
    } else if (name == "CORR" && profile_.corr)
        radio_.corr_ppm = std::round(hz);  // whole ppm only, as in librtlsdr
    else
        throw std::runtime_error("no frequency component '" + name + "'");
    schedule_state(true);
}

double VirtualReceiver::getFrequency(int, size_t, const std::string &name) const {
    const Lock lock(mutex_);
    if (name == "RF") return radio_.rf_hz;
    if (name == "CORR" && profile_.corr) return radio_.corr_ppm;
    throw std::runtime_error("no frequency component '" + name + "'");
}

std::vector<std::string> VirtualReceiver::listFrequencies(int, size_t) const {
    return profile_.corr ? std::vector<std::string>{"RF", "CORR"} : std::vector<std::string>{"RF"};
}

SoapySDR::RangeList VirtualReceiver::getFrequencyRange(int, size_t, const std::string &name) const {
    SoapySDR::RangeList list;
    if (name == "RF")
        for (const auto &r : profile_.rf_hz) list.emplace_back(r.first, r.second);
    if (name == "CORR" && profile_.corr) list.emplace_back(-1000, 1000);
    return list;
}

void VirtualReceiver::setSampleRate(int, size_t, double rate) {
    require_present();
    const Lock lock(mutex_);
    if (recording_ && std::fabs(rate - recording_->rate()) > 0.5)
        throw std::runtime_error("the recording plays at " + std::to_string(recording_->rate()) + " S/s only");
    if (!recording_ && !within(profile_.rates, rate))
        throw std::runtime_error("sample rate " + std::to_string(rate) + " is not supported: " + ranges_text(profile_.rates) + " S/s are");
    const uint64_t now = std::max(index_now(), next_);
    if (active_ && realtime_) next_ = now;  // the driver restarts its transfers
    anchor(now);
    rate_ = recording_ ? recording_->rate() : rate;
    anchor_index_ = now;
    if (const auto ms = scene_.value("buffer_ms")) buffer_samples_ = static_cast<size_t>(std::max(16.0, *ms * rate_ / 1000.0));
}

double VirtualReceiver::getSampleRate(int, size_t) const {
    const Lock lock(mutex_);
    return rate_;
}

std::vector<double> VirtualReceiver::listSampleRates(int, size_t) const {
    if (recording_) return {recording_->rate()};
    std::vector<double> rates;
    for (const auto &r : profile_.rates) {
        rates.push_back(r.first);
        if (r.second > r.first) rates.push_back(r.second);
    }
    return rates;
}

SoapySDR::RangeList VirtualReceiver::getSampleRateRange(int, size_t) const {
    SoapySDR::RangeList list;
    if (recording_) return {SoapySDR::Range(recording_->rate(), recording_->rate())};
    for (const auto &r : profile_.rates) list.emplace_back(r.first, r.second);
    return list;
}

bool VirtualReceiver::hasHardwareTime(const std::string &what) const { return what.empty(); }

long long VirtualReceiver::getHardwareTime(const std::string &) const {
    const Lock lock(mutex_);
    return std::llround(time_of(index_now()) * scene_.faults.time_scale * 1e9);
}

std::vector<std::string> VirtualReceiver::listSensors() const { return {"lost_samples", "overflows", "clipped_samples", "scene_time"}; }

std::string VirtualReceiver::readSensor(const std::string &key) const {
    const Lock lock(mutex_);
    if (key == "lost_samples") return std::to_string(lost_);
    if (key == "overflows") return std::to_string(overflows_);
    if (key == "clipped_samples") return std::to_string(clipped_);
    if (key == "scene_time") return std::to_string(time_of(next_));
    throw std::runtime_error("no sensor '" + key + "'");
}

SoapySDR::ArgInfoList VirtualReceiver::getSettingInfo() const {
    SoapySDR::ArgInfo unplug_info;
    unplug_info.key = "unplug";
    unplug_info.name = "Unplug";
    unplug_info.description = "Pull the plug for so many seconds; 0 plugs it in again";
    unplug_info.type = SoapySDR::ArgInfo::FLOAT;
    unplug_info.units = "s";
    unplug_info.value = "0";
    return {unplug_info};
}

void VirtualReceiver::writeSetting(const std::string &key, const std::string &value) {
    if (key != "unplug") throw std::runtime_error("no setting '" + key + "': there is unplug");
    char *end = nullptr;
    const double seconds = std::strtod(value.c_str(), &end);
    if (end == value.c_str() || *end != 0 || !(seconds >= 0.0 && seconds < 1e9))
        throw std::runtime_error("unplug='" + value + "': give seconds, such as 3.0");
    if (seconds == 0.0) return plug_in(serial_);
    unplug(serial_, seconds);
}

std::string VirtualReceiver::readSetting(const std::string &key) const {
    if (key != "unplug") throw std::runtime_error("no setting '" + key + "': there is unplug");
    return std::to_string(away_for(serial_));
}

}  // namespace pinpu
