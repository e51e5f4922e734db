package store

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// schemes are those of buckets, as gocloud.dev has them: S3 and what speaks its protocol,
// Google Cloud Storage, and Azure Blob Storage.
var schemes = []string{"s3", "gs", "azblob"}

// IsURL says whether a location is a URL of a store and no path: those of files are, too.
func IsURL(location string) bool {
	scheme, _, ok := strings.Cut(location, "://")
	return ok && (scheme == "file" || slices.Contains(schemes, scheme))
}

// Open returns the store at a location: a path, a URL file:///PATH, or one of a bucket,
// s3://BUCKET/PREFIX?OPTIONS, gs:// or azblob://, whose options are those of gocloud.dev's
// URLs. Nothing is asked of a store yet. Errors are ErrURL, and ErrNoCloud for a bucket
// where this program was built without them.
func Open(ctx context.Context, location string) (Store, error) {
	if !IsURL(location) {
		return NewFolder(location), nil
	}
	u, err := url.Parse(location)
	if err != nil { // it may quote a password
		scheme, _, _ := strings.Cut(location, "://")
		return nil, fmt.Errorf("%w: what follows %s:// makes none", ErrURL, scheme)
	}
	if u.User != nil {
		return nil, fmt.Errorf("%w: %s://%s%s: credentials don't belong into a URL, where others see them: they are looked for where the store's own tools do", ErrURL, u.Scheme, u.Host, u.Path)
	}
	if u.Scheme == "file" {
		return openFile(u)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%w: %s: a bucket is named after the two slashes", ErrURL, location)
	}
	return openBucket(ctx, u)
}

// FilePath returns the path that a URL of files says, and other locations as they are.
func FilePath(location string) (string, error) {
	if !strings.HasPrefix(location, "file://") {
		return location, nil
	}
	s, err := Open(context.Background(), location)
	if err != nil {
		return "", err
	}
	return s.Local(""), nil
}

func openFile(u *url.URL) (Store, error) {
	if u.Host != "" && u.Host != "localhost" || u.Path == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: %s: a URL of files is file:///PATH", ErrURL, u)
	}
	name := u.Path
	if windows := strings.TrimPrefix(name, "/"); filepath.VolumeName(windows) != "" {
		name = windows // file:///C:/captures
	}
	return NewFolder(filepath.FromSlash(name)), nil
}

// Split cuts a location before its last name: "s3://b/x/y.pcap?region=r" into
// "s3://b/x?region=r" and "y.pcap". Slashes at its end don't count. What is a store's root
// has no name.
func Split(location string) (parent, name string) {
	if !IsURL(location) {
		clean := filepath.Clean(location)
		return filepath.Dir(clean), filepath.Base(clean)
	}
	u, err := url.Parse(location)
	if err != nil {
		return location, ""
	}
	dir, name := path.Split(path.Clean("/" + u.Path))
	u.Path, u.RawPath = strings.TrimSuffix(dir, "/"), ""
	return u.String(), name
}

// Shown is how a URL is named to people: without its options.
func Shown(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return location
	}
	return u.Scheme + "://" + path.Join(u.Host, u.Path)
}
