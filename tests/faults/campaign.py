#!/usr/bin/env python3
"""Injected faults, each followed by a resume that must end as if nothing had
been: same digests, every row of metrics.csv once, nothing left behind.

    tests/faults/campaign.py [FAULTS [SEED [NUMBER]]]

runs FAULTS faults (100) drawn from SEED (1), or only the one with that NUMBER.
MFRL names the program, MPIRUN the launcher.  Needs no package; what needs root
(a disk that is full) is left out without it.
"""
import collections
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(os.environ.get("MFRL", "build/release/mfrl-dist"))
MPIRUN = os.environ.get("MPIRUN", "mpirun --oversubscribe --bind-to none")
EVERY = 20  # rounds between checkpoints, and of a row of metrics.csv
LIMIT = 60  # seconds for whatever is waited for
ENDLESS = 1000000000
CONFIG = f"""[env]
name = ising
[env.ising]
width = 12
height = 12
temperature = 0.9, 1.6
keying = lagged
[replay]
capacity = 4000
[checkpoint]
every = {EVERY}
[log]
digest = on
metrics_every = {EVERY}
"""


class Wrong(Exception):
    """What was observed is not what was expected."""


def save_points():
    """Names of the points of a save, in the order of their numbers from 1."""
    with open("src/io/ckpt_dir.h") as f:
        return re.findall(r"^    MF_CKPT_AT_(\w+)", f.read(), re.M)


def wait_for(what, condition):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.02)
    raise Wrong(f"waited {LIMIT} s in vain for {what}")


