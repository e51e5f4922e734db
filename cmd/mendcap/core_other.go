//go:build !unix

package main

// dumpNoCore does nothing where no core is dumped.
func dumpNoCore() {}
