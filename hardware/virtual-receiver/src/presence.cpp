#include "presence.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

namespace pinpu {

namespace {

using Steady = std::chrono::steady_clock;

std::mutex guard;
std::map<std::string, Steady::time_point> epochs;
std::map<std::string, std::set<size_t>> done;  // outages already played

double wall() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// A folder only this user can write to; empty when there is none, and then nothing is shared between processes.
std::string folder() {
    if (const char *set = std::getenv("PINPU_VIRTUAL_STATE")) return set;
    const char *runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string path = (runtime && *runtime ? std::string(runtime) + "/pinpu-virtual"
                                                  : "/tmp/pinpu-virtual-" + std::to_string(getuid()));
    mkdir(path.c_str(), 0700);
    struct stat info{};
    const bool ours = lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == getuid();
    return ours ? path : "";
}

std::string file_of(const std::string &serial) {
    const std::string where = folder();
    if (where.empty()) return "";
    std::string name;
    for (const char c : serial) name += (std::isalnum(static_cast<unsigned char>(c)) || c == '-') ? c : '_';
    return where + "/away-" + name;
}

}  // namespace

double scene_now(const std::string &serial) {
    const std::lock_guard<std::mutex> lock(guard);
    const auto now = Steady::now();
    const auto it = epochs.emplace(serial, now).first;
    return std::chrono::duration<double>(now - it->second).count();
}

void unplug(const std::string &serial, double seconds) {
    const std::string file = file_of(serial);
    if (file.empty()) return;
    const std::string fresh = file + "." + std::to_string(getpid());
    std::ofstream(fresh) << std::to_string(wall() + seconds);
    std::rename(fresh.c_str(), file.c_str());
}

void plug_in(const std::string &serial) {
    const std::string file = file_of(serial);
    if (!file.empty()) std::remove(file.c_str());
}

double away_for(const std::string &serial) {
    const std::string file = file_of(serial);
    double until = 0.0;
    if (file.empty() || !(std::ifstream(file) >> until)) return 0.0;
    const double left = until - wall();
    if (left > 0.0) return left;
    std::remove(file.c_str());
    return 0.0;
}

void apply_outages(const std::string &serial, const std::vector<Outage> &outages) {
    if (outages.empty()) return;
    const double now = scene_now(serial);
    for (size_t i = 0; i < outages.size(); ++i) {
        if (now < outages[i].at) continue;
        {
            const std::lock_guard<std::mutex> lock(guard);
            if (!done[serial].insert(i).second) continue;
        }
        const double left = outages[i].at + outages[i].length - now;
        if (left > 0.0) unplug(serial, left);
    }
}

}  // namespace pinpu
