package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/mendcap/mendcap/internal/filesys"
)

// stamped is what the Go tool has stamped into the binary: its version, and settings
// by their keys.
func stamped() (version string, settings map[string]string) {
	settings = make(map[string]string)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)", settings
	}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	return info.Main.Version, settings
}

func versionText() string {
	version, settings := stamped()
	if revision := settings["vcs.revision"]; revision != "" {
		version += ", revision " + revision
	}
	if settings["vcs.modified"] == "true" {
		version += " with changes"
	}
	return fmt.Sprintf("mendcap %s, %s, %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// identity tells this program from others that may repair differently: by its
// revision, where the binary was built from that alone, else by its bytes.
func identity() string {
	_, settings := stamped()
	if revision := settings["vcs.revision"]; revision != "" && settings["vcs.modified"] == "false" {
		return "revision " + revision
	}
	sum, err := ownHash()
	if err != nil {
		return versionText()
	}
	return "binary " + hex.EncodeToString(sum)
}

// ownHash is the SHA-256 of the running program's file.
func ownHash() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := filesys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return filesys.Hash(context.Background(), f)
}
