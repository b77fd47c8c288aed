/* What a test says to a library that it has loaded before a process: memory in a file that both see. */
#ifndef FAULTS_CONTROL_H
#define FAULTS_CONTROL_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of the file that the variable names; NULL: there is none. */
static inline void *control_map(const char *variable, size_t size)
{
    const char *path = getenv(variable);
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return mapped != MAP_FAILED ? mapped : NULL;
}

#endif
