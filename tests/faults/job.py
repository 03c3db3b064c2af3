"""One mpirun of the program, and all of its processes."""
import os
import re
import signal
import subprocess
import time

PROGRAM = os.path.abspath(os.environ.get("MFRL", "build/release/mfrl-dist"))
MPIRUN = os.environ.get("MPIRUN", "mpirun --oversubscribe --bind-to none")
LIMIT = 60  # seconds for whatever is waited for


class Wrong(Exception):
    """What was observed is not what was expected."""


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
