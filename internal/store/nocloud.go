//go:build !cloud

package store

import (
	"context"
	"fmt"
	"net/url"
)

// openBucket says that there are no buckets in this build.
func openBucket(_ context.Context, u *url.URL) (Store, error) {
	return nil, fmt.Errorf("%s://%s: %w", u.Scheme, u.Host, ErrNoCloud)
}
