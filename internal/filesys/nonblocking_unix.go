//go:build unix

package filesys

import "golang.org/x/sys/unix"

// Nonblocking keeps opening a pipe from waiting for its writer. For regular files it is nothing to
// the system; package os takes it for done what it would do in four more calls.
const Nonblocking = unix.O_NONBLOCK
