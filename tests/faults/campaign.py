#!/usr/bin/env python3
"""Injected faults, each followed by a resume that must end as if nothing had
been: same digests, every row of metrics.csv and eval.csv once, a recording
without a gap, nothing left behind.

    tests/faults/campaign.py [FAULTS [SEED [NUMBER]]]

runs FAULTS faults (100) drawn from SEED (1), or only the one with that NUMBER.
MFRL names the program, MPIRUN the launcher.  Needs no package; what needs root
(a disk that is full) is left out without it.
"""
import collections
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from job import Wrong, wait_for  # noqa: E402
from run import CONFIGS, EVERY, Reference, Run  # noqa: E402


def save_points():
    """Names of the points of a save, in the order of their numbers from 1."""
    with open("src/io/ckpt_dir.h") as f:
        return re.findall(r"^    MF_CKPT_AT_(\w+)", f.read(), re.M)


# ---- faults: each returns what mpirun's exit code was ---------------------

def kill_rank(run, choose):
    job = run.running()
    rank = choose(job.ranks)
    os.kill(job.pid_of(rank), signal.SIGKILL)
    code = run.ended(job, 137, r"mpirun noticed that process rank "
                     rf"{rank} .* exited on signal 9")
    run.go_on()
    return code


def kill_actor(run):  # learners come first
    return kill_rank(run, lambda n: run.rng.randrange(n // 2, n))


def kill_learner(run):
    return kill_rank(run, lambda n: n // 2 - 1)


def kill_root(run):
    return kill_rank(run, lambda n: 0)


def kill_mpirun(run):
    job = run.running()
    os.kill(job.process.pid, signal.SIGKILL)
    code = run.ended(job, -9)
    run.go_on()
    return code


def kill_twice(run):
    for _ in range(2):
        job = run.running()
        os.kill(job.pid_of(run.rng.randrange(job.ranks)), signal.SIGKILL)
        code = run.ended(job, 137)
    run.go_on()
    return code


def kill_at_start(run):
    job = run.start()
    pid = job.pid_of(run.rng.randrange(job.ranks))
    time.sleep(run.rng.uniform(0, 0.5))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    code = run.ended(job, 137)
    run.go_on()
    return code


def signal_at_start(run):
    """Before a process has its handlers it dies of the signal."""
    job = run.start()
    job.pid_of(0)
    time.sleep(run.rng.uniform(0, 0.4))
    os.kill(job.process.pid, signal.SIGUSR1)
    code = job.end()
    if code not in (0, -10, 138):
        raise Wrong(f"exit code {code}, expected 0, -10 or 138")
    if code == 0 and run.state() != "stopped":
        raise Wrong(f"run.json says {run.state()}")
    run.go_on()
    return code


def save_point(run, point):
    """Killed at a point of a save; two of them are only passed by a run that
    goes back behind a checkpoint which is damaged."""
    number = save_points().index(point) + 1
    args, times = ["checkpoint.keep=1"], 1
    if point in ("FUTURE", "OLD"):
        run.stopped_at(5 * EVERY)
        os.remove(os.path.join(run.dir, "checkpoints", run.latest(),
                               "manifest.json"))
        args = [f"checkpoint.every={EVERY // 2 if point == 'FUTURE' else EVERY}"]
    elif point == "STAMP":
        times = run.rng.randrange(1, 12)  # files of two saves, or three
    else:
        times = run.rng.randrange(2 if point == "EXPIRE" else 1, 4)
    job = run.start(*args, env={"MFRL_TEST_KILL_AT": f"{number}:{times}"})
    code = run.ended(job, 137)
    run.go_on()
    return code


def stop_job(run, number, times):
    """To mpirun: it passes USR1 and USR2 on, and answers TERM and INT with exit
    code 1 whatever the ranks do."""
    job = run.running()
    for _ in range(times):
        os.kill(job.process.pid, number)
    asked = number in (signal.SIGTERM, signal.SIGINT)
    code = run.stopped(job, (1,) if asked else (0,))
    run.go_on()
    return code


def stop_rank(run, number, times, codes=(0,)):
    job = run.running()
    pid = job.pid_of(run.rng.randrange(job.ranks))
    for _ in range(times):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass  # it was quick to stop
        time.sleep(0.002)
    code = job.end()
    if code not in codes or (code == 0 and run.state() != "stopped"):
        raise Wrong(f"exit code {code}, expected {codes}; run.json says "
                    f"{run.state()}")
    run.go_on()
    return code


def stall(run):
    job = run.running("run.stall_seconds=1")
    rank = run.rng.randrange(job.ranks)
    os.kill(job.pid_of(rank), signal.SIGSTOP)
    code = run.ended(job, 8, rf"error: .*rank {rank} on \S+: stopped, stuck or "
                     "cut off")
    run.go_on()
    return code


def flip(path, rng):
    with open(path, "r+b") as f:
        at = rng.randrange(os.path.getsize(path))
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1 << rng.randrange(8)]))


def cut(path, rng):
    os.truncate(path, rng.randrange(os.path.getsize(path)))


def delete(path, rng):
    os.remove(path)


def damage(run, how):
    job = run.running()
    os.kill(job.process.pid, signal.SIGUSR1)
    code = run.stopped(job)
    saved = run.saved()
    newest = os.path.join(run.dir, "checkpoints", run.latest())
    how(os.path.join(newest, run.rng.choice(sorted(os.listdir(newest)))),
        run.rng)
    run.go_on("checkpoint .* is damaged and skipped", saved)
    return code


