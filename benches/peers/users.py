#!/usr/bin/env python3
"""Rate of one averaged-spectrum chain as people run it today, on one core, in a process of its own.

Usage: users.py NAME SIZE HOP; prints million complex samples per second, the best of several pieces.

Every chain gets CF32 samples that are already in memory (GNU Radio: a file in the page cache), a Hann window and frames of
SIZE samples HOP apart; where it averages a settable number of frames, 64. What else each does is said at its function:
none but `numpy` keeps maximum and minimum. A process of its own, because libraries of one name (libfftw3f.so.3 comes with
pyFFTW, GNU Radio, liquid and us) silently become one library in one process.
"""
import ctypes
import os
import sys
import tempfile
import time

import numpy as np

COUNT = 1 << 18
FRAMES = 64


def samples(count=COUNT):
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((count, 2), np.float32) * np.float32(0.05)
    carrier = 0.5 * np.exp(2j * np.pi * (0.1114 * np.arange(count) % 1.0))
    return (noise.view(np.complex64)[:, 0] + carrier).astype(np.complex64)


def fastest(work, count, seconds=1.0):
    end, best = time.perf_counter() + seconds, 0.0
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = max(best, count / (time.perf_counter() - start) / 1e6)
    return best


def numpy_chain(size, hop):
    """Written by hand for speed: complex64 throughout, 64 frames at a time, mean, maximum and minimum."""
    x = samples((FRAMES - 1) * hop + size)
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop]
    window = np.hanning(size).astype(np.float32)

    def work():
        spectrum = np.fft.fft(frames * window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        power.mean(0), power.max(0), power.min(0)

    return fastest(work, FRAMES * hop)


def scipy_chain(size, hop):
    """scipy.signal.welch over a quarter of a million samples: mean only, no detrending."""
    from scipy.signal import welch

    x = samples()
    return fastest(lambda: welch(x, nperseg=size, noverlap=size - hop, return_onesided=False, detrend=False), COUNT)


def soapy_power_chain(size, hop):
    """What soapy_power calls: simplespectral.welch, here with pyFFTW, over a quarter of a million samples: mean only."""
    import simplespectral

    x = samples()
    return fastest(lambda: simplespectral.welch(x, 1.0, nperseg=size, window="hann", noverlap=size - hop), COUNT)


def liquid_chain(size, hop):
    """liquid-dsp's spectral periodogram, spgramcf_write: mean only."""
    library = ctypes.CDLL("libliquid.so.1")
    library.spgramcf_create.restype = ctypes.c_void_p
    hann, x = 2, samples()
    spectrogram = ctypes.c_void_p(library.spgramcf_create(size, hann, size, hop))
    return fastest(lambda: library.spgramcf_write(spectrogram, x.ctypes.data_as(ctypes.c_void_p), COUNT), COUNT)


def gnuradio_chain(size, hop):
    """file_source, stream_to_vector, fft_vcc, complex_to_mag_squared, integrate_ff, null_sink: sum only, no overlap."""
    from gnuradio import blocks, fft, gr
    from gnuradio.fft import window

    if hop != size:
        raise SystemExit("frames follow each other in GNU Radio's stream_to_vector")
    count = 1 << 21
    with tempfile.NamedTemporaryFile(suffix=".cf32") as file:
        samples(count).tofile(file)
        file.flush()

        def work():
            top = gr.top_block()
            top.connect(
                blocks.file_source(gr.sizeof_gr_complex, file.name, False),
                blocks.stream_to_vector(gr.sizeof_gr_complex, size),
                fft.fft_vcc(size, True, window.hann(size), True, 1),
                blocks.complex_to_mag_squared(size),
                blocks.integrate_ff(FRAMES, size),
                blocks.null_sink(gr.sizeof_float * size),
            )
            top.run()

        return fastest(work, count)


CHAINS = {
    "numpy": numpy_chain,
    "scipy": scipy_chain,
    "soapy_power": soapy_power_chain,
    "liquid": liquid_chain,
    "gnuradio": gnuradio_chain,
}

if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    name, size, hop = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(f"{CHAINS[name](size, hop):.1f}")
