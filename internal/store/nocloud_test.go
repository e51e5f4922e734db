//go:build !cloud

package store

import (
	"context"
	"errors"
	"testing"
)

func TestBucketsNeedTheOtherBuild(t *testing.T) {
	for _, location := range []string{"s3://bucket/x", "gs://bucket", "azblob://bucket?x=y"} {
		if _, err := Open(context.Background(), location); !errors.Is(err, ErrNoCloud) {
			t.Errorf("%s: got %v, want %v", location, err, ErrNoCloud)
		}
	}
}
