//go:build linux

// Package record makes the recordings in testdata: real traffic of real Linux stacks
// between two network namespaces, captured at the host, in the order in which
// the host's stack saw it. It needs root and the ip command, and leaves
// nothing after.
//
//	lab record [-o DIR] [RECIPE...]
//
// Without a recipe all are recorded. Each gives DIR/NAME.pcapng.gz, and
// DIR/NAME.events with what the network did on purpose. Those that are not taken
// at the host's stack go to DIR/elsewhere, those for inference to DIR/headers, those
// for verdicts to DIR/verdicts; those beside which a sniffer's threads record, from a
// packet socket or from raw sockets, to DIR/sockets, as NAME.truth.pcapng.gz.
package record

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/gzip"

	"github.com/mendcap/mendcap/internal/lab"
)

// Main is the command: its flags and arguments follow its name.
func Main() {
	dir := flag.String("o", "testdata/recordings", "folder to write to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, names []string) error {
	all := slices.Concat(recipes(), reorderingRecipes(), verdictRecipes(), threadedRecipes(), rawRecipes(), elsewhereRecipes(), headerRecipes())
	for _, name := range names {
		if !slices.ContainsFunc(all, func(r Recipe) bool { return r.Name == name }) {
			return fmt.Errorf("no recipe %q", name)
		}
	}
	for _, recipe := range all {
		if len(names) > 0 && !slices.Contains(names, recipe.Name) {
			continue
		}
		frames, err := record(ctx, dir, recipe)
		if err != nil {
			return fmt.Errorf("%s: %w", recipe.Name, err)
		}
		fmt.Printf("%-14s %6d packets: %s\n", recipe.Name, frames, recipe.About)
	}
	return nil
}

// record runs one recipe in fresh namespaces and writes its files, both whole
// or not at all.
func record(ctx context.Context, dir string, r Recipe) (frames int, err error) {
	n, err := newNetwork(r.Seed)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, n.remove()) }()
	var capture, events bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&capture, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	link := uint16(lab.LinkRaw)
	if r.Veth {
		link = lab.LinkEthernet
	}
	out, err := lab.NewWriter(zipped, lab.Pcapng, link)
	if err != nil {
		return 0, err
	}
	switch {
	case r.Veth:
		frames, err = overVeth(ctx, n, r, out)
	case r.Loopback:
		frames, err = overLoopback(ctx, n, r, out)
	default:
		frames, err = overTUN(ctx, n, r, out, &eventLog{&events})
	}
	if err := errors.Join(err, out.Flush(), zipped.Close()); err != nil {
		return 0, err
	}
	if r.Vantage != atStack || r.Missed > 0 {
		dir, events = filepath.Join(dir, elsewhere), bytes.Buffer{}
	}
	if r.OneLink || r.Numbered {
		dir, events = filepath.Join(dir, headers), bytes.Buffer{}
	}
	if r.Verdicts {
		dir = filepath.Join(dir, lab.ForVerdicts)
	}
	if r.Threads == 0 && r.Raw == nil {
		return frames, writeFiles(filepath.Join(dir, r.Name), capture.Bytes(), events.Bytes())
	}
	base := filepath.Join(dir, sockets, r.Name)
	if err := writeFiles(base+".truth", capture.Bytes(), nil); err != nil {
		return 0, err
	}
	return frames, writeFiles(base, n.sniffed, nil)
}

// elsewhere is the folder of the recordings that are not what the host's stack
// saw: nothing moves in them, and degrading them would make no sense.
const elsewhere = "elsewhere"

// headers is the folder of the recordings that inference is measured with
// besides: what matters in them is who sends to whom.
const headers = "headers"

func writeFiles(base string, capture, events []byte) error {
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return err
	}
	if err := renameio.WriteFile(base+".pcapng.gz", capture, 0o644); err != nil {
		return err
	}
	if len(events) == 0 {
		return nil
	}
	return renameio.WriteFile(base+".events", events, 0o644)
}
