package lots

import (
	"bufio"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/compress"
)

// spool keeps the items of a plan in a temporary file until their lots are known.
type spool struct {
	file    *os.File
	release func() error // takes away the folder that it lies in
	packed  io.WriteCloser
	lines   *bufio.Writer
}

// spooled is one item as the spool has it.
type spooled struct {
	size int64  // bytes
	key  uint64 // hash of its output
	text string // JSON, without the lot
}

func newSpool() (*spool, error) {
	dir, release, err := atomicfile.ScratchDir()
	if err != nil {
		return nil, err
	}
	s := &spool{release: release}
	if s.file, err = os.Create(filepath.Join(dir, "items")); err == nil {
		s.packed, err = compress.NewTextCompressor(s.file)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.lines = bufio.NewWriterSize(s.packed, 1<<16)
	return s, nil
}

// add keeps an item.
func (s *spool) add(it spooled) error {
	var head [2 * 20]byte
	b := strconv.AppendInt(head[:0], it.size, 10)
	b = strconv.AppendUint(append(b, ' '), it.key, 16)
	s.lines.Write(append(b, ' '))
	s.lines.WriteString(it.text)
	return s.lines.WriteByte('\n')
}

// end says that nothing is added any more.
func (s *spool) end() error {
	return errors.Join(s.lines.Flush(), s.packed.Close())
}

// each hands on every item in the order in which they were added.
func (s *spool) each(do func(it spooled) error) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	plain, _, err := compress.Decompress(s.file)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(plain, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil
		}
		if err != nil {
			return err
		}
		size, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		key, text, _ := strings.Cut(rest, " ")
		it := spooled{text: text}
		if it.size, err = strconv.ParseInt(size, 10, 64); err != nil {
			return err
		}
		if it.key, err = strconv.ParseUint(key, 16, 64); err != nil {
			return err
		}
		if err := do(it); err != nil {
			return err
		}
	}
}

// close takes the file away.
func (s *spool) close() error {
	err := error(nil)
	if s.file != nil {
		err = s.file.Close()
	}
	return errors.Join(err, s.release())
}

// hashes is a set of the hashes of outputs: of millions, in little memory.
type hashes struct {
	seed    maphash.Seed
	chunks  [256][][]uint64 // by the first byte, as they come; a slice that grew would leave garbage
	buckets [256][]uint64   // the same, sorted
}

// hashesPerChunk is how many hashes a chunk has.
const hashesPerChunk = 512

func newHashes() *hashes { return &hashes{seed: maphash.MakeSeed()} }

func (h *hashes) of(key string) uint64 { return maphash.String(h.seed, key) }

func (h *hashes) add(key uint64) {
	all := &h.chunks[key>>56]
	last := len(*all) - 1
	if last < 0 || len((*all)[last]) == hashesPerChunk {
		*all = append(*all, make([]uint64, 0, hashesPerChunk))
		last++
	}
	(*all)[last] = append((*all)[last], key)
}

// sort must come before has and twice.
func (h *hashes) sort() {
	for i := range h.buckets {
		h.buckets[i] = slices.Concat(h.chunks[i]...)
		h.chunks[i] = nil
		slices.Sort(h.buckets[i])
	}
}

func (h *hashes) has(key uint64) bool {
	_, ok := slices.BinarySearch(h.buckets[key>>56], key)
	return ok
}

// twice returns those that were added more than once.
func (h *hashes) twice() map[uint64]bool {
	all := make(map[uint64]bool)
	for _, bucket := range h.buckets {
		for i := 1; i < len(bucket); i++ {
			if bucket[i] == bucket[i-1] {
				all[bucket[i]] = true
			}
		}
	}
	return all
}
