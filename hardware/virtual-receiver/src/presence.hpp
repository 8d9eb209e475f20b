// Whether a virtual receiver is plugged in. Real hardware is seen by every process alike; this is done with one small
// file per serial number in a private folder, so that enumeration in a child process does not find it either.
#pragma once
#include <string>
#include <vector>

#include "scene.hpp"

namespace pinpu {

// Steady seconds since this serial number was first opened in this process: the scene's clock. It runs on over reopening.
double scene_now(const std::string &serial);

// Pulls the plug for so many seconds from now, for all processes. The file says until when.
void unplug(const std::string &serial, double seconds);
// Plugs it in again at once.
void plug_in(const std::string &serial);
// Seconds until it returns; 0 when it is there.
double away_for(const std::string &serial);
// Puts outages of the scene into effect that have become due since the last call.
void apply_outages(const std::string &serial, const std::vector<Outage> &outages);

}  // namespace pinpu
