//go:build cloud

package store

import (
	"context"
	"errors"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/mendcap/mendcap/internal/lab/cloud"
)

// storesVariable names the URLs of empty places in buckets that the tests may write to,
// with spaces between them. .ci/nightly starts stores and sets it.
const storesVariable = "MENDCAP_STORES"

func stores(t *testing.T) []string {
	urls := strings.Fields(os.Getenv(storesVariable))
	if len(urls) == 0 {
		t.Skip(storesVariable + " names no store")
	}
	return urls
}

// below is a URL for what is below a name at another URL.
func below(t *testing.T, location, name string) *url.URL {
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + name
	return u
}

func openURL(t *testing.T, u *url.URL) Store {
	s, err := Open(context.Background(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if u.Query().Has("localemu") { // of an emulator, which no other tool is here for
		var azure *container.Client
		if s.(*bucket).As(&azure) {
			_, err = azure.Create(context.Background(), nil)
		}
		if err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			t.Fatal(err)
		}
	}
	return s
}

func TestStores(t *testing.T) {
	for _, location := range stores(t) {
		t.Run(location[:strings.Index(location, ":")], func(t *testing.T) {
			conform(t, openURL(t, below(t, location, "conform")))
		})
	}
}

// TestStoreFarAway: a store that is busy, slow and cuts connections does what the others
// do. Only those of S3 have an endpoint that the proxy can be.
func TestStoreFarAway(t *testing.T) {
	for _, location := range stores(t) {
		for seed := range uint64(2) {
			u := below(t, location, "faults"+strconv.FormatUint(seed, 10))
			options := u.Query()
			to, err := url.Parse(options.Get("endpoint"))
			if err != nil || to.Host == "" {
				continue
			}
			t.Run(u.Scheme+strconv.FormatUint(seed, 10), func(t *testing.T) {
				proxy := &cloud.Proxy{Seed: seed, Share: 0.25, To: to}
				server := httptest.NewServer(proxy)
				defer server.Close()
				options.Set("endpoint", server.URL)
				u.RawQuery = options.Encode()
				conform(t, openURL(t, u))
				t.Log(proxy)
			})
		}
	}
}

// TestNobodyAnswers: a store that can't be reached is told from one that refuses, and
// neither shows what it was asked with.
func TestNobodyAnswers(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
	server := httptest.NewServer(nil)
	server.Close()
	s, err := Open(context.Background(), "s3://bucket/x?region=us-east-1&endpoint="+url.QueryEscape(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Stat(context.Background(), "y")
	if !errors.Is(err, ErrUnreachable) || errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v, want %v", err, ErrUnreachable)
	}
}

func TestRedact(t *testing.T) {
	t.Setenv("AZURE_STORAGE_KEY", "hush/hush==")
	for text, want := range map[string]string{
		"key hush/hush== is wrong":               "key … is wrong",
		"GET https://x/y?se=1&sig=abc%2F&v=2 no": "GET https://x/y?se=1&sig=…&v=2 no",
		"one\r\n two":                            "one two",
		"Authorization: AWS4-HMAC-SHA256":        "Authorization: …",
	} {
		if got := redact(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
