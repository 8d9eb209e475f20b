#include "profile.hpp"

#include <stdexcept>

namespace pinpu {

static const std::vector<Profile> &profiles() {
    static const std::vector<Profile> all = {
        {"rtlsdr", "rtl-sdr-v3", "CS8", 128, 8, {{24e6, 1764e6}}, {{225001, 300000}, {900001, 3200000}}, 2.4e6,
         {{"TUNER", 0, 49.6, 0.1, 40, 1}}, true, false, 0.8, 3, 5, -20, 6, -48, 0.05, 0.5, {"RX"}},
        {"hackrf", "hackrf-one", "CS8", 128, 8, {{0, 7250e6}},
         {{1e6, 1e6}, {2e6, 2e6}, {4e6, 4e6}, {8e6, 8e6}, {10e6, 10e6}, {12.5e6, 12.5e6}, {16e6, 16e6}, {20e6, 20e6}}, 10e6,
         {{"LNA", 0, 40, 8, 16, 1}, {"AMP", 0, 14, 14, 0, 1}, {"VGA", 0, 62, 2, 24, 1}}, false, false, 0.75, 2, 3, -20, 9,
         -30, 0.15, 1.0, {"TX/RX"}},
        {"airspy", "airspy-r2", "CS16", 32767, 12, {{24e6, 1800e6}}, {{2.5e6, 2.5e6}, {10e6, 10e6}}, 10e6,
         {{"LNA", 0, 15, 1, 8, 2}, {"MIX", 0, 15, 1, 5, 1.5}, {"VGA", 0, 15, 1, 8, 3}}, false, true, 0.8, 1, 4, -5, 4, -70,
         0.01, 0.1, {"RX"}},
        {"airspyhf", "airspy-hf-plus", "CF32", 1, 18, {{9e3, 31e6}, {60e6, 260e6}},
         {{192e3, 192e3}, {256e3, 256e3}, {384e3, 384e3}, {768e3, 768e3}}, 768e3, {{"LNA", 0, 6, 6, 0, 1}, {"RF", -48, 0, 6, 0, 1}},
         false, true, 0.86, 1, 10, -20, 10, -100, 0.001, 0.01, {"RX"}},
        {"sdrplay", "sdrplay-rsp", "CS16", 32767, 14, {{1e3, 2000e6}}, {{62.5e3, 62.5e3}, {125e3, 125e3}, {250e3, 250e3},
         {500e3, 500e3}, {1e6, 1e6}, {2e6, 10.66e6}}, 2e6, {{"IFGR", 20, 59, 1, 40, -1}, {"RFGR", 0, 27, 1, 4, -3}}, true, true,
         0.8, 5, 20, -70, 5, -60, 0.02, 0.2, {"RX"}},
        {"lime", "limesdr", "CS16", 32767, 12, {{100e3, 3800e6}}, {{100e3, 61.44e6}}, 10e6,
         {{"LNA", 0, 30, 1, 20, 1}, {"TIA", 0, 12, 3, 9, 1}, {"PGA", -12, 19, 1, 6, 1}}, false, false, 0.8, 2, 10, -5, 6, -45, 0.1,
         0.8, {"NONE", "LNAH", "LNAL", "LNAW"}},
        {"uhd", "usrp-b200", "CS16", 32767, 12, {{70e6, 6000e6}}, {{32e3, 61.44e6}}, 10e6, {{"PGA", 0, 76, 1, 40, 1}}, false, false,
         0.8, 1, 2, -5, 6, -60, 0.05, 0.3, {"TX/RX", "RX2"}},
        {"bladerf", "bladerf-2", "CS16", 2048, 12, {{70e6, 6000e6}}, {{520834, 61.44e6}}, 10e6, {{"full", -15, 60, 1, 40, 1}}, false,
         false, 0.8, 1, 2, -5, 6, -55, 0.05, 0.4, {"RX1", "RX2"}},
        {"wideband", "wideband", "CS16", 32767, 14, {{1e6, 6000e6}}, {{100e3, 125e6}}, 50e6, {{"RX", 0, 60, 1, 30, 1}}, false, false,
         0.85, 1, 1, -15, 6, -80, 0.01, 0.1, {"RX"}},
        {"ideal", "ideal", "CF32", 1, 0, {{0, 100e9}}, {{1e3, 200e6}}, 2.4e6, {{"RX", 0, 100, 0.01, 0, 1}}, true, true, 1.0, 0, 0, -40,
         6, -999, 0, 0, {"RX"}},
    };
    return all;
}

const Profile &find_profile(const std::string &name) {
    std::string names;
    for (const auto &p : profiles()) {
        if (p.name == name) return p;
        names += (names.empty() ? "" : ", ") + p.name;
    }
    throw std::runtime_error("no receiver profile '" + name + "': write profile= with one of " + names);
}

}  // namespace pinpu
