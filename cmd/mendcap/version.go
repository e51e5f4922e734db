package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/store"
)

// What .ci/release sets by the linker's flag -X: its builds hold nothing that depends
// on the folder they are made in, and so not what the Go tool stamps. They are made from
// a commit alone.
var releaseVersion, releaseRevision string

// source is what a binary was built from.
type source struct {
	version  string
	revision string // the commit's hash, or empty
	modified bool   // the files differed from the commit's
}

// builtFrom returns what this binary was built from: as .ci/release says, else as the
// Go tool has stamped.
func builtFrom() source {
	if releaseRevision != "" {
		return source{releaseVersion, releaseRevision, false}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return source{version: "(unknown)"}
	}
	s := source{version: info.Main.Version}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			s.revision = setting.Value
		case "vcs.modified":
			s.modified = setting.Value == "true"
		}
	}
	return s
}

// versionText names version, whether there is object storage, revision, Go and the system.
func versionText() string {
	s := builtFrom()
	text := s.version
	if store.HasBuckets {
		text += " with object storage"
	}
	if s.revision != "" {
		text += ", revision " + s.revision
	}
	if s.modified {
		text += " with changes"
	}
	return fmt.Sprintf("mendcap %s, %s, %s/%s\n", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// identity tells this program from others that may repair differently: by its
// revision, where the binary was built from that alone, else by its bytes.
func identity() string {
	if s := builtFrom(); s.revision != "" && !s.modified {
		return "revision " + s.revision
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
