//go:build cloud

package store

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
)

// google is what Google Cloud Storage has of its own. A version is a generation.
var google = provider{
	open: openGCS,
	listed: func(o *blob.ListObject) string {
		var object storage.ObjectAttrs
		o.As(&object)
		return strconv.FormatInt(object.Generation, 10)
	},
	stated: func(a *blob.Attributes) string {
		var object storage.ObjectAttrs
		a.As(&object)
		return strconv.FormatInt(object.Generation, 10)
	},
	read: func(r *blob.Reader) string {
		var answer *storage.Reader
		if !r.As(&answer) {
			return ""
		}
		return strconv.FormatInt(answer.Attrs.Generation, 10)
	},
	only: func(as func(any) bool, version string) {
		var object **storage.ObjectHandle
		if !as(&object) {
			return
		}
		*object = (*object).ReadCompressed(true) // what is marked as gzip is unpacked on the way otherwise
		if generation, err := strconv.ParseInt(version, 10, 64); err == nil {
			*object = (*object).If(storage.Conditions{GenerationMatch: generation})
		}
	},
}

// openGCS opens a bucket. What is asked of it twice is the same, so that everything may be
// repeated, but not for ever, as its library does.
func openGCS(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	client, err := googleClient(ctx, u)
	if err != nil {
		return nil, err
	}
	b, err := (&gcsblob.URLOpener{Client: client}).OpenBucketURL(ctx, u)
	if err != nil {
		return nil, err
	}
	var own *storage.Client
	if !b.As(&own) {
		return nil, errors.Join(errors.New("gcsblob has no client"), b.Close())
	}
	own.SetRetry(storage.WithPolicy(storage.RetryAlways), storage.WithMaxAttempts(3))
	return b, nil
}

// googleClient returns the client for the credentials that are found as Google's own tools
// find them. gcsblob's own would print to standard output where there are none.
func googleClient(ctx context.Context, u *url.URL) (*gcp.HTTPClient, error) {
	anonymous, _ := strconv.ParseBool(u.Query().Get("anonymous")) // gcsblob says what is wrong with it
	if anonymous || u.Query().Get("access_id") == "-" || os.Getenv("STORAGE_EMULATOR_HOST") != "" {
		return gcp.NewAnonymousHTTPClient(gcp.DefaultTransport()), nil
	}
	credentials, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return nil, err
	}
	return gcp.NewHTTPClient(gcp.DefaultTransport(), gcp.CredentialsTokenSource(credentials))
}
