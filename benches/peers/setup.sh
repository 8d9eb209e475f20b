#!/bin/sh
# Sets up the peers of benches/peers/run.py under $PEERS_HOME (default /tmp/pinpu-peers): a Python environment with MKL,
# numpy, scipy and soapy_power's simplespectral with pyFFTW; FFTW built from Debian's source with every x86 instruction
# set (Debian's own has neither AVX2 nor AVX-512); liquid-dsp and GNU Radio as Debian has them. Needs gcc, make,
# python3-venv, deb-src lines for apt and, for the last two, root. The FFTW build takes about ten core minutes, GNU Radio
# 115 MB of packages. What cannot be installed is left out of the tables.
set -eu

home=${PEERS_HOME:-/tmp/pinpu-peers}
mkdir -p "$home"
cd "$home"

if [ ! -d venv ]; then
    python3 -m venv venv
    venv/bin/pip install -q mkl==2026.2.0 numpy==2.4.6 scipy==1.17.1 || venv/bin/pip install -q mkl numpy scipy
fi
venv/bin/pip install -q simplespectral==1.0.0 pyfftw==0.15.1 || echo "no simplespectral: soapy_power is left out"

for package in libliquid-dev gnuradio; do
    dpkg -s "$package" >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$package" ||
        echo "no $package: left out"
done

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
