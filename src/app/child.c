#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mfrl/base/log.h"

/* The new process: becomes the program, or tells why not and ends. */
static _Noreturn void become(const char *const *argv, const char *dir, int in,
                             int report)
{
    if ((dir == NULL || chdir(dir) == 0) && dup2(in, STDIN_FILENO) >= 0) {
        signal(SIGPIPE, SIG_DFL);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    }
    const int why = errno;

    (void)!write(report, &why, sizeof(why));
    _exit(127);
}

/* What the new process reads from; *out is the other end, -1 if none. */
static int make_input(bool feed, int *out)
{
    int ends[2] = {-1, -1};

    *out = -1;
    if (!feed) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (pipe2(ends, O_CLOEXEC) == 0) {
        *out = ends[1];
    }
    return ends[0];
}

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Its errno if it could not become the program: the pipe closes unwritten when
 * it could. */
static int wait_until_it_runs(int report)
{
    int why = 0;

    while (read(report, &why, sizeof(why)) < 0 && errno == EINTR) {
    }
    return why;
}

mf_status mf_child_start(const char *const *argv, const char *dir, bool feed,
                         mf_child *out, bool *found)
{
    int report[2] = {-1, -1};
    int why = 0;

    *found = true;
    *out = (mf_child){.name = argv[0], .pid = -1, .in = -1};
    int in = make_input(feed, &out->in);

    if (in >= 0 && pipe2(report, O_CLOEXEC) == 0) {
        out->pid = fork();
        if (out->pid == 0) {
            become(argv, dir, in, report[1]);
        }
    }
    why = out->pid < 0 ? errno : 0;
    close_end(&in);
    close_end(&report[1]);
    if (out->pid > 0) {
        why = wait_until_it_runs(report[0]);
    }
    close_end(&report[0]);
    if (why == 0) {
        signal(SIGPIPE, SIG_IGN); /* that it ended is seen when writing */
        return MF_OK;
    }
    close_end(&out->in);
    if (out->pid > 0) {
        waitpid(out->pid, NULL, 0);
    }
    *found = why != ENOENT;
    return *found ? MF_FAIL(MF_ERR_IO, "cannot start %s: %s", argv[0],
                            strerror(why))
                  : MF_OK;
}

mf_status mf_child_write(mf_child *c, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n > 0) {
        const ssize_t done = write(c->in, at, n);

        if (done >= 0) {
            at += done;
            n -= (size_t)done;
        } else if (errno != EINTR) {
            c->broken = true;
            return MF_ERR_IO;
        }
    }
    return MF_OK;
}

mf_status mf_child_end(mf_child *c)
{
    int how = 0;

    close_end(&c->in);
    while (waitpid(c->pid, &how, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) {
        return c->broken ? MF_FAIL(MF_ERR_IO, "%s ended too early", c->name)
                         : MF_OK;
    }
    return MF_FAIL(MF_ERR_IO, "%s failed: %s %d", c->name,
                   WIFSIGNALED(how) ? "signal" : "exit code",
                   WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
}
