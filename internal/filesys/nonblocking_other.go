//go:build !unix

package filesys

// nonblocking is nothing where names of files don't lead to pipes.
const nonblocking = 0
