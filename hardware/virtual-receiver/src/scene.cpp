#include "scene.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>

namespace pinpu {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

[[noreturn]] void fail(const std::string &text) { throw std::runtime_error(text); }

std::string joined(const std::set<std::string> &words) {
    std::string out;
    for (const auto &w : words) out += (out.empty() ? "" : ", ") + w;
    return out;
}

// A number with an optional unit: 98.6M, 75k, 433.92MHz, 10ms, 5us, -80dBm, 3.
double number(const std::string &text) {
    static const std::map<std::string, double> units = {
        {"", 1},     {"Hz", 1},     {"k", 1e3},   {"kHz", 1e3}, {"M", 1e6},  {"MHz", 1e6}, {"G", 1e9},   {"GHz", 1e9},
        {"s", 1},    {"ms", 1e-3},  {"us", 1e-6}, {"ns", 1e-9}, {"dB", 1},   {"dBm", 1},   {"dBFS", 1},  {"ppm", 1},
        {"deg", 1},  {"%", 0.01},   {"Bd", 1},    {"kBd", 1e3}, {"MBd", 1e6}};
    char *end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const auto unit = units.find(end);
    if (end == text.c_str() || unit == units.end() || !(value > -1e300 && value < 1e300))
        fail("'" + text + "' is not a number: write 98.6M, 75k, 10ms, 5us, -80 or similar");
    return value * unit->second;
}

double positive(const std::string &text) {
    const double value = number(text);
    if (value <= 0.0) fail("'" + text + "' must be above zero");
    return value;
}

double not_negative(const std::string &text) {
    const double value = number(text);
    if (value < 0.0) fail("'" + text + "' must not be below zero");
    return value;
}

void parse_hop(const std::string &text, HopSpec &hop) {
    const auto range = text.find(".."), step = text.find('/');
    if (range != std::string::npos) {
        if (step == std::string::npos || step < range) fail("hop range '" + text + "' needs a step: write 902M..928M/500k");
        const double low = number(text.substr(0, range)), high = number(text.substr(range + 2, step - range - 2));
        const double by = positive(text.substr(step + 1));
        if (high < low || (high - low) / by > 10000) fail("hop range '" + text + "' is empty or has over 10000 channels");
        for (double f = low; f <= high + by * 1e-6; f += by) hop.channels_hz.push_back(f);
        return;
    }
    std::stringstream list(text);
    for (std::string one; std::getline(list, one, ',');) hop.channels_hz.push_back(number(one));
    if (hop.channels_hz.empty()) fail("hop needs channels: write hop=433.1M,433.5M or hop=902M..928M/500k");
}

void parse_fading(const std::string &text, FadingSpec &fading) {
    if (text == "none") return;
    const auto colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    if (kind == "rayleigh" && colon == std::string::npos)
        fading.kind = FadingSpec::Kind::rayleigh;
    else if (kind == "rician") {
        fading.kind = FadingSpec::Kind::rician;
        if (colon != std::string::npos) fading.k_db = number(text.substr(colon + 1));
    } else
        fail("unknown fading '" + text + "': write fading=rayleigh, fading=rician:6 (K in dB) or fading=none");
}

std::string parse_audio(const std::string &text) {
    const auto colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    if (kind == "tone" || kind == "saw") {
        if (colon != std::string::npos) positive(text.substr(colon + 1));
    } else if ((kind != "noise" && kind != "voice" && kind != "none") || colon != std::string::npos)
        fail("unknown audio '" + text + "': write audio=noise, voice, none, tone:1000 or saw:50");
    return text;
}

using Setter = std::function<void(EmitterSpec &, const std::string &)>;
using Setters = std::map<std::string, Setter>;

Setters common_setters() {
    return {
        {"name", [](auto &e, auto &v) { e.name = v; }},
        {"freq", [](auto &e, auto &v) { e.freq_hz = not_negative(v); }},
        {"power", [](auto &e, auto &v) { e.power_dbm = number(v); }},
        {"start", [](auto &e, auto &v) { e.schedule.start = not_negative(v); }},
        {"stop", [](auto &e, auto &v) { e.schedule.stop = positive(v); }},
        {"period", [](auto &e, auto &v) { e.schedule.period = positive(v); }},
        {"width", [](auto &e, auto &v) { e.schedule.width = positive(v); }},
        {"jitter", [](auto &e, auto &v) { e.schedule.jitter = not_negative(v); }},
        {"arrivals", [](auto &e, auto &v) { e.schedule.arrivals = positive(v); }},
        // on/off are the same as width/period, said the way people think of them.
        {"on", [](auto &e, auto &v) { e.schedule.width = positive(v); e.schedule.period += e.schedule.width; }},
        {"off", [](auto &e, auto &v) { e.schedule.period += positive(v); }},
        {"hop", [](auto &e, auto &v) { parse_hop(v, e.hop); }},
        {"dwell", [](auto &e, auto &v) { e.hop.dwell = positive(v); }},
        {"hop_order", [](auto &e, auto &v) {
             if (v != "random" && v != "sequence") fail("hop_order is random or sequence, not '" + v + "'");
             e.hop.random = v == "random";
         }},
        {"fading", [](auto &e, auto &v) { parse_fading(v, e.fading); }},
        {"doppler", [](auto &e, auto &v) { e.fading.doppler_hz = positive(v); }},
        {"drift", [](auto &e, auto &v) { e.drift_hz_per_s = number(v); }},
    };
}

struct KindInfo {
    EmitterSpec::Kind kind;
    Setters setters;
    std::set<std::string> required;
    EmitterSpec defaults;
};

const std::map<std::string, KindInfo> &kinds() {
    static const Setter deviation = [](auto &e, auto &v) { e.deviation_hz = positive(v); };
    static const Setter audio = [](auto &e, auto &v) { e.audio = parse_audio(v); };
    static const Setter baud = [](auto &e, auto &v) { e.baud = positive(v); };
    static const Setter bandwidth = [](auto &e, auto &v) { e.bandwidth_hz = positive(v); };
    static const Setter pilot = [](auto &e, auto &v) { e.pilot = number(v) != 0.0; };
    static const Setter depth = [](auto &e, auto &v) { e.depth = positive(v); };
    static const Setter spacing = [](auto &e, auto &v) { e.spacing_hz = positive(v); };
    using K = EmitterSpec::Kind;
    static const std::map<std::string, KindInfo> all = [] {
        EmitterSpec fm, am, pulse;
        pulse.sharp = true;
        fm.deviation_hz = 75e3;
        am.depth = 0.8;
        am.audio = "voice";
        return std::map<std::string, KindInfo>{
            {"cw", {K::cw, {}, {"freq", "power"}, {}}},
            {"pulse", {K::cw, {}, {"freq", "power", "width"}, pulse}},
            {"fm", {K::fm, {{"deviation", deviation}, {"audio", audio}, {"pilot", pilot}}, {"freq", "power"}, fm}},
            {"am", {K::am, {{"depth", depth}, {"audio", audio}}, {"freq", "power"}, am}},
            {"ook", {K::ook, {{"baud", baud}}, {"freq", "power", "baud"}, {}}},
            {"fsk", {K::fsk, {{"baud", baud}, {"deviation", deviation}}, {"freq", "power", "baud", "deviation"}, {}}},
            {"noise", {K::noise, {{"bandwidth", bandwidth}}, {"freq", "power", "bandwidth"}, {}}},
            {"ofdm", {K::ofdm, {{"bandwidth", bandwidth}, {"spacing", spacing}}, {"freq", "power", "bandwidth"}, {}}},
        };
    }();
    return all;
}

void check_schedule(const ScheduleSpec &s, const std::set<std::string> &seen) {
    if (seen.count("on") != seen.count("off")) fail("on= and off= go together: write on=20 off=15");
    if (seen.count("on") && (seen.count("period") || seen.count("width"))) fail("write either on= off= or period= width=, not both");
    if (s.period > 0.0 && s.arrivals > 0.0) fail("write either period= or arrivals=, not both");
    if (!s.always() && s.width <= 0.0) fail("how long is it on? write width=10ms");
    if (s.always() && s.width > 0.0) fail("width= needs period=1s or arrivals=2 (a second)");
    if (s.period > 0.0 && s.width + s.jitter > s.period) fail("width plus jitter must fit into the period");
    if (s.stop <= s.start) fail("stop= must be after start=");
}

EmitterSpec parse_emitter(const std::string &word, const KindInfo &info, const Pairs &pairs) {
    Setters setters = common_setters();
    setters.insert(info.setters.begin(), info.setters.end());
    EmitterSpec spec = info.defaults;
    spec.kind = info.kind;
    std::set<std::string> seen;
    for (const auto &[key, value] : pairs) {
        const auto setter = setters.find(key);
        if (setter == setters.end()) {
            std::set<std::string> known;
            for (const auto &s : setters) known.insert(s.first);
            fail("'" + word + "' has no key '" + key + "': write one of " + joined(known));
        }
        if (!seen.insert(key).second) fail("'" + key + "' is given twice");
        setter->second(spec, value);
    }
    for (const auto &need : info.required)
        if (!seen.count(need) && !(need == "freq" && seen.count("hop")))
            fail("'" + word + "' needs " + need + "=: for example " +
                 (need == "freq" ? "freq=98.6M" : need == "power" ? "power=-80" : need == "baud" ? "baud=2000" : need == "width" ? "width=10us" : need + "=50k"));
    check_schedule(spec.schedule, seen);
    if (seen.count("dwell") && !spec.hop.active()) fail("dwell= needs hop=");
    if (seen.count("doppler") && spec.fading.kind == FadingSpec::Kind::none) fail("doppler= needs fading=rayleigh or fading=rician:6");
    return spec;
}

void parse_receiver(const Pairs &pairs, Scene &scene) {
    static const std::set<std::string> known = {"noise_figure_db", "full_scale_dbm", "adc_bits",    "dc_dbfs",   "iq_gain_db",
                                                "iq_phase_deg",    "iip3_dbm",       "ppm",         "seed",      "usable_fraction",
                                                "pipeline_ms",     "settle_ms",      "flushes",     "noise",     "gain_db", "buffer_ms"};
    for (const auto &[key, value] : pairs) {
        if (!known.count(key)) fail("'receiver' has no key '" + key + "': write one of " + joined(known));
        scene.receiver[key] = value == "off" || value == "no" ? 0.0 : value == "on" || value == "yes" ? 1.0 : number(value);
        if (key == "seed") scene.seed = static_cast<uint64_t>(not_negative(value));
        if (key == "dc_dbfs" && value == "off") scene.receiver[key] = -999.0;
    }
    const auto usable = scene.value("usable_fraction");
    if (usable && (*usable < 0.3 || *usable > 1.0)) fail("usable_fraction is between 0.3 and 1 (1: no filter)");
    const auto bits = scene.value("adc_bits");
    if (bits && (*bits < 0 || *bits > 24 || (*bits > 0 && *bits < 2))) fail("adc_bits is 2 to 24, or 0 for none");
}

double take(const Pairs &pairs, const std::string &key, const std::string &example, bool required = true, double otherwise = 0) {
    for (const auto &[k, v] : pairs)
        if (k == key) return not_negative(v);
    if (required) fail("needs " + key + "=: write " + example);
    return otherwise;
}

void parse_fault(const std::string &what, const Pairs &pairs, Faults &faults) {
    if (what == "unplug") {
        faults.outages.push_back({take(pairs, "at", "fault unplug at=3 for=2"), take(pairs, "for", "fault unplug at=3 for=2")});
        for (const auto &[k, v] : pairs)
            if (k == "mode") {
                if (v != "silence" && v != "error") fail("mode is silence or error, not '" + v + "'");
                faults.error_while_away = v == "error";
            }
    } else if (what == "timestamps")
        faults.time_scale = take(pairs, "scale", "fault timestamps scale=2");
    else if (what == "silent")
        faults.silent = true;
    else if (what == "crash-on-enumerate")
        faults.crash_on_enumerate = true;
    else if (what == "short-reads")
        faults.max_read = static_cast<size_t>(take(pairs, "max", "fault short-reads max=357"));
    else if (what == "stream-errors")
        faults.error_while_away = true;
    else
        fail("unknown fault '" + what + "': write unplug, timestamps, silent, short-reads, stream-errors or crash-on-enumerate");
}

// Words separated by blanks; a quoted value may hold blanks; # starts a comment.
std::vector<std::string> words(const std::string &line) {
    std::vector<std::string> out;
    std::string word;
    bool quoted = false, any = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
            any = true;
        } else if (!quoted && c == '#')
            break;
        else if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
            if (any) out.push_back(word);
            word.clear();
            any = false;
        } else {
            word += c;
            any = true;
        }
    }
    if (quoted) fail("a quotation mark is not closed");
    if (any) out.push_back(word);
    return out;
}

