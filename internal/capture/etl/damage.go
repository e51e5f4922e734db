package etl

import (
	"errors"
	"fmt"
)

// Why a file is refused. They arrive wrapped in an error that says where.
var (
	ErrNotTrace    = errors.New("not a log of Event Tracing for Windows")
	ErrHeader      = errors.New("the log's header is damaged")
	ErrClock       = errors.New("unknown clock")
	ErrCompression = errors.New("unsupported compression")
)

// What can be wrong with a place in a log; they arrive in a Damage.
var (
	ErrTruncated  = errors.New("the log is cut short")
	ErrZeros      = errors.New("zeros where a buffer must begin")
	ErrBuffer     = errors.New("no buffer can be made out")
	ErrLength     = errors.New("impossible length of a buffer")
	ErrRecord     = errors.New("no record can be made out")
	ErrCompressed = errors.New("damaged compressed data")
	ErrSecond     = errors.New("another log begins inside")
)

// maxDamages is how many places of damage are listed.
const maxDamages = 1000

// Damage is a place in a log that is not as it should be; of records in a compressed
// buffer it is the whole buffer.
type Damage struct {
	Offset int64 // in the file, bytes
	Length int64 // bytes passed over, in the file; 0 = nothing was lost
	Err    error // wraps one of the sentinels above
}

// Damages is what was found in a log.
type Damages struct {
	List  []Damage // the first ones, in the order in which they were met
	Total int64    // of all
	Lost  int64    // bytes passed over, of all
}

// note adds a place of damage.
func (d *Damages) note(offset, length int64, err error) {
	d.Total++
	d.Lost += length
	if len(d.List) < maxDamages {
		d.List = append(d.List[:len(d.List):len(d.List)], Damage{Offset: offset, Length: length, Err: err})
	}
}

// placed says where something is wrong that ends the reading.
func placed(offset int64, err error) error { return fmt.Errorf("%w (at byte %d)", err, offset) }
