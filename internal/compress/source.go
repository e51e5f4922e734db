package compress

import "io"

// Source remembers a failure of the reader below, so that it can be told
// from damage that a decompressor found.
type Source struct {
	R        io.Reader
	Expected int64 // how long the file is, bytes, as far as that is known; 0 = it isn't
	Err      error // of R, but for its end
}

// idleReads is how often a reader may give nothing before it counts as stuck.
const idleReads = 100

// Read reads at least one byte or fails.
func (s *Source) Read(p []byte) (int, error) {
	for range idleReads {
		n, err := s.R.Read(p)
		if err != nil && err != io.EOF {
			s.Err = err
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	s.Err = io.ErrNoProgress
	return 0, s.Err
}
