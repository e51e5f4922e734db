//go:build cloud

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// staller is a store of one object that speaks enough of S3's protocol. Some requests of a
// method stall: they are taken, and nothing comes.
type staller struct {
	object []byte
	method string
	stalls int64 // of requests, the first ones
	asked  atomic.Int64
	end    chan struct{} // of what stalls
}

// ServeHTTP implements http.Handler.
func (s *staller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stalls := r.Method == s.method && s.asked.Add(1) <= s.stalls
	w.Header().Set("ETag", `"1"`)
	switch r.Method {
	case http.MethodPut:
		if stalls {
			<-s.end // its body isn't read either
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
	case http.MethodGet:
		from := 0
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		rest := s.object[from:]
		w.Header().Set("Content-Length", fmt.Sprint(len(rest)))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.object)-1, len(s.object)))
			w.WriteHeader(http.StatusPartialContent)
		}
		if stalls {
			if from == 0 {
				_, _ = w.Write(rest[:len(rest)/2])
			}
			w.(http.Flusher).Flush()
			<-s.end
			return
		}
		_, _ = w.Write(rest)
	default:
		if stalls {
			<-s.end
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(s.object)))
	}
}

// storeOf opens the bucket of a staller, with little patience.
func storeOf(t *testing.T, s *staller) Store {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	s.end = make(chan struct{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(s.end) })
	opened, err := Open(t.Context(), "s3://bucket?region=us-east-1&endpoint="+url.QueryEscape(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	opened.(*bucket).patience = 200 * time.Millisecond
	return opened
}

// TestStalls: a store that keeps connections and sends nothing is asked again, and can't be
// reached if that goes on.
func TestStalls(t *testing.T) {
	object := bytes.Repeat([]byte("capture "), 1<<13)
	does := map[string]func(context.Context, Store) error{
		http.MethodGet: func(ctx context.Context, s Store) error {
			r, err := s.Open(ctx, "x", "1", 0, -1)
			if err != nil {
				return err
			}
			got, err := io.ReadAll(r)
			if err == nil && !bytes.Equal(got, object) {
				err = fmt.Errorf("read %d other bytes", len(got))
			}
			return errors.Join(err, r.Close())
		},
		http.MethodPut:  func(ctx context.Context, s Store) error { return s.Put(ctx, "x", writing(object)) },
		http.MethodHead: func(ctx context.Context, s Store) error { _, err := s.Stat(ctx, "x"); return err },
	}
	for method, do := range does {
		for _, stalls := range []int64{1, 1000} {
			t.Run(fmt.Sprintf("%s stalls %d times", method, stalls), func(t *testing.T) {
				server := &staller{object: object, method: method, stalls: stalls}
				s := storeOf(t, server)
				err := do(t.Context(), s)
				switch asked := server.asked.Load(); {
				case stalls == 1 && (err != nil || asked != 2):
					t.Errorf("got %v after %d requests, want the second one to do it", err, asked)
				case stalls > 1 && (!errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "nothing came for 200ms")):
					t.Errorf("got %v, want %v, and why", err, ErrUnreachable)
				}
			})
		}
	}
}

// TestSlowReadersDoNotStall: what counts is how long the store takes, not who reads.
func TestSlowReadersDoNotStall(t *testing.T) {
	server := &staller{object: make([]byte, 1<<20), method: http.MethodGet}
	r, err := storeOf(t, server).Open(t.Context(), "x", "1", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	time.Sleep(400 * time.Millisecond)
	if n, err := io.Copy(io.Discard, r); err != nil || n != 1<<20 || server.asked.Load() != 1 {
		t.Errorf("got %d bytes, %v, in %d requests, want all in one", n, err, server.asked.Load())
	}
}

// TestCloseAfterFailure: an object that is removed while it is read, after a connection
// that broke, has nothing to close.
func TestCloseAfterFailure(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked > 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write(make([]byte, 50))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	s, err := Open(t.Context(), "s3://bucket?region=us-east-1&endpoint="+url.QueryEscape(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Open(t.Context(), "x", "1", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want %v", err, ErrChanged)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
