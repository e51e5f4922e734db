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

func versionCommand() *command {
	return printing("version", versionText)
}

// versionText is what the Go tool has stamped into the binary.
func versionText() string {
	version, revision, modified := "(unknown)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				revision = ", revision " + setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				modified = " with changes"
			}
		}
	}
	return fmt.Sprintf("mendcap %s%s%s, %s, %s/%s\n", version, revision, modified,
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// identity tells this program from others that may repair differently: by its
// revision, where the binary was built from that alone, else by its bytes.
func identity() string {
	revision, modified := "", true
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				revision = setting.Value
			case "vcs.modified":
				modified = setting.Value == "true"
			}
		}
	}
	if revision != "" && !modified {
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
