/* Lies to the programs that it is loaded into: clocks that have jumped, a file system of another kind. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

/* The seconds that the file says: of the time of day, and of the clocks that count since the machine started. */
static void jumped(long *day, long *boot) {
    char text[64] = {0};
    *day = *boot = 0;
    /* No variable: a tmux server, and so a shim, gets few of them. */
    int file = open(CLOCKS, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    if (read(file, text, sizeof text - 1) > 0) {
        char *rest;
        *day = strtol(text, &rest, 10);
        *boot = strtol(rest, NULL, 10);
    }
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC)) {
        long day, boot;
        jumped(&day, &boot);
        now->tv_sec += clock == CLOCK_REALTIME ? day : boot;
    }
    return result;
}

static int is_network(const char *path) {
    const char *below = getenv("NETWORK");
    return below && strncmp(path, below, strlen(below)) == 0;
}

int statfs(const char *path, struct statfs *found) {
    int (*real)(const char *, struct statfs *) = (int (*)(const char *, struct statfs *))dlsym(RTLD_NEXT, "statfs");
    int result = real(path, found);
    if (result == 0 && is_network(path)) found->f_type = 0x6969;
    return result;
}

int statfs64(const char *path, struct statfs64 *found) {
    int (*real)(const char *, struct statfs64 *) = (int (*)(const char *, struct statfs64 *))dlsym(RTLD_NEXT, "statfs64");
    int result = real(path, found);
    if (result == 0 && is_network(path)) found->f_type = 0x6969;
    return result;
}
