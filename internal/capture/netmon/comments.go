package netmon

import (
	"cmp"
	"fmt"
	"slices"
)

// Comment is a comment on a frame.
type Comment struct {
	Title       string
	Description string // as plain text
	Cut         bool   // there was more than is kept
}

// Limits of comments.
const (
	maxComments    = 256 << 10 // that are found again by their frame
	maxTitle       = 64 << 10  // bytes that are read
	maxDescription = 1 << 20   // bytes that are read: RTF is longer than its text
	maxText        = 32 << 10  // bytes of title and of description that are kept, each
)

// Parts of a comment: how many frames it is on (always 1), the offset of the frame and
// the length of the title; the title; the length of the description; the description.
const (
	commentHead = 12
	titleMore   = 4
)

// commentIndex says where the comments on a frame are.
type commentIndex []commentPlace

// commentPlace is a comment's offset in the file, and that of the record of its frame:
// both fit the fields of the file header.
type commentPlace struct {
	frame uint32
	at    uint32
}

// readComments goes through the comments, and makes the index of them.
func (f *File) readComments() error {
	s := f.head.comments
	if s.length == 0 {
		return nil
	}
	if s.end() > f.size {
		f.Damages.add(Damage{Offset: s.offset, Length: max(0, f.size-s.offset), Err: fmt.Errorf("%w: the file ends before them or within", ErrComment)})
	}
	w := window{r: f.r, size: f.size, most: 64 << 10}
	end := min(s.end(), f.size)
	for at := max(s.offset, headerLen); at < end; {
		frame, next, ok, err := f.commentAt(&w, at, end)
		if err != nil {
			return err
		}
		if !ok {
			if next, err = f.nextComment(&w, at+1, end); err != nil {
				return err
			}
			f.Damages.add(Damage{Offset: at, Length: next - at, Lost: true, Err: ErrComment})
			at = next
			continue
		}
		if len(f.comments) == maxComments {
			f.Damages.add(Damage{Offset: at, Length: end - at, Lost: true, Err: fmt.Errorf("%w: %d comments", ErrTooMany, maxComments)})
			break
		}
		f.comments = append(f.comments, commentPlace{frame, uint32(at)})
		f.read.add(at, next)
		at = next
	}
	slices.SortStableFunc(f.comments, func(a, b commentPlace) int { return cmp.Compare(a.frame, b.frame) })
	return nil
}

// commentAt reads which frame the comment at an offset is on, and where it ends. ok is
// false where none is.
func (f *File) commentAt(w *window, at, end int64) (frame uint32, next int64, ok bool, err error) {
	if at+commentHead > end {
		return 0, 0, false, nil
	}
	p, err := w.at(at, commentHead)
	if err != nil {
		return 0, 0, false, err
	}
	count, frame, title := le.Uint32(p), le.Uint32(p[4:]), int64(le.Uint32(p[8:]))
	next = at + commentHead + title
	if count != 1 || int64(frame) < headerLen || int64(frame) >= f.size || next+titleMore > end {
		return 0, 0, false, nil
	}
	if p, err = w.at(next, titleMore); err != nil {
		return 0, 0, false, err
	}
	next += titleMore + int64(le.Uint32(p))
	return frame, next, next <= end, nil
}

// nextComment gives the offset of the next comment that another or the end follows, and the
// end if there is none.
func (f *File) nextComment(w *window, at, end int64) (int64, error) {
	for tries := 0; at+commentHead+titleMore <= end && tries < maxTries; at++ {
		p, err := w.at(at, titleMore)
		if err != nil {
			return 0, err
		}
		if le.Uint32(p) != 1 {
			continue
		}
		tries++
		_, next, ok, err := f.commentAt(w, at, end)
		if ok && next < end {
			_, _, ok, err = f.commentAt(w, next, end)
		}
		if err != nil {
			return 0, err
		}
		if ok {
			return at, nil
		}
	}
	return end, nil
}

// commentsOf reads the comments on the frame whose record is at an offset.
func (f *File) commentsOf(offset int64) ([]Comment, error) {
	i, found := slices.BinarySearchFunc(f.comments, offset, func(c commentPlace, at int64) int { return cmp.Compare(int64(c.frame), at) })
	if !found {
		return nil, nil
	}
	var all []Comment
	for ; i < len(f.comments) && int64(f.comments[i].frame) == offset; i++ {
		c, err := f.readComment(int64(f.comments[i].at))
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// readComment reads the comment at an offset, which has been looked at before.
func (f *File) readComment(at int64) (c Comment, err error) {
	part := func(at int64, most uint32) (p []byte, next int64, err error) {
		length := make([]byte, 4)
		if err := readFull(f.r, length, at); err != nil {
			return nil, 0, err
		}
		n := le.Uint32(length)
		p = make([]byte, min(n, most))
		c.Cut = c.Cut || n > most
		return p, at + 4 + int64(n), readFull(f.r, p, at+4)
	}
	title, next, err := part(at+8, maxTitle)
	if err != nil {
		return c, err
	}
	description, _, err := part(next, maxDescription)
	if err != nil {
		return c, err
	}
	var cut bool
	c.Title, cut = shorten(wide(title))
	c.Cut = c.Cut || cut
	if isRTF(description) {
		c.Description, cut = plain(description, maxText)
	} else {
		c.Description, cut = shorten(narrow(description))
	}
	c.Cut = c.Cut || cut
	return c, nil
}

// shorten cuts a text to the most that is kept.
func shorten(text string) (short string, cut bool) {
	if len(text) <= maxText {
		return text, false
	}
	i := maxText
	for i > 0 && text[i]&0xC0 == 0x80 { // within a character
		i--
	}
	return text[:i], true
}
