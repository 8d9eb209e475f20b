#!/usr/bin/env python3
"""R1: the whole chain of a spectrum kernel against the bare FFT of the fastest libraries, and against what people use.

R1 = time of the bare FFTs / time of the whole chain for the same input samples: conversion, window, FFT, power, mean,
maximum and minimum over 64 frames. Above 1, the chain takes less time than the library needs for its FFT alone. The
bare FFT runs out of place on one frame that stays in the cache, the kindest case; at 50 % overlap it runs twice as often.

Contenders take turns for ROUNDS rounds; rates are the best of all rounds and ratios those of the best rates. On a quiet
machine the median of pairs says the same; on a busy one it follows whichever contender was interrupted less.
A second table, for every second size, holds the chain on CF32 against whole chains as people run them (users.py), each in
a process of its own.
Set up by `setup.sh`; what is missing is left out.

Usage: run.py KERNEL_BENCHMARK [SIZE ...]
"""
import ctypes, glob, os, subprocess, sys

os.environ["MKL_THREADING_LAYER"] = "SEQUENTIAL"
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.environ.get("PEERS_HOME", "/tmp/pinpu-peers")
ROUNDS = 7
USERS = ("numpy", "scipy", "soapy_power", "liquid", "gnuradio")
USER_ROUNDS = 3
FORWARD, PATIENT = -1, 1 << 5
DFTI_COMPLEX, DFTI_PLACEMENT, DFTI_NOT_INPLACE = 32, 11, 44
pointer = ctypes.c_void_p


def aligned(n):
    raw = np.zeros(8 * n + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start:start + 8 * n].view(np.complex64)


class Bare:
    """A foreign transform of one size: calls per second on a hot frame, as MS/s."""

    def __init__(self, shim, library, function, plan, buffers):
        self.shim, self.library, self.function, self.plan = shim, library, ctypes.cast(function, pointer), plan
        self.input, self.output = buffers
        self.size = size = len(self.input)
        self.input[:] = np.random.randn(size) + 1j * np.random.randn(size)

    def rate(self):
        calls = max(1, (1 << 18) // self.size)
        took = self.shim.best_call(self.function, self.plan, self.input.ctypes.data, self.output.ctypes.data, calls, 60)
        return self.size / took / 1e6


def mkl(shim, size):
    library = ctypes.CDLL(glob.glob(f"{HOME}/venv/lib/libmkl_rt.so*")[0], mode=os.RTLD_LOCAL)
    plan = pointer()
    if library.DftiCreateDescriptor_s_1d(ctypes.byref(plan), DFTI_COMPLEX, ctypes.c_long(size)) != 0:
        raise OSError("no MKL descriptor")
    library.DftiSetValue(plan, DFTI_PLACEMENT, DFTI_NOT_INPLACE)
    library.DftiCommitDescriptor(plan)
    return Bare(shim, library, library.DftiComputeForward, plan, (aligned(size), aligned(size)))


def fftw(shim, size):
    # MKL exports the names of FFTW to the whole process: without DEEPBIND, FFTW would call into MKL and crash.
    library = ctypes.CDLL(f"{HOME}/fftw/lib/libfftw3f.so.3", mode=os.RTLD_LOCAL | os.RTLD_DEEPBIND)
    library.fftwf_plan_dft_1d.restype = pointer
    library.fftwf_plan_dft_1d.argtypes = [ctypes.c_int, pointer, pointer, ctypes.c_int, ctypes.c_uint]
    library.fftwf_set_timelimit.argtypes = [ctypes.c_double]
    library.fftwf_set_timelimit(8.0)
    a, b = aligned(size), aligned(size)
    plan = library.fftwf_plan_dft_1d(size, a.ctypes.data, b.ctypes.data, FORWARD, PATIENT)
    return Bare(shim, library, library.fftwf_execute_dft, plan, (a, b))


def chain(benchmark, size, hop, samples="cu8"):
    out = subprocess.run([benchmark, "--one", str(size), str(hop), samples, "best"], capture_output=True, text=True)
    return float(out.stdout)


def user(name, size, hop):
    """Rate of one chain of users.py, or None where it cannot run."""
    python = "/usr/bin/python3" if name == "gnuradio" else sys.executable
    out = subprocess.run([python, f"{HERE}/users.py", name, str(size), str(hop)], capture_output=True, text=True)
    return float(out.stdout) if out.returncode == 0 else None


def users(benchmark, sizes):
    """Whole chains on CF32, ours and what people use, in turns."""
    print(f"\nload {os.getloadavg()[0]:.1f}")
    print(f"{'size':>6} {'overlap':>8} {'chain':>7} " + " ".join(f"{name:>12}" for name in USERS) + "   MS/s, CF32")
    for size in sizes:
        for hop in (size, size // 2):
            best = {}
            for _ in range(USER_ROUNDS):
                for name in ("chain", *USERS):
                    rate = chain(benchmark, size, hop, "cf32") if name == "chain" else user(name, size, hop)
                    if rate:
                        best[name] = max(rate, best.get(name, 0.0))
            cells = [f"{best[n]:5.0f} {best['chain'] / best[n]:5.1f}x" if n in best else f"{'-':>12}" for n in USERS]
            print(f"{size:>6} {100 - 100 * hop // size:>7}% {best['chain']:7.0f} {' '.join(cells)}", flush=True)


def main():
    benchmark, sizes = sys.argv[1], [int(a) for a in sys.argv[2:]] or [1024, 2048, 4096, 8192, 16384]
    source, shim = f"{HERE}/shim.c", f"{HOME}/shim.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", shim, source], check=True)
    shim = ctypes.CDLL(shim)
    shim.best_call.restype = ctypes.c_double
    shim.best_call.argtypes = [pointer, pointer, pointer, pointer, ctypes.c_long, ctypes.c_int]
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'size':>6} {'overlap':>8} {'chain':>7} {'mkl':>7} {'R1':>6} {'fftw':>7} {'R1':>6}   MS/s, CU8 for the chain")
    for size in sizes:
        peers = {}
        for name, make in (("mkl", mkl), ("fftw", fftw)):
            try:
                peers[name] = make(shim, size)
            except (OSError, IndexError) as problem:
                print(f"{name} left out: {problem}")
        for hop in (size, size // 2):
            rates = {name: [] for name in ("chain", *peers)}
            for _ in range(ROUNDS):
                rates["chain"].append(chain(benchmark, size, hop))
                for name, peer in peers.items():
                    rates[name].append(peer.rate() * hop / size)
            cells = []
            for name in ("mkl", "fftw"):
                if name in peers:
                    ratio = max(rates["chain"]) / max(rates[name])
                    cells.append(f"{max(rates[name]):7.0f} {ratio:6.2f}")
                else:
                    cells.append(f"{'-':>7} {'-':>6}")
            print(f"{size:>6} {100 - 100 * hop // size:>7}% {max(rates['chain']):7.0f} {' '.join(cells)}", flush=True)
    users(benchmark, sizes[::2])


if __name__ == "__main__":
    main()
