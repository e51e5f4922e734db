//go:build !linux || !(amd64 || arm64)

package main

// preferHugePages does nothing: the system decides.
func preferHugePages(int) {}
