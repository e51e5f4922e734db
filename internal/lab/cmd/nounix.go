//go:build !unix

package main

// unix are the commands that need a Unix.
var unix []command
