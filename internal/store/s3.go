//go:build cloud

package store

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// amazon is what the stores have of their own that speak S3's protocol. A version is an
// ETag.
var amazon = provider{
	open: openS3,
	listed: func(o *blob.ListObject) string {
		var object types.Object
		o.As(&object)
		return etag(object.ETag)
	},
	stated: func(a *blob.Attributes) string { return etag(&a.ETag) },
	read: func(r *blob.Reader) string {
		var answer s3.GetObjectOutput
		r.As(&answer)
		return etag(answer.ETag)
	},
	only: func(as func(any) bool, version string) {
		var request *s3.GetObjectInput
		if as(&request) && version != "" {
			request.IfMatch = aws.String(`"` + version + `"`)
		}
	},
}

// etag returns an ETag without its quotes, which not every answer has.
func etag(tag *string) string { return strings.Trim(aws.ToString(tag), `"`) }

// openS3 opens a bucket. Stores at endpoints of their own have buckets in paths, unless
// the URL says otherwise, and not all of them have the checksums that Amazon's has.
func openS3(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	options := u.Query()
	if !options.Has("response_checksum_validation") {
		options.Set("response_checksum_validation", "when_required")
	}
	if options.Has("endpoint") && !options.Has("use_path_style") && !options.Has("s3ForcePathStyle") {
		options.Set("use_path_style", "true")
	}
	with := *u
	with.RawQuery = options.Encode()
	return new(s3blob.URLOpener).OpenBucketURL(ctx, &with)
}
