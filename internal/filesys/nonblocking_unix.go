//go:build unix

package filesys

import "golang.org/x/sys/unix"

// nonblocking keeps opening a pipe from waiting for its writer.
const nonblocking = unix.O_NONBLOCK
