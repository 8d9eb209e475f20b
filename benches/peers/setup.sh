#!/bin/sh
# Sets up the peers of benches/peers/run.py under $PEERS_HOME (default /tmp/pinpu-peers): a Python environment with MKL,
# numpy and scipy, and FFTW built from Debian's source with every x86 instruction set (Debian's own has neither AVX2
# nor AVX-512). Needs gcc, make, python3-venv and deb-src lines for apt. The FFTW build takes about ten core minutes.
set -eu

home=${PEERS_HOME:-/tmp/pinpu-peers}
mkdir -p "$home"
cd "$home"

if [ ! -d venv ]; then
    python3 -m venv venv
    venv/bin/pip install -q mkl==2026.2.0 numpy==2.4.6 scipy==1.17.1 || venv/bin/pip install -q mkl numpy scipy
fi

if [ ! -e fftw/lib/libfftw3f.so.3 ]; then
    apt-get source -qq --download-only fftw3
    tar xf fftw3_*.orig.tar.gz
    cd fftw-3.3.10
    ./configure -q --prefix="$home/fftw" --enable-single --enable-shared --disable-static --disable-fortran \
        --disable-doc --enable-sse2 --enable-avx --enable-avx2 --enable-avx512 --enable-fma
    make -s -j"$(nproc)"
    make -s install
fi

echo "ready: cargo bench --bench kernel --no-run, then $home/venv/bin/python $(dirname "$0")/run.py PATH_OF_THAT_BENCHMARK"
