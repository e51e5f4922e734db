//go:build !cloud

package store

import (
	"context"
	"fmt"
	"net/url"
)

// HasBuckets says whether this program was built with object storage.
const HasBuckets = false

// openBucket says that there are no buckets in this build.
func openBucket(_ context.Context, u *url.URL) (Store, error) {
	return nil, fmt.Errorf("%s://%s: %w", u.Scheme, u.Host, ErrNoCloud)
}
