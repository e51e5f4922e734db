package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpen: paths and URLs of files are folders; buckets are only where the program was
// built with them, and never with a password.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, location := range []string{dir, "file://" + filepath.ToSlash(dir), "file://localhost" + filepath.ToSlash(dir)} {
		if filepath.VolumeName(dir) != "" {
			location = strings.Replace(location, "//", "///", 1) // file:///C:/
		}
		s, err := Open(context.Background(), location)
		if err != nil {
			t.Errorf("%s: %v", location, err)
			continue
		}
		if got := s.Local("x/y"); got != filepath.Join(dir, "x", "y") {
			t.Errorf("%s: got %s, want it in %s", location, got, dir)
		}
	}
	for _, location := range []string{"file://host/x", "file://", "file:///x?y=z", "s3://", "s3:///x", "s3://key:secret@bucket/x", "s3://key:secret@bucket/%zz"} {
		_, err := Open(context.Background(), location)
		if err == nil || errors.Is(err, ErrNoCloud) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without the password", location, err)
		}
	}
}

func TestSplit(t *testing.T) {
	for location, want := range map[string][2]string{
		"x/y.pcap":                    {"x", "y.pcap"},
		"y.pcap":                      {".", "y.pcap"},
		"s3://b/x/y.pcap?region=r":    {"s3://b/x?region=r", "y.pcap"},
		"s3://b/x/":                   {"s3://b", "x"},
		"gs://b":                      {"gs://b", ""},
		"gs://b/?anonymous=true":      {"gs://b?anonymous=true", ""},
		"azblob://b/a%20b/c%3Fd.pcap": {"azblob://b/a%20b", "c?d.pcap"},
	} {
		if parent, name := Split(location); parent != want[0] || name != want[1] {
			t.Errorf("%s: got %q and %q, want %q", location, parent, name, want)
		}
	}
}

func TestShown(t *testing.T) {
	for location, want := range map[string]string{
		"s3://b/x%20y/?endpoint=http://host": "s3://b/x y",
		"gs://b":                             "gs://b",
	} {
		if got := Shown(location); got != want {
			t.Errorf("%s: got %q, want %q", location, got, want)
		}
	}
}