class Job:
    """One mpirun.  All its processes carry a mark in their environment, so
    that none is overlooked and no one else's is touched."""

    count = 0

    def __init__(self, run, ranks, args, env=None):
        Job.count += 1
        self.ranks = ranks
        self.mark = f"MFRL_FAULTS_JOB={os.getpid()}.{Job.count}"
        self.log_path = os.path.join(run.scratch, f"job-{Job.count}.log")
        key, value = self.mark.split("=")
        tmp = os.path.join(run.scratch, "tmp")
        os.makedirs(tmp, exist_ok=True)
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                MPIRUN.split() + ["-n", str(ranks), PROGRAM] + args,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                env={**os.environ, "TMPDIR": tmp,
                     # what Open MPI leaves of a killed job lies in there, too
                     "OMPI_MCA_btl_vader_backing_directory": tmp,
                     "OMPI_MCA_odls_base_sigkill_timeout": "2",
                     "OMPI_ALLOW_RUN_AS_ROOT": "1",
                     "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                     **(env or {}), key: value})

    def processes(self):
        """{pid: rank} of what is alive, mpirun without a rank."""
        found = {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as f:
                    words = f.read().decode(errors="replace").split("\0")
                with open(f"/proc/{name}/stat") as f:
                    dead = f.read().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if self.mark in words and not dead:
                rank = [w.split("=")[1] for w in words
                        if w.startswith("OMPI_COMM_WORLD_RANK=")]
                found[int(name)] = int(rank[0]) if rank else None
        return found

    def pid_of(self, rank):
        return wait_for(f"rank {rank}", lambda: next(
            (p for p, r in self.processes().items() if r == rank), None))

    def segments(self):
        """Shared memory of its processes."""
        found = set()
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/maps") as f:
                    found.update(re.findall(r"/dev/shm/\S+", f.read()))
            except OSError:
                pass
        return found

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def end(self):
        """Exit code; every process is gone at most ten seconds later."""
        try:
            code = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.destroy()
            raise Wrong(f"still running after {LIMIT} s") from None
        end = time.monotonic() + 10
        while self.processes():
            if time.monotonic() > end:
                self.destroy()
                raise Wrong("processes were left over")
            time.sleep(0.05)
        return code

    def destroy(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Reference:
    """Digests of every round of a run that nothing ever disturbs."""

    def __init__(self, scratch, config):
        self.dir = os.path.join(scratch, "undisturbed")
        self.config = config
        self.digests = {}

    def at(self, rounds):
        if rounds not in self.digests:
            start = (["--resume", self.dir] if self.digests else
                     [self.config, f"run.dir={self.dir}"])
            subprocess.run([PROGRAM, "train", *start,
                            f"run.rounds={rounds + 500}"], check=True,
                           stdout=subprocess.DEVNULL, timeout=10 * LIMIT)
            with open(os.path.join(self.dir, "log.txt")) as f:
                for r, d in re.findall(r"^digest round=(\d+) (.*)", f.read(),
                                       re.M):
                    self.digests[int(r)] = d
        return self.digests[rounds]


class Run:
    """One run directory, and the fault it meets."""

    def __init__(self, scratch, reference, rng):
        self.scratch, self.reference, self.rng = scratch, reference, rng
        self.dir = os.path.join(scratch, "run")
        self.jobs = []
        self.segments = set()
        self.mounted = None

    def start(self, *args, env=None, rounds=ENDLESS):
        """Go on, or begin if there is nothing yet."""
        ranks = self.rng.choice((3, 5))
        begun = os.path.exists(os.path.join(self.dir, "config.used.ini"))
        begin = (["--resume", self.dir] if begun else
                 [self.reference.config, f"run.dir={self.dir}"])
        job = Job(self, ranks, ["train", *begin, f"run.rounds={rounds}",
                                f"ranks.learners={ranks // 2}", *args], env)
        self.jobs.append(job)
        return job

    def latest(self):
        try:
            return os.readlink(os.path.join(self.dir, "checkpoints", "latest"))
        except OSError:
            return None

    def running(self, *args):
        """A job that has saved, and then was left alone for a while."""
        before = self.latest()
        job = self.start(*args)
        wait_for("a checkpoint", lambda: self.latest() != before or
                 job.process.poll() is not None)
        time.sleep(self.rng.uniform(0, 0.6))
        self.segments |= job.segments()
        return job

    def state(self):
        try:
            with open(os.path.join(self.dir, "run.json")) as f:
                return re.search(r'"state":\s*"(\w+)"', f.read()).group(1)
        except OSError:
            return "none"

    def stopped(self, job, codes=(0,)):
        code = job.end()
        if code not in codes:
            raise Wrong(f"exit code {code}, expected {codes}")
        if self.state() != "stopped":
            raise Wrong(f"run.json says {self.state()}, not stopped")
        return code

    def ended(self, job, code, says=None):
        got = job.end()
        if got != code:
            raise Wrong(f"exit code {got}, expected {code}")
        if says and not re.search(says, job.log()):
            raise Wrong(f"nobody said '{says}'")
        return code

    def saved(self):
        """Round of the newest checkpoint."""
        rounds = [0]
        for path in glob.glob(os.path.join(self.dir, "checkpoints", "*step-*",
                                           "manifest.json")):
            with open(path) as f:
                rounds.append(int(re.search(r'"round":\s*(\d+)',
                                            f.read()).group(1)))
        return max(rounds)

    def go_on(self, says=None, saved=None):
        """Resume to the end and compare everything."""
        saved = self.saved() if saved is None else saved
        rounds = saved // EVERY * EVERY + 2 * EVERY
        job = self.start(rounds=rounds)
        self.ended(job, 0, says)
        if self.state() != "finished":
            raise Wrong(f"run.json says {self.state()}, not finished")
        with open(os.path.join(self.dir, "run.json")) as f:
            text = f.read()
        got = " ".join(f"{k}=" + re.search(rf'"digest_{k}":\s*"(\w+)"',
                                           text).group(1)
                       for k in ("weights", "worlds"))
        if got != self.reference.at(rounds):
            raise Wrong(f"round {rounds}: {got}, undisturbed "
                        f"{self.reference.at(rounds)}")
        with open(os.path.join(self.dir, "metrics.csv")) as f:
            rows = [int(line.split(",")[0]) for line in f.readlines()[1:]]
        if rows != list(range(EVERY, rounds + 1, EVERY)):
            raise Wrong(f"rows of metrics.csv up to {rounds}: {rows}")
        left = [name for top, dirs, files in os.walk(self.dir)
                for name in dirs + files
                if name.startswith(".") or ".tmp" in name]
        left += [s for s in self.segments if os.path.exists(s)]
        if left:
            raise Wrong(f"left over: {left}")

    def close(self):
        for job in self.jobs:
            job.destroy()
        if self.mounted:
            subprocess.run(["umount", self.mounted], check=False)


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


def stopped_at(run, rounds):
    run.ended(run.start(rounds=rounds), 0)


Run.stopped_at = stopped_at


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


def deal(n):
    points, saves, faults = save_points(), 0, []
    for i in range(n):
        fault = DECK[i % len(DECK)]
        if fault is None:
            point = points[saves % len(points)]
            saves += 1
            fault = (f"kill -9 in a save, after {point}", "137",
                     lambda r, p=point: save_point(r, p))
        faults.append(fault)
    return faults


def needs_root(name):
    return name.startswith("disk full") and os.geteuid() != 0


def one(scratch, reference, seed, number, fault):
    """None, or what went wrong; and the exit code that was observed."""
    run = Run(tempfile.mkdtemp(dir=scratch), reference,
              random.Random(f"{seed} {number}"))
    try:
        return None, fault(run)
    except Wrong as e:
        log = run.jobs[-1].log() if run.jobs else ""
        return str(e) + "\n    " + "\n    ".join(log.splitlines()[-12:]), None
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
        config = os.path.join(scratch, "faults.ini")
        with open(config, "w") as f:
            f.write(CONFIG)
        reference = Reference(scratch, config)
        for number, (name, expected, fault) in enumerate(
                deal(max(n, only)), 1):
            if only not in (0, number):
                continue
            if needs_root(name):
                skipped += 1
                continue
            wrong, code = one(scratch, reference, seed, number, fault)
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
