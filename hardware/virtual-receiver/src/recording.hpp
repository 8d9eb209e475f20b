// A SigMF recording as the signal source: cu8, ci8, ci16_le or cf32_le, looped or once, at its own rate and centre.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace pinpu {

class Recording {
public:
    // Reads the metadata and opens the data beside it; throws with file and reason.
    Recording(const std::string &meta_path, bool loop);
    ~Recording();
    Recording(const Recording &) = delete;
    Recording &operator=(const Recording &) = delete;

    double rate() const { return rate_; }
    double center_hz() const { return center_; }
    uint64_t samples() const { return samples_; }
    uint64_t played() const { return played_; }
    bool ended() const { return !loop_ && played_ >= samples_; }
    // CU8, CS8, CS16 or CF32: the stream format that carries the recording without loss.
    const std::string &format() const { return format_; }
    // The next n samples, full scale 1.0; beyond the end of an unlooped recording, zeros.
    void read(float *re, float *im, size_t n);

private:
    std::string path_, format_;
    bool loop_;
    double rate_ = 0.0, center_ = 0.0;
    uint64_t samples_ = 0, played_ = 0, at_ = 0;
    size_t width_ = 2;
    std::FILE *file_ = nullptr;
    std::vector<unsigned char> buffer_;
};

}  // namespace pinpu
