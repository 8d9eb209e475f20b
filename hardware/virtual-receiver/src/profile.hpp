// What kinds of receiver the module can pretend to be. Values are rounded and typical, meant to give each kind's
// traps (few bits, odd rates, index gains, slow settling), not to characterise a product.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace pinpu {

struct GainElement {
    std::string name;
    double min, max, step;
    double initial;
    double db_per_unit;  // 1 for dB, negative for a reduction, other for an index
};

struct Profile {
    std::string name;     // what `profile=` takes
    std::string product;  // reported as hardware key; names a file in hardware/profiles
    std::string native;   // CS8, CU8, CS16 or CF32
    double full_scale;    // of the native format, as the driver would report it
    int adc_bits;
    std::vector<std::pair<double, double>> rf_hz, rates;
    double rate_initial;
    std::vector<GainElement> gains;
    bool corr;            // a CORR frequency component (ppm), as in RTL-SDR
    bool flushes;         // drops its buffers on tuning
    double usable_fraction;
    double pipeline_ms, settle_ms;
    double full_scale_dbm;  // input level of a carrier that fills the converter at 0 dB gain
    double noise_figure_db;
    double dc_dbfs, iq_gain_db, iq_phase_deg;
    std::vector<std::string> antennas;
};

// Throws with the list of names when there is none.
const Profile &find_profile(const std::string &name);

}  // namespace pinpu
