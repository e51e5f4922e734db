//go:build !linux

package main

// linux are the commands that need Linux.
var linux []command
