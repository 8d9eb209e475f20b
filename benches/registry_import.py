#!/usr/bin/env python3
"""A million assignments into a fresh database: rows per second of `pinpu registry import` against `sqlite3 .import`.

Both read the same file in the same run on the same cores, each into a new file on the same disk. `sqlite3` puts the
cells as text into one table with a primary key and checks nothing; pinpu checks every cell, builds the search column and
the frequency index, and stores the import log, all in one transaction. Usage:

    cargo build --release --bin pinpu
    benches/registry_import.py [--pinpu target/release/pinpu] [--rows 1000000] [--runs 3] [--cores 0]

`--cores 0` holds both to one core (taskset); without it either takes what it can use: pinpu several, sqlite3 one. Needs `sqlite3`. Prints a line for each run and the ratio of the medians; fails when row counts differ.
"""

import argparse
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = (
    "id,holder,station,call_sign,service,freq_mhz,bandwidth,designator,tolerance_hz,latitude,longitude,radius_km,"
    "eirp_dbm,valid_from,valid_to,status,block,note"
)
SYLLABLES = "临江海安平宁石泉阳春永康长乐云龙金沙白河"
USERS = ["公安局", "供电公司", "铁路通信段", "港务局", "消防救援支队", "出租汽车公司", "移动通信公司", "广播电视台"]


def rows(count):
    """Stations of 600 towns of unequal size: land mobile, FM broadcasting, microwave links, mobile networks, maritime
    and aeronautical channels; some with call sign, note or end of validity, a fiftieth no longer in force."""
    rng = random.Random(4)
    towns = [
        (f"{rng.choice(SYLLABLES)}{rng.choice(SYLLABLES)}{rng.choice('市县区镇')}", rng.uniform(20, 50), rng.uniform(75, 133))
        for _ in range(600)
    ]
    for n in range(count):
        town, latitude, longitude = towns[int(600 * rng.random() ** 2)]
        holder = f"{town}{USERS[int(8 * rng.random())]}"
        kind, call_sign, bandwidth, tolerance, block = n % 10, "", "", "", ""
        if kind < 5:
            service, freq, designator = "LAND-MOBILE", 137 + 0.0125 * int(24000 * rng.random()), "11K0F3E"
            call_sign, radius, power, tolerance = f"B{n % 9}{n:06d}", 20, 47, "700"
        elif kind < 6:
            service, freq, designator, radius, power = "BROADCASTING", 87 + 0.1 * int(210 * rng.random()), "256KF8EHF", 50, 67
        elif kind < 8:
            service, freq, designator, radius, power = "FIXED", 5925 + int(1200 * rng.random()), "28M0D7W", 0, 62
        elif kind < 9:
            service, freq, designator, radius, power = "MOBILE", 1805 + 20 * int(20 * rng.random()), "", 3, 58
            bandwidth, block = "20M", "yes"
        else:
            service, freq, designator, radius, power = "AERO-MOBILE-R", 118 + 0.025 * int(720 * rng.random()), "6K00A3E", 60, 40
        since = f"{2010 + n % 15}-{1 + n % 12:02d}-{1 + n % 28:02d}"
        until = f"{2027 + n % 8}-12-31" if n % 3 else ""
        note = f'{town}东 {n % 90} 米塔, "{n % 7}号"'.replace('"', '""') if n % 8 == 0 else ""
        status = "cancelled" if n % 50 == 49 else "有效" if n % 2 else "granted"
        yield (
            f"{1000 + n % 31}-{n:07d},{holder},{town} {n % 997} 号站,{call_sign},{service},{freq:.4f},{bandwidth},"
            f"{designator},{tolerance},{latitude + rng.random() - 0.5:.5f},{longitude + rng.random() - 0.5:.5f},"
            f"{radius},{power},{since},{until},{status},{block}," + (f'"{note}"' if note else "") + "\n"
        )


def timed(cores, command, **more):
    """Wall-clock and CPU seconds, and peak memory in MB, of a command on these cores, or on all."""
    held = ["taskset", "-c", cores, *command] if cores else command
    start = time.perf_counter()
    child = subprocess.Popen(held, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    out, err = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command[0]} failed: {(out + err).decode(errors='replace')[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def count(path, table):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(f"select count(*) from {table}").fetchone()[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pinpu", default="target/release/pinpu")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cores", help="cores to hold both to, such as 0 or 0,1; all when not given")
    parser.add_argument("--folder", default=".", help="where the files and databases go; 2 GB for a million rows")
    parser.add_argument("--write", metavar="FILE", help="write the file and stop")
    args = parser.parse_args()
    if args.write:
        with open(args.write, "w", encoding="utf-8") as out:
            out.write(COLUMNS + "\n")
            out.writelines(rows(args.rows))
        return
    walls = {"pinpu": [], "sqlite3": []}
    cpus = {"pinpu": [], "sqlite3": []}
    with tempfile.TemporaryDirectory(prefix="registry_import.", dir=args.folder) as folder:
        folder = Path(folder)
        csv = folder / "million.csv"
        with open(csv, "w", encoding="utf-8") as out:
            out.write(COLUMNS + "\n")
            out.writelines(rows(args.rows))
        size = csv.stat().st_size
        print(f"{args.rows} rows, {size / 1e6:.0f} MB; load average {os.getloadavg()[0]:.1f}")
        table = "create table t ({});".format(
            ", ".join(f"{name} text{' primary key' if name == 'id' else ''}" for name in COLUMNS.split(","))
        )
        for run in range(args.runs):
            plain = folder / f"plain{run}.db"
            command = ["sqlite3", str(plain), table, ".mode csv", f".import --skip 1 {csv} t"]
            data = folder / f"data{run}"
            tasks = [
                ("sqlite3", command, plain, "t"),
                ("pinpu", [args.pinpu, "registry", "import", str(csv), "--data", str(data), "--json"], data / "pinpu.db", "assignments"),
            ]
            # In turns, so that neither always has the warmer disk cache.
            for name, command, database, into in tasks if run % 2 == 0 else reversed(tasks):
                wall, cpu, memory = timed(args.cores, command)
                stored = count(database, into)
                print(
                    f"{name:8} {wall:6.2f} s  {cpu:6.2f} s CPU  {args.rows / wall:9.0f} rows/s  {memory:6.0f} MB peak"
                    f"  {database.stat().st_size / 1e6:5.0f} MB on disk",
                    flush=True,
                )
                if stored != args.rows:
                    sys.exit(f"{name} stored {stored} rows of {args.rows}")
                database.unlink()
                walls[name].append(wall)
                cpus[name].append(cpu)
    pinpu, plain = (statistics.median(walls[name]) for name in ("pinpu", "sqlite3"))
    ratio = statistics.median(cpus["pinpu"]) / statistics.median(cpus["sqlite3"])
    print(
        f"pinpu {args.rows / pinpu:.0f} rows/s, sqlite3 {args.rows / plain:.0f} rows/s: "
        f"{pinpu / plain:.2f} times slower by the clock, {ratio:.2f} by CPU time"
    )


if __name__ == "__main__":
    main()
