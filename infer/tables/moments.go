package tables

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/infer"
)

// momentForm is how the names of recorded files begin.
const momentForm = "20060102T150405Z"

// momentOf returns the moment that a recorded file's name tells, the zero time if
// it tells none.
func momentOf(path string) time.Time {
	text, _, isNamed := strings.Cut(filepath.Base(path), "-")
	moment, err := time.Parse(momentForm, text)
	if err != nil || !isNamed || len(text) != len(momentForm) {
		return time.Time{}
	}
	return moment
}

// stamp gives the rows of a file their moment, where they don't say it
// themselves: the snapshot's own, or the one that the file's name tells.
func stamp(s *infer.Snapshot, path string) {
	if s.TakenAt.IsZero() {
		s.TakenAt = momentOf(path)
	}
	moment := s.TakenAt.UTC()
	if moment.IsZero() || !isWritable(moment) {
		return
	}
	for _, rows := range [][]infer.Connection{s.TCPConnections, s.UDPEndpoints} {
		for i := range rows {
			if row := &rows[i]; row.LastSeen.IsZero() {
				row.FirstSeen, row.LastSeen = moment, moment
			}
		}
	}
}

// plainMoments brings a row's moments into one time zone, and reports whether
// they are in order.
func plainMoments(row *infer.Connection) bool {
	row.FirstSeen, row.LastSeen = row.FirstSeen.UTC(), row.LastSeen.UTC()
	if row.FirstSeen.IsZero() || row.LastSeen.IsZero() {
		row.FirstSeen, row.LastSeen = time.Time{}, time.Time{}
		return true
	}
	return !row.FirstSeen.After(row.LastSeen) && isWritable(row.FirstSeen) && isWritable(row.LastSeen)
}

// isWritable reports whether JSON can have a time: RFC 3339's years have four
// digits.
func isWritable(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// mergeConnections sorts rows and makes one of those that differ in their moments
// alone.
func mergeConnections(rows []infer.Connection) []infer.Connection {
	sortRows(rows, compareConnections)
	kept := rows[:0]
	for _, row := range rows {
		if last := len(kept) - 1; last >= 0 && compareConnections(kept[last], row) == 0 {
			kept[last].FirstSeen, kept[last].LastSeen = bothMoments(kept[last], row)
		} else {
			kept = append(kept, row)
		}
	}
	return kept
}

// bothMoments returns when the same row was seen in two places. What is not known of one
// is not known of both.
func bothMoments(a, b infer.Connection) (first, last time.Time) {
	if a.LastSeen.IsZero() || b.LastSeen.IsZero() {
		return time.Time{}, time.Time{}
	}
	return slices.MinFunc([]time.Time{a.FirstSeen, b.FirstSeen}, time.Time.Compare),
		slices.MaxFunc([]time.Time{a.LastSeen, b.LastSeen}, time.Time.Compare)
}
