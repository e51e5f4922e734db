//go:build unix

package pipeline

import "golang.org/x/sys/unix"

func makePipe(at string) error { return unix.Mkfifo(at, 0o600) }
