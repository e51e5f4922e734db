package netmon

import "errors"

// What is wrong with a place in a file. A Damage wraps one of them.
var (
	ErrStart    = errors.New("the start of the capture is no time")
	ErrExtended = errors.New("the start of the capture in UTC can't be read")
	ErrTable    = errors.New("the frame table does not lead to records")
	ErrRecord   = errors.New("no record can be made out")
	ErrLength   = errors.New("the length of a record is wrong")
	ErrStamp    = errors.New("the time of a frame is wrong")
	ErrRepeated = errors.New("the frame table names bytes more than once")
	ErrComment  = errors.New("comments can't be read")
	ErrProcess  = errors.New("the process table can't be read")
	ErrTooMany  = errors.New("more than is kept")
)

// Damage is a place in a file that is not as it should be.
type Damage struct {
	Frame  int64 // number of the last frame delivered before it; 0 = none
	Offset int64 // in the file, bytes
	Length int64 // bytes
	Lost   bool  // what is there was not delivered; else it was mended, or is nothing of a frame
	Err    error // wraps one of the sentinels
}

// maxDamages is how many places of damage are listed.
const maxDamages = 1000

// Damages is what was found wrong so far.
type Damages struct {
	List  []Damage // the first ones, in their order
	Total int64    // of all
	Lost  int64    // bytes that were not delivered, of all
}

// add takes in a place. Bytes that follow lost bytes are one place with them.
func (d *Damages) add(one Damage) {
	if one.Lost {
		d.Lost += one.Length
	}
	if n := len(d.List); n > 0 && int64(n) == d.Total {
		last := &d.List[n-1]
		if last.Lost && one.Lost && last.Offset+last.Length == one.Offset && errors.Is(one.Err, ErrRecord) && errors.Is(last.Err, ErrRecord) {
			last.Length += one.Length
			return
		}
	}
	d.Total++
	if len(d.List) < maxDamages {
		d.List = append(d.List, one)
	}
}
