#include "mfrl/io/scratch.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int STOP[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_STOP = sizeof(STOP) / sizeof(STOP[0]) };

static mf_scratch *volatile first;
static bool begun;

/* Nothing in this process may walk through a directory within a handler. */
static void remove_tree(const char *path)
{
    const pid_t pid = fork();

    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void on_signal(int number)
{
    for (const mf_scratch *s = first; s != NULL; s = s->next) {
        if (unlink(s->path) != 0 && errno == EISDIR) {
            remove_tree(s->path);
        }
    }
    raise(number); /* as usual: the handler is reset */
}

/* What is ignored, as under nohup, stays so. */
static void install(void)
{
    struct sigaction a, old;

    memset(&a, 0, sizeof(a));
    a.sa_handler = on_signal;
    a.sa_flags = (int)SA_RESETHAND;
    for (int i = 0; i < N_STOP; i++) {
        sigaddset(&a.sa_mask, STOP[i]);
    }
    for (int i = 0; i < N_STOP; i++) {
        if (sigaction(STOP[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            sigaction(STOP[i], &a, NULL);
        }
    }
}

void mf_scratch_begin(void)
{
    begun = true;
    install();
}

void mf_scratch_add(mf_scratch *s, const char *path)
{
    *s = (mf_scratch){0};
    if (begun) {
        *s = (mf_scratch){.path = path, .next = first};
        first = s;
    }
}

void mf_scratch_drop(mf_scratch *s)
{
    mf_scratch *before = first;

    if (before == s) {
        first = s->next;
        return;
    }
    while (before != NULL && before->next != s) {
        before = before->next;
    }
    if (before != NULL) {
        before->next = s->next;
    }
}
