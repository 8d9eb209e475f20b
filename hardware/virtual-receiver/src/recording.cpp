#include "recording.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace pinpu {

namespace {

// The few values needed from the metadata. Walks the JSON and notes scalars under their path, such as
// "global/core:datatype" or "captures/0/core:frequency"; refuses what is not JSON.
class Json {
public:
    explicit Json(const std::string &text) : text_(text) {
        value("", 0);
        blank();
        if (at_ != text_.size()) bad("text after the end");
    }
    std::map<std::string, std::string> scalars;

private:
    [[noreturn]] void bad(const std::string &why) {
        throw std::runtime_error("not valid JSON at byte " + std::to_string(at_) + ": " + why);
    }
    void blank() {
        while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_])) ++at_;
    }
    bool take(char c) {
        blank();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::string string() {
        if (!take('"')) bad("a string is expected");
        std::string out;
        while (at_ < text_.size() && text_[at_] != '"') {
            if (text_[at_] == '\\' && ++at_ >= text_.size()) break;
            out += text_[at_++];
        }
        if (at_ >= text_.size()) bad("a string is not closed");
        ++at_;
        return out;
    }
    void value(const std::string &path, int depth) {
        if (depth > 64) bad("nested too deeply");
        blank();
        if (take('{')) {
            if (take('}')) return;
            do {
                const std::string key = string();
                if (!take(':')) bad("':' is expected");
                value(path.empty() ? key : path + "/" + key, depth + 1);
            } while (take(','));
            if (!take('}')) bad("'}' is expected");
        } else if (take('[')) {
            if (take(']')) return;
            size_t index = 0;
            do value(path + "/" + std::to_string(index++), depth + 1);
            while (take(','));
            if (!take(']')) bad("']' is expected");
        } else if (at_ < text_.size() && text_[at_] == '"') {
            scalars[path] = string();
        } else {
            const size_t from = at_;
            while (at_ < text_.size() && !std::strchr(",]} \t\r\n", text_[at_])) ++at_;
            if (at_ == from) bad("a value is expected");
            scalars[path] = text_.substr(from, at_ - from);
        }
    }
    const std::string &text_;
    size_t at_ = 0;
};

double number(const std::map<std::string, std::string> &scalars, const std::string &key, double otherwise) {
    const auto it = scalars.find(key);
    if (it == scalars.end()) return otherwise;
    char *end = nullptr;
    const double v = std::strtod(it->second.c_str(), &end);
    if (*end != 0 || !(v > -1e300 && v < 1e300)) throw std::runtime_error(key + " is '" + it->second + "', not a number");
    return v;
}

}  // namespace

Recording::Recording(const std::string &meta_path, bool loop) : path_(meta_path), loop_(loop) {
    const std::string tail = ".sigmf-meta";
    if (path_.size() <= tail.size() || path_.compare(path_.size() - tail.size(), tail.size(), tail) != 0)
        throw std::runtime_error(path_ + ": recording= takes the path of a .sigmf-meta file");
    std::ifstream in(path_);
    std::stringstream text;
    if (!in || !(text << in.rdbuf())) throw std::runtime_error(path_ + ": cannot be read");
    try {
        const std::string body = text.str();
        const Json json(body);
        const auto type = json.scalars.find("global/core:datatype");
        const std::string name = type == json.scalars.end() ? "" : type->second;
        static const std::map<std::string, std::pair<const char *, size_t>> types = {
            {"cu8", {"CU8", 2}}, {"ci8", {"CS8", 2}}, {"ci16_le", {"CS16", 4}}, {"cf32_le", {"CF32", 8}}};
        const auto known = types.find(name);
        if (known == types.end()) throw std::runtime_error("core:datatype is '" + name + "'; cu8, ci8, ci16_le and cf32_le can be played");
        format_ = known->second.first;
        width_ = known->second.second;
        rate_ = number(json.scalars, "global/core:sample_rate", 0.0);
        if (rate_ <= 0.0) throw std::runtime_error("core:sample_rate is missing or not above zero");
        center_ = number(json.scalars, "captures/0/core:frequency", 0.0);
    } catch (const std::exception &e) {
        throw std::runtime_error(path_ + ": " + e.what());
    }
    const std::string data = path_.substr(0, path_.size() - tail.size()) + ".sigmf-data";
    file_ = std::fopen(data.c_str(), "rb");
    if (!file_ || std::fseek(file_, 0, SEEK_END) != 0) throw std::runtime_error(data + ": cannot be read");
    samples_ = static_cast<uint64_t>(std::ftell(file_)) / width_;
    std::rewind(file_);
    if (samples_ == 0) {
        std::fclose(file_);
        throw std::runtime_error(data + ": holds no sample");
    }
}

Recording::~Recording() {
    if (file_) std::fclose(file_);
}

void Recording::read(float *re, float *im, size_t n) {
    for (size_t done = 0; done < n;) {
        if (at_ >= samples_) {
            if (!loop_) {
                std::fill(re + done, re + n, 0.0f);
                std::fill(im + done, im + n, 0.0f);
                played_ += n - done;
                return;
            }
            std::rewind(file_);
            at_ = 0;
        }
        const size_t want = static_cast<size_t>(std::min<uint64_t>(n - done, samples_ - at_));
        buffer_.resize(want * width_);
        const size_t got = std::fread(buffer_.data(), width_, want, file_);
        if (got == 0) {  // the file shrank while it was played
            samples_ = at_;
            if (at_ == 0) throw std::runtime_error(path_ + ": its data became unreadable");
            continue;
        }
        for (size_t i = 0; i < got; ++i) {
            float a = 0.0f, b = 0.0f;
            const unsigned char *p = buffer_.data() + i * width_;
            if (format_ == "CU8") {
                a = (static_cast<float>(p[0]) - 127.5f) / 127.5f;
                b = (static_cast<float>(p[1]) - 127.5f) / 127.5f;
            } else if (format_ == "CS8") {
                a = static_cast<float>(static_cast<int8_t>(p[0])) / 128.0f;
                b = static_cast<float>(static_cast<int8_t>(p[1])) / 128.0f;
            } else if (format_ == "CS16") {
                int16_t v[2];
                std::memcpy(v, p, 4);
                a = static_cast<float>(v[0]) / 32768.0f;
                b = static_cast<float>(v[1]) / 32768.0f;
            } else {
                std::memcpy(&a, p, 4);
                std::memcpy(&b, p + 4, 4);
            }
            re[done + i] = a;
            im[done + i] = b;
        }
        done += got;
        at_ += got;
        played_ += got;
    }
}

}  // namespace pinpu
