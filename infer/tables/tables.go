// Package tables reads network tables that were saved beside a capture, in the
// formats of the tools that print them, and unions them into an
// infer.Snapshot.
//
// It promises that every address of a Snapshot was whole in the text, in the
// role that the Snapshot gives it: addresses that a tool has cut, and rows
// whose shape is not known, are counted and never guessed at. Outputs are
// localised, so roles come from position and shape, not from words; for an
// address to be the host's own there have to be two signs. Of
// captures it reads the tables of event traces and of Network Monitor's files, and none
// that are inside pcapng.
package tables

import (
	"iter"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/etw"
)

// Version is the version of mendcap's own table format, the one that is
// written and the only one that is read.
const Version = 1

// Limits of what one file may cost.
const (
	maxSize  = 64 << 20 // bytes of one file
	maxLine  = 4096     // bytes of one line of a text table; no tool prints longer ones
	maxKept  = 1000     // lines kept in Result.Lines
	maxShown = 120      // runes kept of one of them
	maxWord  = 64       // runes kept of a state or of an interface's name
	maxRows  = 1 << 20  // rows kept
)

// maxUnion is how many rows all files together may have; those that come when
// there are more are left out, and say so.
const maxUnion = 1 << 21

// Result says what one file gave.
type Result struct {
	Name          string `json:"name"`
	Format        string `json:"format"`            // the formats found, joined by " + ", or "unknown"
	Rows          int    `json:"rows"`              // rows understood, before duplicates are dropped
	Addresses     int    `json:"addresses"`         // distinct addresses, of both families
	Cut           int    `json:"cut,omitempty"`     // addresses that a tool had cut: they are hints, not candidates
	Lines         []Line `json:"lines,omitempty"`   // lines not understood, at most the first 1,000
	NotUnderstood int    `json:"notUnderstood"`     // count of all of them
	Problem       string `json:"problem,omitempty"` // why nothing, or not all, could be read; or empty

	// Packets is how many events of an event trace tell of one packet each, of a capture
	// that was recorded meanwhile: its protocol and both ends, its sequence numbers, or its
	// source and length. They are no rows.
	Packets int `json:"packets,omitempty"`

	raw      []etw.RawPacket // what an event trace says of raw sockets
	segments []etw.LoggedSegment
}

// Handlings are what the file, an event trace, says of the segments that the host's TCP has
// received or sent, in the order of its events.
func (r *Result) Handlings() iter.Seq[infer.Handling] {
	return func(yield func(infer.Handling) bool) {
		for i := range r.segments {
			if !yield(handling(&r.segments[i])) {
				return
			}
		}
	}
}

// Deliveries are what the file, an event trace, says of packets that raw sockets were
// given or sent, or programs took out of them, in the order of its events.
func (r *Result) Deliveries() iter.Seq[infer.Delivery] {
	return func(yield func(infer.Delivery) bool) {
		for i := range r.raw {
			if !yield(delivery(&r.raw[i])) {
				return
			}
		}
	}
}

// Line is a line that was not understood, or not wholly. Its text comes from the file: it is
// cut, and characters that could act on a terminal are replaced.
type Line struct {
	Number int    `json:"number"` // from 1
	Text   string `json:"text"`
	Why    string `json:"why"` // a few words
}

// Parse reads one file's content; name is only repeated in the Result. The
// Snapshot is never nil; it is sorted and has no duplicates.
func Parse(name string, content []byte) (*infer.Snapshot, Result) {
	text, problem := decode(content)
	if problem != "" {
		return &infer.Snapshot{Version: Version}, Result{Name: name, Format: unknownFormat, Problem: problem}
	}
	c := newCollector(maxRows)
	c.read(text)
	normalise(c.snapshot)
	return c.snapshot, c.report(name)
}
