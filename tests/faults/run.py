"""A run directory that meets a fault, and the run that nothing disturbs."""
import glob
import os
import re
import subprocess
import time

from job import LIMIT, PROGRAM, Job, Wrong, wait_for

EVERY = 20  # rounds between checkpoints, of a row of metrics.csv and eval.csv
ENDLESS = 1000000000
COMMON = f"""[replay]
capacity = 4000
[checkpoint]
every = {EVERY}
[log]
digest = on
metrics_every = {EVERY}
"""
# Name, steps of a round, config; all record what world 0 does.
CONFIGS = [
    ("ising, mfq", 10, """[env]
name = ising
[env.ising]
width = 12
height = 12
temperature = 0.9, 1.6
keying = lagged
"""),
    ("squeeze, mfq, with evaluations", 10, f"""[env]
name = squeeze
[env.squeeze]
agents = 20
temperature = 30, 40
[pipeline]
lag = 1
[eval]
every = {EVERY}
rounds = 4
"""),
    ("battle, ac", 5, """[env]
name = battle
[env.battle]
width = 20
height = 16
max_steps = 33
hp = 1
[algo]
name = ac
[net]
layers = dense 6
[learner]
gamma = 0.9
[world]
count = 2
[pipeline]
steps_per_round = 5
lag = 1
"""),
]


class Reference:
    """Digests of every round, and rows of eval.csv, of a run that nothing ever
    disturbs."""

    def __init__(self, scratch, config):
        self.name, self.steps, text = config
        self.dir = os.path.join(scratch, self.name.replace(" ", "-"))
        self.config = self.dir + ".ini"
        with open(self.config, "w") as f:
            f.write(text + COMMON)
        self.digests = {}

    def at(self, rounds):
        if rounds not in self.digests:
            start = (["--resume", self.dir] if self.digests else
                     [self.config, f"run.dir={self.dir}"])
            subprocess.run([PROGRAM, "train", *start,
                            f"run.rounds={rounds + 200}"], check=True,
                           stdout=subprocess.DEVNULL, timeout=10 * LIMIT)
            with open(os.path.join(self.dir, "log.txt")) as f:
                for r, d in re.findall(r"^digest round=(\d+) (.*)", f.read(),
                                       re.M):
                    self.digests[int(r)] = d
        return self.digests[rounds]


def evaluated(run_dir, rounds):
    """Rows of eval.csv up to a round, without the time they took."""
    try:
        with open(os.path.join(run_dir, "eval.csv")) as f:
            lines = [line.rstrip("\n").split(",") for line in f]
    except OSError:
        return []
    clock = lines[0].index("wall_s")
    return [",".join(w[:clock] + w[clock + 1:]) for w in lines[1:]
            if int(w[0]) <= rounds]


class Run:
    """One run directory, and the fault it meets."""

    def __init__(self, scratch, reference, rng):
        self.scratch, self.reference, self.rng = scratch, reference, rng
        self.dir = os.path.join(scratch, "run")
        self.jobs = []
        self.segments = set()
        self.mounted = None
        self.recorded = True

    def start(self, *args, env=None, rounds=ENDLESS):
        """Go on, or begin if there is nothing yet."""
        ranks = self.rng.choice((3, 5))
        begun = os.path.exists(os.path.join(self.dir, "config.used.ini"))
        begin = (["--resume", self.dir] if begun else
                 [self.reference.config, f"run.dir={self.dir}"])
        job = Job(self, ranks, ["train", *begin, f"run.rounds={rounds}",
                                f"ranks.learners={ranks // 2}",
                                f"trajectory.every={int(self.recorded)}",
                                *args], env)
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

    def stopped_at(self, rounds):
        """Finished early."""
        self.ended(self.start(rounds=rounds), 0)

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
        self.check_evaluations(rounds)
        if self.recorded:
            self.check_recording(rounds * self.reference.steps)
        left = [name for top, dirs, files in os.walk(self.dir)
                for name in dirs + files
                if name.startswith(".") or ".tmp" in name]
        left += [s for s in self.segments if os.path.exists(s)]
        if left:
            raise Wrong(f"left over: {left}")

    def check_evaluations(self, rounds):
        got = evaluated(self.dir, ENDLESS)
        want = evaluated(self.reference.dir, rounds)
        if got != want:
            odd = [a for a in got if a not in want or got.count(a) > 1]
            raise Wrong(f"eval.csv has {len(got)} rows, {len(want)} without "
                        f"the fault; odd ones: {odd[:4]}")

    def check_recording(self, steps):
        """Of the last file and any other: no step is missing before the next
        one, and both can be played again."""
        paths = sorted(glob.glob(os.path.join(self.dir, "traj", "step-*.h5")))
        paths = [p for p in paths if ".part-" not in p]
        begins = [int(re.search(r"step-(\d+)", p).group(1)) for p in paths]
        begins.append(steps)
        if begins[0] != 0:
            raise Wrong(f"the recording begins at step {begins[0]}")
        for k in {self.rng.randrange(len(paths)), len(paths) - 1}:
            says = ""
            for args in (["traj", "info", "--check"], ["verify"]):
                done = subprocess.run([PROGRAM, *args, paths[k]], text=True,
                                      stdout=subprocess.PIPE, timeout=LIMIT,
                                      stderr=subprocess.STDOUT, check=False)
                says += done.stdout
                if done.returncode != 0:
                    raise Wrong(f"{' '.join(args)}: {done.returncode}, {says}")
            if f" steps {begins[k]} to {begins[k + 1] - 1}, every" not in says:
                raise Wrong(f"{paths[k]} should end before {begins[k + 1]}, "
                            f"but: {says}")

    def close(self):
        for job in self.jobs:
            job.destroy()
        if self.mounted:
            subprocess.run(["umount", self.mounted], check=False)
