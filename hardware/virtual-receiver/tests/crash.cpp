// A driver that crashes when it is asked what is plugged in, as some do in the field (SoapySDR issue 476).
// Built for tests only: enumeration must survive it and still find everybody else.
#include <SoapySDR/Registry.hpp>

#include <cstdlib>
#include <stdexcept>

static SoapySDR::KwargsList find_crash(const SoapySDR::Kwargs &) { std::abort(); }

static SoapySDR::Device *make_crash(const SoapySDR::Kwargs &) {
    throw std::runtime_error("pinpu-crash cannot be opened; it exists to crash on enumeration");
}

static SoapySDR::Registry registerCrash("pinpu-crash", &find_crash, &make_crash, SOAPY_SDR_ABI_VERSION);
