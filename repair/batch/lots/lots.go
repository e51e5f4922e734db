// Package lots repairs captures on many machines: a plan divides them into lots, which
// whatever runs work on these machines hands out, and a merge sums up what the lots found.
//
// It promises that the outputs, the reports and the merged summary are those of one batch
// over all the captures, however the lots are divided, in whatever order they are done,
// how often they are begun, and by how many machines at a time. There is no server and no
// lock: machines share a store, see package store, in which everything appears whole.
//
// A plan lies below the folder of the outputs, in .mendcap/RUN, where RUN is named after
// what is planned:
//
//	plan.json                  Header
//	plan/00000.jsonl.zst       items, 10,000 a file, by lot
//	lots/kept-00000.jsonl      what is kept of a lot of an earlier plan, see Options.Resume
//	lots/plan.jsonl            what the plan itself found: folders that can't be read
//	lots/00012.jsonl           summary of a lot that is done, see report.LotSchema
//	lots/00012.progress.jsonl  what is done of one that is not
//	lots/00012.attempts.json   how often it was begun, and what it may have died of
//	lots/00012.begun.txt       what its first attempt is at, where all are files
package lots

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"syscall"
	"unicode/utf8"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// Schema names the form of the header of a plan.
const Schema = "mendcap.plan/1"

// Header is what a plan says of itself.
type Header struct {
	Schema  string `json:"schema"`
	Program string `json:"program"` // batch.Options.Program: no other one works at the plan
	Flags   Names  `json:"flags"`   // of the command line, with which every lot is worked at
	Dir     Name   `json:"dir"`     // folder that relative paths start from
	Inputs  Names  `json:"inputs"`  // as they were given
	Lots    int    `json:"lots"`
	LotSize int64  `json:"lotSize"`        // bytes, see Options
	Items   int64  `json:"items"`          // files, whatever they hold
	Bytes   int64  `json:"bytes"`          // that they have
	Kept    int    `json:"kept,omitempty"` // summaries of what earlier plans have finished
	Parts   []int  `json:"parts"`          // the lot of the first item in each file of items
}

// Item is a file to work at: a capture, an archive, or neither, for a plan opens nothing
// that it need not.
type Item struct {
	Lot     int          `json:"lot"`
	Root    int          `json:"root"`              // which of the inputs led to it
	Name    Name         `json:"name,omitempty"`    // from there, with slashes; "" for the input itself
	Size    int64        `json:"size"`              // bytes
	Version string       `json:"version"`           // as the store has it
	Outputs map[int]Name `json:"outputs,omitempty"` // see batch.Item
	Beside  []Beside     `json:"beside,omitempty"`  // its network tables
}

// Beside is a file that an item needs.
type Beside struct {
	Name    Name   `json:"name"` // as that of an Item
	Size    int64  `json:"size"`
	Version string `json:"version"`
}

// toBatch is the item as package batch takes it.
func (it *Item) toBatch(inputs []string) batch.Item {
	b := batch.Item{Root: inputs[it.Root], Name: string(it.Name)}
	for member, output := range it.Outputs {
		if b.Outputs == nil {
			b.Outputs = make(map[int]string)
		}
		b.Outputs[member] = string(output)
	}
	return b
}

// Name is a path with slashes. File systems take any bytes, JSON takes text: what is none
// is stored as an object with the bytes.
type Name string

// nameBytes is how a Name is stored that is no text.
type nameBytes struct {
	Bytes []byte `json:"bytes"`
}

// MarshalJSON implements json.Marshaler.
func (n Name) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(n)) {
		return json.Marshal(string(n))
	}
	return json.Marshal(nameBytes{[]byte(n)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Name) UnmarshalJSON(text []byte) error {
	var other nameBytes
	if json.Unmarshal(text, &other) == nil {
		*n = Name(other.Bytes)
		return nil
	}
	return json.Unmarshal(text, (*string)(n))
}

// Names are strings that are stored as a Name is.
type Names []string

// MarshalJSON implements json.Marshaler.
func (n Names) MarshalJSON() ([]byte, error) {
	all := make([]Name, len(n))
	for i := range n {
		all[i] = Name(n[i])
	}
	return json.Marshal(all)
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Names) UnmarshalJSON(text []byte) error {
	var all []Name
	err := json.Unmarshal(text, &all)
	*n = make(Names, len(all))
	for i := range all {
		(*n)[i] = string(all[i])
	}
	return err
}

var (
	// ErrPlan says that what was named holds no plan that can be worked at.
	ErrPlan = errors.New("no plan to work at")
	// ErrUsage says that an option is wrong.
	ErrUsage = errors.New("bad plan")
	// ErrAgain says that the same may succeed later, or elsewhere: the work was interrupted,
	// the store did not answer, a disk is full. What is done is noted.
	ErrAgain = errors.New("not finished")
)

// again reports whether an error is none of the captures', but of the place or the time.
func again(err error) bool {
	return errors.Is(err, store.ErrUnreachable) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isFinal reports whether an error is none of an input's, so that nothing is planned.
func isFinal(err error) bool {
	return again(err) || errors.Is(err, store.ErrNoCloud) || errors.Is(err, store.ErrURL)
}

// Folder is where the plans lie, below that of the outputs.
const Folder = ".mendcap"

// Run is a plan in a store.
type Run struct {
	Header
	ID  string      // its name
	out store.Store // of the outputs

	sources sources // of the items, as far as one was needed
}

// Close closes the stores of a plan.
func (r *Run) Close() error { return errors.Join(r.sources.close(), r.out.Close()) }

// key is that of a file of the plan.
func (r *Run) key(name string) string { return path.Join(Folder, r.ID, name) }

// URL names the plan to people, and to this program on another machine.
func (r *Run) URL() string { return r.out.URL(path.Join(Folder, r.ID)) }

func partName(part int) string { return fmt.Sprintf("plan/%05d.jsonl.zst", part) }

// planned is the number of the summary of what the plan itself found. Those of what it
// keeps of earlier ones are less.
const planned = -1

// putSummary writes the summary of a lot.
func (r *Run) putSummary(ctx context.Context, lot int, found *batch.Result) error {
	sum := report.NewLot(found.Entries, found.Skipped)
	return r.out.Put(ctx, r.key(summaryName(lot)), func(to io.Writer) error { return report.WriteLot(to, lot, sum) })
}

// summaryName is where the summary of a lot is.
func summaryName(lot int) string {
	switch {
	case lot == planned:
		return "lots/plan.jsonl"
	case lot < planned:
		return fmt.Sprintf("lots/kept-%05d.jsonl", planned-1-lot)
	}
	return lotName(lot, ".jsonl")
}

func lotName(lot int, suffix string) string { return fmt.Sprintf("lots/%05d%s", lot, suffix) }

// named are names as package batch has them.
func named(outputs map[int]string) map[int]Name {
	if len(outputs) == 0 {
		return nil
	}
	all := make(map[int]Name, len(outputs))
	for member, output := range outputs {
		all[member] = Name(output)
	}
	return all
}
