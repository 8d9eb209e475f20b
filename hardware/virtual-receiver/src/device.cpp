// Registration with SoapySDR: finding, opening, identity.
#include "device.hpp"

#include <SoapySDR/Registry.hpp>

#include <cstdlib>
#include <stdexcept>

#include "presence.hpp"

namespace pinpu {

static std::string get(const SoapySDR::Kwargs &args, const std::string &key, const std::string &otherwise) {
    const auto it = args.find(key);
    return it == args.end() || it->second.empty() ? otherwise : it->second;
}

std::string scene_of(const SoapySDR::Kwargs &args) {
    const char *set = std::getenv("PINPU_VIRTUAL_SCENE");
    return get(args, "scene", set && *set ? set : "demo");
}

// Stable for the same scene or recording and profile, so that a reopened receiver is recognised.
std::string serial_of(const SoapySDR::Kwargs &args) {
    const std::string given = get(args, "serial", "");
    if (!given.empty()) return given;
    uint64_t hash = 0xcbf29ce484222325ull;
    for (const char c : get(args, "recording", scene_of(args)) + "|" + get(args, "profile", "rtlsdr"))
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    char text[16];
    std::snprintf(text, sizeof text, "PV%08X", static_cast<unsigned>(hash ^ (hash >> 32)));
    return text;
}

VirtualReceiver::VirtualReceiver(const SoapySDR::Kwargs &args)
    : profile_(find_profile(get(args, "profile", "rtlsdr"))), args_(args), serial_(serial_of(args)) {
    const std::string recording = get(args, "recording", "");
    if (!recording.empty()) {
        recording_ = std::make_shared<Recording>(recording, get(args, "loop", "yes") != "no");
        const std::string scene = get(args, "scene", "");
        if (!scene.empty()) scene_ = load_scene(scene);  // its faults apply, its emitters do not
    } else
        scene_ = load_scene(scene_of(args));
    const std::string pace = get(args, "pace", "realtime");
    if (pace != "realtime" && pace != "fast") throw std::runtime_error("pace='" + pace + "': write pace=realtime or pace=fast");
    realtime_ = pace == "realtime";
    const std::string repeat = get(args, "repeat", "");
    if (!repeat.empty()) {
        char *end = nullptr;
        repeat_s_ = std::strtod(repeat.c_str(), &end);
        if (recording_) throw std::runtime_error("repeat= is for scenes: a recording repeats by itself");
        if (*end != 0 || !(repeat_s_ >= 0.01 && repeat_s_ <= 60.0))
            throw std::runtime_error("repeat='" + repeat + "': write the seconds that are made once and repeated, 0.01 to 60");
    }
    const char *seed = std::getenv("PINPU_VIRTUAL_SEED");
    if (seed && *seed) scene_.seed = std::strtoull(seed, nullptr, 10);
    pipeline_ms_ = scene_.value("pipeline_ms").value_or(profile_.pipeline_ms);
    settle_ms_ = scene_.value("settle_ms").value_or(profile_.settle_ms);
    flushes_ = scene_.value("flushes").value_or(profile_.flushes ? 1.0 : 0.0) != 0.0;
    native_ = recording_ ? recording_->format() : profile_.native;
    native_full_scale_ = recording_ ? (native_ == "CS16" ? 32768.0 : native_ == "CF32" ? 1.0 : 128.0) : profile_.full_scale;
    antenna_ = profile_.antennas.front();
    for (const auto &g : profile_.gains) gains_[g.name] = g.initial;
    rate_ = recording_ ? recording_->rate() : profile_.rate_initial;
    radio_.rf_hz = recording_ ? recording_->center_hz() : std::max(100e6, profile_.rf_hz.front().first);
    radio_.gain_db = scene_.value("gain_db").value_or(total_gain());
    changes_.push_back({0, radio_});
    if (const auto ms = scene_.value("buffer_ms")) buffer_samples_ = static_cast<size_t>(std::max(16.0, *ms * rate_ / 1000.0));
    apply_outages(serial_, scene_.faults.outages);
    if (away_for(serial_) > 0.0) throw std::runtime_error("virtual receiver " + serial_ + " is unplugged");
    scene_now(serial_);
    generator_ = std::make_unique<Generator>(profile_, scene_, recording_);
}

VirtualReceiver::~VirtualReceiver() = default;

std::string VirtualReceiver::getDriverKey() const { return "pinpu-virtual"; }

std::string VirtualReceiver::getHardwareKey() const { return profile_.product; }

SoapySDR::Kwargs VirtualReceiver::getHardwareInfo() const {
    return {{"serial", serial_}, {"profile", profile_.product}, {"source", recording_ ? get(args_, "recording", "") : scene_of(args_)},
            {"note", "made by a program: nothing here was received"}};
}

size_t VirtualReceiver::getNumChannels(int direction) const { return direction == SOAPY_SDR_RX ? 1 : 0; }

static SoapySDR::KwargsList find_virtual(const SoapySDR::Kwargs &args) {
    const char *crash = std::getenv("PINPU_VIRTUAL_CRASH");
    if (crash && std::string(crash) == "enumerate") std::abort();
    const std::string serial = serial_of(args), recording = get(args, "recording", "");
    try {
        const Faults faults = recording.empty() || args.count("scene") ? load_scene(scene_of(args)).faults : Faults{};
        if (faults.crash_on_enumerate) std::abort();
    } catch (const std::exception &) {
        // A faulty scene is reported when it is opened, where somebody reads the message.
    }
    if (away_for(serial) > 0.0) return {};
    SoapySDR::Kwargs found = args;
    found.erase("driver");
    found["serial"] = serial;
    found["product"] = find_profile(get(args, "profile", "rtlsdr")).product;
    found["label"] = "Virtual receiver (" + (recording.empty() ? "scene " + scene_of(args) : recording) + ")";
    return {found};
}

static SoapySDR::Device *make_virtual(const SoapySDR::Kwargs &args) { return new VirtualReceiver(args); }

static SoapySDR::Registry registerVirtual("pinpu-virtual", &find_virtual, &make_virtual, SOAPY_SDR_ABI_VERSION);

}  // namespace pinpu
