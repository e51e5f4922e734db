//go:build cloud

package store

import (
	"context"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// azure is what Azure Blob Storage has of its own. A version is an ETag.
var azure = provider{
	open: func(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
		opener := azureblob.URLOpener{MakeClient: azureblob.NewDefaultClient, ServiceURLOptions: *azureblob.NewDefaultServiceURLOptions()}
		return opener.OpenBucketURL(ctx, u)
	},
	listed: func(o *blob.ListObject) string {
		var object container.BlobItem
		if !o.As(&object) || object.Properties == nil {
			return ""
		}
		return etag((*string)(object.Properties.ETag))
	},
	stated: func(a *blob.Attributes) string { return etag(&a.ETag) },
	read: func(r *blob.Reader) string {
		var answer azblob.DownloadStreamResponse
		r.As(&answer)
		return etag((*string)(answer.ETag))
	},
	only: func(as func(any) bool, version string) {
		var request *azblob.DownloadStreamOptions
		if as(&request) && version != "" {
			tag := azcore.ETag(`"` + version + `"`)
			request.AccessConditions = &azblob.AccessConditions{ModifiedAccessConditions: &azblob.ModifiedAccessConditions{IfMatch: &tag}}
		}
	},
}