def second_job(run):
    job = run.running()
    run.ended(run.start(), 9, "is in use by another job, process [0-9]+ on")
    os.kill(job.process.pid, signal.SIGUSR1)
    code = run.stopped(job)
    run.go_on()
    return code


def fill(disk):
    path = os.path.join(disk, "ballast")
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(4096))
        except OSError:
            return path


def disk_full(run, killed):
    disk = os.path.join(run.scratch, "disk")
    os.makedirs(disk, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk],
                   check=True)
    run.mounted, run.dir = disk, os.path.join(disk, "run")
    run.recorded = False  # that alone would fill it
    job = run.running()
    ballast = fill(disk)
    wait_for("a failed save", lambda: "no checkpoint after round" in job.log())
    time.sleep(run.rng.uniform(0, 0.3))
    before = run.latest()
    if killed:
        os.kill(job.pid_of(0), signal.SIGKILL)
        code = run.ended(job, 137)
        os.remove(ballast)
    else:
        os.remove(ballast)
        wait_for("the next save", lambda: run.latest() != before)
        os.kill(job.process.pid, signal.SIGUSR1)
        code = run.stopped(job)
    run.go_on()
    return code


USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
TERM, INT = signal.SIGTERM, signal.SIGINT
DECK = [  # name, expected exit code, function; None stands for a save point
    ("kill -9 an actor", "137", kill_actor),
    None,
    ("USR1 to mpirun", "0", lambda r: stop_job(r, USR1, 1)),
    ("a bit of a checkpoint flipped", "0", lambda r: damage(r, flip)),
    ("kill -9 a learner", "137", kill_learner),
    ("SIGSTOP a rank", "8", stall),
    None,
    ("disk full, then space again", "0", lambda r: disk_full(r, False)),
    ("TERM to mpirun", "1", lambda r: stop_job(r, TERM, 1)),
    ("a file of a checkpoint cut", "0", lambda r: damage(r, cut)),
    ("kill -9 rank 0", "137", kill_root),
    ("a second job in the directory", "0", second_job),
    ("USR1 twice to mpirun", "0", lambda r: stop_job(r, USR1, 2)),
    None,
    ("kill -9 mpirun", "-9", kill_mpirun),
    ("INT to mpirun", "1", lambda r: stop_job(r, INT, 1)),
    ("USR2 to a rank", "0", lambda r: stop_rank(r, USR2, 1)),
    ("kill -9 at the start", "137", kill_at_start),
    ("TERM twice to a rank", "0", lambda r: stop_rank(r, TERM, 2)),
    ("INT twice to a rank", "130 or 0",
     lambda r: stop_rank(r, INT, 2, (130, 0))),
    ("disk full, then kill -9 rank 0", "137", lambda r: disk_full(r, True)),
    ("a file of a checkpoint deleted", "0", lambda r: damage(r, delete)),
    ("kill -9, and again after the resume", "137", kill_twice),
    ("USR1 at the start", "0, 138 or -10", signal_at_start),
    ("TERM to a rank", "0", lambda r: stop_rank(r, TERM, 1)),
]


def deal(n, seed):
    """The deck is shuffled each time it is gone through."""
    rng, points, faults, deck = random.Random(seed), [], [], []
    for _ in range(n):
        deck = deck or rng.sample(DECK, len(DECK))
        fault = deck.pop()
        if fault is None:
            points = points or rng.sample(save_points(), len(save_points()))
            point = points.pop()
            fault = (f"kill -9 in a save, after {point}", "137",
                     lambda r, p=point: save_point(r, p))
        faults.append(fault)
    return faults


def needs_root(name):
    return name.startswith("disk full") and os.geteuid() != 0


def one(scratch, references, seed, number, fault):
    """None, or what went wrong; and the exit code that was observed."""
    rng = random.Random(f"{seed} {number}")
    run = Run(tempfile.mkdtemp(dir=scratch), rng.choice(references), rng)
    try:
        return None, fault(run)
    except Wrong as e:
        log = run.jobs[-1].log() if run.jobs else ""
        return (f"{run.reference.name}: {e}\n    " + "\n    ".join(log.splitlines()[-12:])), None
    finally:
        run.close()
        shutil.rmtree(run.scratch)


def main():
    numbers = [int(a) for a in sys.argv[1:]]
    n, seed, only = (numbers + [100, 1, 0][len(numbers):])[:3]
    table = collections.OrderedDict()
    failed = passed = skipped = 0

    print(f"faults: {n}, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mfrl-faults.") as scratch:
        references = [Reference(scratch, c) for c in CONFIGS]
        for number, (name, expected, fault) in enumerate(
                deal(max(n, only), seed), 1):
            if only not in (0, number):
                continue
            if needs_root(name):
                skipped += 1
                continue
            wrong, code = one(scratch, references, seed, number, fault)
            row = table.setdefault((name, expected), collections.Counter())
            row["FAILED" if wrong else str(code)] += 1
            passed += wrong is None
            failed += wrong is not None
            if wrong:
                print(f"not ok - fault {number}, {name}: {wrong}\n    again: "
                      f"{sys.argv[0]} {n} {seed} {number}", flush=True)
    print(f"{'fault':<40} {'count':>5}  {'expected':<14} observed")
    for (name, expected), row in table.items():
        seen = ", ".join(f"{k} x {v}" for k, v in sorted(row.items()))
        print(f"{name:<40} {sum(row.values()):>5}  {expected:<14} {seen}")
    print(f"tests: {passed} passed, {failed} failed" +
          (f", {skipped} skipped" if skipped else ""))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
