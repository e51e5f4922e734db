//go:build unix

package main

import "golang.org/x/sys/unix"

// dumpNoCore keeps the system from writing the memory to a file if the process
// ends by a signal.
func dumpNoCore() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &limit) == nil {
		limit.Cur = 0
		unix.Setrlimit(unix.RLIMIT_CORE, &limit) // at worst there is a core
	}
}
