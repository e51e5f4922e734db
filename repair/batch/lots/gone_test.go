//go:build unix

package lots

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/report"
)

// network is what leads to stores; it is cut by the request of a test's choice.
type network struct {
	cut atomic.Bool
	at  func(what, key string) bool
}

// gone is a store far away that does not answer while its network is cut.
type gone struct {
	away
	net *network
}

func (g *gone) ask(what, key string) error {
	if g.net.at != nil && g.net.at(what, key) {
		g.net.cut.Store(true)
	}
	if g.net.cut.Load() {
		return fmt.Errorf("%s: %w", key, store.ErrUnreachable)
	}
	return nil
}

func (g *gone) Open(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	if err := g.ask("open", key); err != nil {
		return nil, err
	}
	return g.away.Open(ctx, key, version, offset, length)
}

func (g *gone) Stat(ctx context.Context, key string) (store.Object, error) {
	if err := g.ask("stat", key); err != nil {
		return store.Object{}, err
	}
	return g.away.Stat(ctx, key)
}

func (g *gone) Put(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := g.ask("put", key); err != nil {
		return err
	}
	return g.away.Put(ctx, key, write)
}

func (g *gone) Remove(ctx context.Context, key string) error {
	if err := g.ask("remove", key); err != nil {
		return err
	}
	return g.away.Remove(ctx, key)
}

// TestStoreGoesAway: a store that goes away at the same capture again and again is not
// taken for a capture that workers die of, wherever that is.
func TestStoreGoesAway(t *testing.T) {
	for name, at := range map[string]func(what, key string) bool{
		"while it is copied": func(what, key string) bool { return what == "open" && path.Base(key) == "y.pcap" },
		"while it is sent":   func(what, key string) bool { return what == "put" && path.Base(key) == "y.mended.pcapng" },
	} {
		t.Run(name, func(t *testing.T) {
			r, net := planGone(t)
			for range 6 {
				net.at = at
				synctest.Test(t, func(t *testing.T) {
					if err := r.Do(t.Context(), 0, worked()); !errors.Is(err, ErrAgain) {
						t.Errorf("got %v, want %v", err, ErrAgain)
					}
				})
				net.at = nil
				net.cut.Store(false)
			}
			isRepaired(t, r)
		})
	}
}

// TestStoreComesBack: where a store goes away while a capture is repaired, its worker
// waits for it to say that it has not died.
func TestStoreComesBack(t *testing.T) {
	r, net := planGone(t)
	noted := r.key(lotName(0, attemptsSuffix))
	if err := r.putJSON(t.Context(), lotName(0, attemptsSuffix), attempts{Count: 1}); err != nil { // somebody died
		t.Fatal(err)
	}
	for range 5 {
		puts := 0
		var back atomic.Bool
		net.at = func(what, key string) bool {
			if what == "put" && key == noted {
				puts++ // at the begin, and then before and after each of three captures
			}
			return puts == 3 && !back.Load()
		}
		synctest.Test(t, func(t *testing.T) {
			time.AfterFunc(2*time.Minute, func() { back.Store(true); net.cut.Store(false) })
			if err := r.Do(t.Context(), 0, worked()); !errors.Is(err, ErrAgain) {
				t.Errorf("got %v, want %v", err, ErrAgain)
			}
		})
	}
	net.at = nil
	isRepaired(t, r)
}

// planGone plans a lot of three captures whose stores are on a network.
func planGone(t *testing.T) (*Run, *network) {
	t.Helper()
	top := t.TempDir()
	for _, name := range []string{"x.pcap", "y.pcap", "z.pcap"} {
		write(t, filepath.Join(top, name), handmade.PcapOf(binary.LittleEndian, handmade.RecordOf(1, 1, handmade.IPv4(40, 1))))
	}
	net := &network{}
	out := &away{Folder: store.NewFolder(t.TempDir())}
	r := planAway(t, out, 1, top)
	r.out = &gone{away{Folder: out.Folder}, net}
	for _, s := range r.sources.all {
		s.Store = &gone{away{Folder: s.Store.(*away).Folder}, net}
	}
	return r, net
}

// isRepaired works at the lot, and wants that no capture has failed.
func isRepaired(t *testing.T, r *Run) {
	t.Helper()
	work(t, r, 0)
	m, err := r.Merge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Head.Totals; got.Captures != 3 || got.ByOutcome[report.OutcomeFailed] > 0 {
		json, _, _ := merged(t, r)
		t.Errorf("got %+v, want three captures and none that failed: %s", got, strings.TrimSpace(json))
	}
}
