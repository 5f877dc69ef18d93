// A listener that only one thread has: in a descriptor table of its own. Argument: whether the first thread
// `stays` or `ends`. Prints {"port": …, "fd": …}, and ends with its standard input.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_t first;

static void *work(void *ends) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (ends) pthread_join(first, NULL);
    if (unshare(CLONE_FILES)) exit(2);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (void *)&address, length) || listen(fd, 1)) exit(3);
    if (getsockname(fd, (void *)&address, &length)) exit(4);
    printf("{\"port\": %d, \"fd\": %d}\n", ntohs(address.sin_port), fd);
    fflush(stdout);
    while (getchar() != EOF) {}
    exit(0);
}

int main(int count, char **arguments) {
    pthread_t thread;
    int ends = count > 1 && !strcmp(arguments[1], "ends");
    first = pthread_self();
    if (pthread_create(&thread, NULL, work, ends ? "" : NULL)) return 1;
    if (ends) pthread_exit(NULL);
    pthread_join(thread, NULL);
    return 0;
}
