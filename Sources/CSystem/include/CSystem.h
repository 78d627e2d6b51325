#pragma once
#include <sys/socket.h>

/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC, which Glibc's module map does not show to Swift.
int cs_accept(int listener, struct sockaddr *address, socklen_t *length);
