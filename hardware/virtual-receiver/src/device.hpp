// The SoapySDR device. One mutex guards the settings and is held for microseconds; samples are made outside it.
//
// Time: sample `index` counts from the first activation and is tied to the clock by an anchor that moves when streaming
// starts or the rate changes. Samples are made when they are read, but belong to the instant they were "taken": a
// setting changed now takes effect at the index the clock has reached plus the pipeline, so what was already waiting in
// the ring is truly of the old frequency.
#pragma once
#include <SoapySDR/Device.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "generator.hpp"

namespace pinpu {

class VirtualReceiver : public SoapySDR::Device {
public:
    explicit VirtualReceiver(const SoapySDR::Kwargs &args);
    ~VirtualReceiver() override;

    // What it is.
    std::string getDriverKey() const override;
    std::string getHardwareKey() const override;
    SoapySDR::Kwargs getHardwareInfo() const override;
    size_t getNumChannels(int direction) const override;

    // Settings (control.cpp).
    std::vector<std::string> listAntennas(int, size_t) const override;
    void setAntenna(int, size_t, const std::string &name) override;
    std::string getAntenna(int, size_t) const override;
    bool hasFrequencyCorrection(int, size_t) const override;
    void setFrequencyCorrection(int, size_t, double ppm) override;
    double getFrequencyCorrection(int, size_t) const override;
    std::vector<std::string> listGains(int, size_t) const override;
    bool hasGainMode(int, size_t) const override;
    void setGainMode(int, size_t, bool automatic) override;
    bool getGainMode(int, size_t) const override;
    using SoapySDR::Device::setGain;
    using SoapySDR::Device::getGain;
    using SoapySDR::Device::getGainRange;
    void setGain(int, size_t, const std::string &name, double value) override;
    double getGain(int, size_t, const std::string &name) const override;
    SoapySDR::Range getGainRange(int, size_t, const std::string &name) const override;
    // Overall setFrequency stays SoapySDR's own: it spreads the rest over the components and so resets CORR to 0, as it
    // does on real RTL-SDR drivers.
    using SoapySDR::Device::setFrequency;
    using SoapySDR::Device::getFrequency;
    using SoapySDR::Device::getFrequencyRange;
    void setFrequency(int, size_t, const std::string &name, double hz, const SoapySDR::Kwargs &) override;
    double getFrequency(int, size_t, const std::string &name) const override;
    std::vector<std::string> listFrequencies(int, size_t) const override;
    SoapySDR::RangeList getFrequencyRange(int, size_t, const std::string &name) const override;
    void setSampleRate(int, size_t, double rate) override;
    double getSampleRate(int, size_t) const override;
    std::vector<double> listSampleRates(int, size_t) const override;
    SoapySDR::RangeList getSampleRateRange(int, size_t) const override;
    bool hasHardwareTime(const std::string &what) const override;
    long long getHardwareTime(const std::string &what) const override;
    std::vector<std::string> listSensors() const override;
    std::string readSensor(const std::string &key) const override;
    SoapySDR::ArgInfoList getSettingInfo() const override;
    using SoapySDR::Device::writeSetting;
    using SoapySDR::Device::readSetting;
    void writeSetting(const std::string &key, const std::string &value) override;
    std::string readSetting(const std::string &key) const override;

    // Streaming (stream.cpp).
    std::vector<std::string> getStreamFormats(int, size_t) const override;
    std::string getNativeStreamFormat(int, size_t, double &full_scale) const override;
    SoapySDR::ArgInfoList getStreamArgsInfo(int, size_t) const override;
    SoapySDR::Stream *setupStream(int direction, const std::string &format, const std::vector<size_t> &channels,
                                  const SoapySDR::Kwargs &args) override;
    void closeStream(SoapySDR::Stream *) override;
    size_t getStreamMTU(SoapySDR::Stream *) const override;
    int activateStream(SoapySDR::Stream *, int flags, long long time_ns, size_t count) override;
    int deactivateStream(SoapySDR::Stream *, int flags, long long time_ns) override;
    int readStream(SoapySDR::Stream *, void *const *buffers, size_t count, int &flags, long long &time_ns, long timeout_us) override;

private:
    using Steady = std::chrono::steady_clock;
    struct Change {
        uint64_t index;
        RadioState state;
    };

    void require_present() const;
    double total_gain() const;
    uint64_t index_now() const;                 // lock held
    double time_of(uint64_t index) const;       // lock held: seconds on the scene's clock
    void schedule_state(bool frequency_changed);  // lock held: radio_ becomes effective after the pipeline
    void anchor(uint64_t index);                // lock held
    int wait_for_samples(Steady::time_point deadline, uint64_t &available, bool &lost);
    RadioState state_at(uint64_t index, uint64_t &until);  // lock held
    void automatic_gain();

    Scene scene_;
    Profile profile_;
    SoapySDR::Kwargs args_;
    std::string serial_, antenna_, native_;
    double native_full_scale_, pipeline_ms_, settle_ms_;
    double repeat_s_ = 0.0;               // length of what is made once and repeated; 0: everything is made as it is read
    bool flushes_, realtime_ = true;
    std::shared_ptr<Recording> recording_;
    std::unique_ptr<Generator> generator_;

    mutable std::mutex mutex_;
    RadioState radio_;                    // as set
    std::deque<Change> changes_;          // as effective, by sample index; never empty
    std::map<std::string, double> gains_;
    bool automatic_ = false;
    double automatic_db_ = 0.0;
    double rate_;
    bool dead_ = false;                   // was unplugged: this handle never delivers again

    bool open_ = false, active_ = false;
    Format format_ = Format::cs8;
    double full_scale_ = 128.0;
    size_t sample_bytes_ = 2, buffer_samples_ = 131072, buffers_ = 15;
    uint64_t next_ = 0;                   // index of the next sample to hand out
    uint64_t anchor_index_ = 0;
    Steady::time_point anchor_time_;
    double anchor_scene_ = 0.0;
    uint64_t lost_ = 0, clipped_ = 0, overflows_ = 0;
};

std::string serial_of(const SoapySDR::Kwargs &args);
std::string scene_of(const SoapySDR::Kwargs &args);

}  // namespace pinpu
