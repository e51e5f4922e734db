package lots

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// begun is a file in which a first attempt notes which items it begins and is done with,
// a line each. There are many at a time, so that a Put for each would take as long as the
// work; a line that is added takes some microseconds, but nothing that a power failure
// would leave. Stores far away have no such files: there a first attempt notes nothing.
type begun struct{ file *os.File }

// openBegun makes the file. Without it, nothing is known of what a worker died of.
func (w *worker) openBegun() begun {
	if w.attempts.Count > 1 {
		return begun{} // each item is noted by itself
	}
	name := w.run.out.Local(w.run.key(lotName(w.lot, begunSuffix)))
	file, _ := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o666)
	return begun{file}
}

// note adds a line.
func (b begun) note(item int, what string) {
	if b.file != nil {
		_, _ = fmt.Fprintln(b.file, item, what) // as if there were no file
	}
}

func (b begun) close() error {
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}

// readBegun counts the death of an earlier first attempt for what it was at, and removes
// the file.
func (w *worker) readBegun(ctx context.Context) error {
	if w.run.out.Local("") == "" {
		return nil
	}
	f, err := w.run.out.Open(ctx, w.run.key(lotName(w.lot, begunSuffix)), "", 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	at := make(map[int]bool)
	lines := bufio.NewScanner(io.LimitReader(f, mostHeader))
	for lines.Scan() {
		number, what, _ := strings.Cut(lines.Text(), " ")
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(w.items) {
			at[i] = what == "begun"
		}
	}
	for i, is := range at {
		if is {
			w.attempts.addDeath(i)
		}
	}
	err = lines.Err()
	if errors.Is(err, bufio.ErrTooLong) { // it is damaged: nothing more is known
		err = nil
	}
	return errors.Join(err, f.Close(), w.removeBegun(ctx))
}

func (w *worker) removeBegun(ctx context.Context) error {
	if w.run.out.Local("") == "" {
		return nil
	}
	return w.remove(ctx, begunSuffix)
}
