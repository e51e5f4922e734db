// Package cloud puts faults between a program and a store of objects: what a store far
// away has at bad moments.
package cloud

import (
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Proxy hands requests on to a store, and does harm to a share of them. What becomes of
// the n-th request of one method and path follows from the seed alone.
type Proxy struct {
	Seed  uint64
	Share float64 // of requests that harm is done to, 0 to 1
	To    *url.URL

	mu    sync.Mutex
	asked map[string]int // how often, by method and path
	done  [faults]int
}

// fault is a kind of harm.
type fault int

// The kinds of harm.
const (
	none   fault = iota
	busy         // 503, and the store never sees the request
	refuse       // the connection is cut at once
	half         // it is cut within the request's body
	lost         // the store does what it is asked, and the answer is lost
	short        // the connection is cut within the answer's body
	slow         // the answer takes a while
	faults
)

var faultNames = [faults]string{"whole", "503", "cut at once", "cut in the request", "answer lost", "cut in the answer", "slow"}

// delay is how long a slow answer takes.
const delay = 300 * time.Millisecond

// choose says what becomes of a request.
func (p *Proxy) choose(r *http.Request) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = make(map[string]int)
	}
	what := r.Method + " " + r.URL.Path
	p.asked[what]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", what, p.asked[what])
	dice := rand.New(rand.NewPCG(p.Seed, h.Sum64()))
	f := none
	if dice.Float64() < p.Share {
		f = 1 + fault(dice.IntN(int(faults-1)))
	}
	p.done[f]++
	return f
}

// String says what became of the requests so far.
func (p *Proxy) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	for f, n := range p.done {
		parts = append(parts, fmt.Sprintf("%s %d", faultNames[f], n))
	}
	return "requests: " + strings.Join(parts, ", ")
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.choose(r)
	switch f {
	case busy:
		http.Error(w, "slow down", http.StatusServiceUnavailable)
		return
	case refuse:
		panic(http.ErrAbortHandler)
	case slow:
		time.Sleep(delay)
	case half:
		r.Body = io.NopCloser(&cut{r.Body, r.ContentLength / 2})
	}
	forward := httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // of what it is here for
		Rewrite: func(to *httputil.ProxyRequest) {
			to.Out.URL.Scheme, to.Out.URL.Host = p.To.Scheme, p.To.Host
			to.Out.Host = to.In.Host // it is signed
		},
		ModifyResponse: func(answer *http.Response) error {
			switch f {
			case lost:
				return io.ErrUnexpectedEOF
			case short:
				answer.Body = struct {
					io.Reader
					io.Closer
				}{&cut{answer.Body, answer.ContentLength / 2}, answer.Body}
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	forward.ServeHTTP(w, r)
}

// cut ends with an error after some bytes.
type cut struct {
	r    io.Reader
	left int64
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}
