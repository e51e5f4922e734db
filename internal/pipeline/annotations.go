package pipeline

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/report"
)

// annotations are the verdicts of one pass that writes, which come in the order in which
// they are decided and are wanted in that of the output. What is kept of them in memory is
// bounded: they are sorted in runs, which are merged when they are read.
type annotations struct {
	most   int      // bytes of the texts that are kept in memory
	moved  *os.File // the number in the output of frame n at n*8, where that is another
	sorted *os.File // the runs
	ends   []int64  // of the runs, in sorted
	text   []byte   // of the records
	run    []annotation
	count  int64
	failed error
}

// mostAnnotations is how many bytes of texts are kept in memory.
const mostAnnotations = 4 << 20

// annotation is one verdict: the record that is in a run, and where its text is.
type annotation struct {
	frame int64 // in the output
	flag  int8  // its place in the order of flags, -1 without one
	at    int   // where its text begins
	about int   // how long the first part of the text is, which names the flag; the rest is a comment without it
	len   int
}

// newAnnotations returns none, which have to be removed.
func newAnnotations() (*annotations, error) {
	a := &annotations{most: mostAnnotations}
	for _, f := range []**os.File{&a.moved, &a.sorted} {
		var err error
		if *f, err = atomicfile.Scratch(); err != nil {
			return nil, errors.Join(err, a.remove())
		}
	}
	return a, nil
}

// remove takes away the files.
func (a *annotations) remove() error {
	for _, f := range []*os.File{a.moved, a.sorted} {
		if f != nil {
			removeScratch(f)
		}
	}
	return nil
}

// restart forgets all, since a pass is repeated.
func (a *annotations) restart() {
	a.failed = errors.Join(a.moved.Truncate(0), a.sorted.Truncate(0))
	a.ends, a.text, a.run, a.count = nil, a.text[:0], a.run[:0], 0
}

// keep keeps the first error.
func (a *annotations) keep(err error) {
	if a.failed == nil {
		a.failed = err
	}
}

// place notes the number of a frame of the input in the output, before a verdict speaks of
// it.
func (a *annotations) place(frame, after int64) {
	if frame == after || a.failed != nil {
		return
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(after))
	_, err := a.moved.WriteAt(b[:], 8*frame)
	a.keep(err)
}

// placeOf is the number in the output of a frame of the input.
func (a *annotations) placeOf(frame int64) int64 {
	var b [8]byte
	if n, err := a.moved.ReadAt(b[:], 8*frame); err != nil && err != io.EOF {
		a.keep(err)
	} else if n < len(b) {
		return frame
	}
	return cmp.Or(int64(binary.LittleEndian.Uint64(b[:])), frame)
}

// add takes in a verdict.
func (a *annotations) add(f *diagnose.Finding) {
	if a.failed != nil {
		return
	}
	label := (&report.Finding{Flag: f.Flag(), Law: report.LawName(f.Law())}).Label()
	said := comment.Verdict{Verdict: f.Verdict.Reported(), Detail: f.Detail, Evidence: f.EvidenceBy(a.placeOf)}
	one := annotation{frame: f.FrameAfter, flag: f.FlagNumber, at: len(a.text), about: len(label)}
	a.text = said.Append(append(a.text, label...))
	one.len = len(a.text) - one.at
	a.run = append(a.run, one)
	a.count++
	if len(a.text) >= a.most {
		a.spill()
	}
}

// spill writes what is kept in memory as a run.
func (a *annotations) spill() {
	slices.SortStableFunc(a.run, compareAnnotations)
	w := bufio.NewWriter(a.sorted)
	end := int64(0)
	if len(a.ends) > 0 {
		end = a.ends[len(a.ends)-1]
	}
	if _, err := a.sorted.Seek(end, io.SeekStart); err != nil {
		a.keep(err)
	}
	var head []byte
	for _, one := range a.run {
		head = binary.AppendVarint(binary.AppendVarint(head[:0], one.frame), int64(one.flag))
		head = binary.AppendVarint(binary.AppendVarint(head, int64(one.about)), int64(one.len))
		w.Write(head) // Flush has the error
		w.Write(a.text[one.at : one.at+one.len])
		end += int64(len(head) + one.len)
	}
	a.keep(w.Flush())
	a.ends, a.text, a.run = append(a.ends, end), a.text[:0], a.run[:0]
}

func compareAnnotations(a, b annotation) int {
	return cmp.Or(cmp.Compare(a.frame, b.frame), cmp.Compare(a.flag, b.flag))
}

// annotationRun is a run that is read; its annotation is the next one.
type annotationRun struct {
	annotation
	text   []byte
	number int
	from   *bufio.Reader
}

// next reads one more; io.EOF after the last one.
func (r *annotationRun) next() error {
	var numbers [4]int64
	for i := range numbers {
		n, err := binary.ReadVarint(r.from)
		if err != nil {
			return err
		}
		numbers[i] = n
	}
	r.annotation = annotation{frame: numbers[0], flag: int8(numbers[1]), about: int(numbers[2]), len: int(numbers[3])}
	r.text = slices.Grow(r.text[:0], r.len)[:r.len]
	_, err := io.ReadFull(r.from, r.text)
	return err
}

// annotationRuns are the runs that have more, with that of the next one first.
type annotationRuns []*annotationRun

func (m annotationRuns) Len() int { return len(m) }
func (m annotationRuns) Less(i, j int) bool {
	return cmp.Or(compareAnnotations(m[i].annotation, m[j].annotation), cmp.Compare(m[i].number, m[j].number)) < 0
}
func (m annotationRuns) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *annotationRuns) Push(r any)   { *m = append(*m, r.(*annotationRun)) }
func (m *annotationRuns) Pop() any {
	last := len(*m) - 1
	r := (*m)[last]
	*m = (*m)[:last]
	return r
}

// merge ends the collection, and returns the runs for comments.
func (a *annotations) merge() (annotationRuns, error) {
	a.spill()
	var runs annotationRuns
	begin := int64(0)
	for i, end := range a.ends {
		r := &annotationRun{number: i, from: bufio.NewReader(io.NewSectionReader(a.sorted, begin, end-begin))}
		begin = end
		switch err := r.next(); err {
		case nil:
			runs = append(runs, r)
		case io.EOF:
		default:
			a.keep(err)
		}
	}
	heap.Init(&runs)
	return runs, a.failed
}

// comments returns the verdicts on a frame as comments, in the order of their flags, those
// of which the same is said as one; what is about one of known is left out. Frames are to
// be asked for in their order. None says that the frame has no verdicts, known ones neither.
func (m *annotationRuns) comments(frame int64, known []string) (list [][]byte, none bool, err error) {
	var abouts [][]byte
	for none = true; len(*m) > 0 && (*m)[0].frame <= frame && err == nil; none = false {
		r := (*m)[0]
		about, said := r.text[:r.about], bytes.TrimSuffix(r.text[r.about:], []byte("]"))
		i := slices.IndexFunc(list, func(other []byte) bool { return bytes.Equal(other, said) })
		switch {
		case slices.Contains(known, string(about)):
		case i < 0:
			list, abouts = append(list, bytes.Clone(said)), append(abouts, bytes.Clone(about))
		default:
			abouts[i] = append(append(abouts[i], ", "...), about...)
		}
		if err = r.next(); err == io.EOF {
			heap.Pop(m)
			err = nil
			continue
		}
		heap.Fix(m, 0)
	}
	for i, about := range abouts {
		list[i] = append(append(list[i], about...), ']')
	}
	return list, none, err
}
