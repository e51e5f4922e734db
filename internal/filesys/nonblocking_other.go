//go:build !unix

package filesys

// Nonblocking is nothing where names of files don't lead to pipes.
const Nonblocking = 0
