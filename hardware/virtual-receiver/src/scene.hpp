// A scene: the receiver's faults and everything on the air, read from a text file. The format is in ../README.md.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schedule.hpp"

namespace pinpu {

struct EmitterSpec {
    enum class Kind { cw, fm, am, ook, fsk, noise, ofdm } kind = Kind::cw;
    std::string name;
    double freq_hz = 0.0, power_dbm = -80.0;
    double deviation_hz = 0.0, depth = 0.0, baud = 0.0, bandwidth_hz = 0.0, spacing_hz = 15000.0;
    double drift_hz_per_s = 0.0;
    bool pilot = false, sharp = false;
    std::string audio = "noise";
    ScheduleSpec schedule;
    HopSpec hop;
    FadingSpec fading;
};

struct Outage {
    double at, length;
};

struct Faults {
    std::vector<Outage> outages;     // unplugged at these scene times
    bool error_while_away = false;   // stream errors instead of silence
    double time_scale = 1.0;         // hardware time runs this much too fast (2: SoapyRTLSDR 0.3.3)
    bool silent = false;             // opens, but never delivers
    bool crash_on_enumerate = false; // abort() when asked what is there
    size_t max_read = 0;             // > 0: no read returns more samples than this
};

struct Scene {
    std::map<std::string, double> receiver;  // overrides of the profile
    std::vector<EmitterSpec> emitters;
    Faults faults;
    uint64_t seed = 1;

    std::optional<double> value(const std::string &key) const {
        const auto it = receiver.find(key);
        return it == receiver.end() ? std::nullopt : std::optional<double>(it->second);
    }
};

// Reads a file (a bare name is looked for beside the module and in the source tree). Errors carry file, line and what
// to write instead.
Scene load_scene(const std::string &name);
Scene parse_scene(const std::string &text, const std::string &origin);

}  // namespace pinpu
