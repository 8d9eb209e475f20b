// A driver that crashes, or with HANG hangs, when it is asked what is plugged in, as some do in the field (SoapySDR
// issue 476). Built for tests only: enumeration must survive it and still find everybody else.
#include <SoapySDR/Registry.hpp>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

static SoapySDR::KwargsList find_nothing(const SoapySDR::Kwargs &) {
#ifdef HANG
    std::this_thread::sleep_for(std::chrono::seconds(60));
    return {};
#else
    std::abort();
#endif
}

static SoapySDR::Device *make_nothing(const SoapySDR::Kwargs &) {
    throw std::runtime_error("this driver cannot be opened; it exists to fail on enumeration");
}

static SoapySDR::Registry registerFailing("pinpu-failing", &find_nothing, &make_nothing, SOAPY_SDR_ABI_VERSION);