void parse_line(const std::string &line, Scene &scene) {
    auto list = words(line);
    if (list.empty()) return;
    const std::string head = list[0];
    std::string fault;
    size_t first = 1;
    if (head == "fault") {
        if (list.size() < 2) fail("which fault? write fault unplug at=3 for=2");
        fault = list[1];
        first = 2;
    }
    Pairs pairs;
    for (size_t i = first; i < list.size(); ++i) {
        const auto eq = list[i].find('=');
        if (eq == std::string::npos || eq == 0 || eq + 1 == list[i].size())
            fail("'" + list[i] + "' is not key=value (no blanks around '=')");
        pairs.emplace_back(list[i].substr(0, eq), list[i].substr(eq + 1));
    }
    if (head == "fault") return parse_fault(fault, pairs, scene.faults);
    if (head == "receiver") return parse_receiver(pairs, scene);
    const auto kind = kinds().find(head);
    if (kind == kinds().end()) fail("unknown word '" + head + "': a line starts with receiver, fault, cw, fm, am, ook, fsk, pulse, noise or ofdm");
    scene.emitters.push_back(parse_emitter(head, kind->second, pairs));
}

}  // namespace

Scene parse_scene(const std::string &text, const std::string &origin) {
    Scene scene;
    std::stringstream in(text);
    size_t number_of_line = 0;
    for (std::string line; std::getline(in, line);) {
        ++number_of_line;
        try {
            parse_line(line, scene);
        } catch (const std::exception &e) {
            throw std::runtime_error(origin + ":" + std::to_string(number_of_line) + ": " + e.what());
        }
    }
    return scene;
}

Scene load_scene(const std::string &name) {
    std::vector<std::string> tried = {name};
    if (name.find('/') == std::string::npos) {
        const std::string file = name.find('.') == std::string::npos ? name + ".scene" : name;
        Dl_info info{};
        if (dladdr(reinterpret_cast<void *>(&load_scene), &info) && info.dli_fname) {
            const std::string module = info.dli_fname;
            tried.push_back(module.substr(0, module.rfind('/') + 1) + "scenes/" + file);
        }
        tried.push_back(std::string(PINPU_SCENES) + "/" + file);
    }
    std::string list;
    for (const auto &path : tried) {
        std::ifstream in(path);
        std::stringstream text;
        if (in && (in.peek() == std::ifstream::traits_type::eof() ? !in.bad() : static_cast<bool>(text << in.rdbuf())))
            return parse_scene(text.str(), path);
        list += " " + path;
    }
    throw std::runtime_error("no scene file '" + name + "' (looked at:" + list + "): give scene= a path, or demo, bursts, airband or traps");
}

}  // namespace pinpu
