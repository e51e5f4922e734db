package capture

import "io"

// source remembers a failure of the reader below, so that it can be told
// from damage that a decompressor found.
type source struct {
	r   io.Reader
	err error
}

// idleReads is how often a reader may give nothing before it counts as stuck.
const idleReads = 100

// Read reads at least one byte or fails.
func (s *source) Read(p []byte) (int, error) {
	for range idleReads {
		n, err := s.r.Read(p)
		if err != nil && err != io.EOF {
			s.err = err
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	s.err = io.ErrNoProgress
	return 0, s.err
}
