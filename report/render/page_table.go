package render

import (
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// tableView is a table of the page.
type tableView struct {
	ID, Heading string
	Hints       []string
	Label       string // says what the table is to those who don't see it
	Tall        bool   // it scrolls by itself
	Columns     []column
	Rows        [][]cell
	Foot        []cell
}

// column is one column; those of numbers have the class n.
type column struct{ Name, Class string }

// columnsOf returns columns by their names; a closing # marks numbers.
func columnsOf(names ...string) []column {
	list := make([]column, len(names))
	for i, name := range names {
		list[i].Name = name
		if n, ok := strings.CutSuffix(name, "#"); ok {
			list[i] = column{n, "n"}
		}
	}
	return list
}

// cell is one cell; its text is sanitised.
type cell struct {
	Text, Class string
	Sort        string // what it is sorted by, where that is not its text
	Tags        []tag
}

// tag is a verdict, with its colour beside it.
type tag struct{ Name, Class string }

func textCell(s, class string) cell { return cell{Text: text.Sanitise(s), Class: class} }

func numberCell(n int64) cell {
	return cell{Text: text.Count(n), Class: "n", Sort: strconv.FormatInt(n, 10)}
}

func sizeCell(n int64) cell {
	return cell{Text: text.Size(n), Class: "n", Sort: strconv.FormatInt(n, 10)}
}

func durationCell(d time.Duration) cell {
	return cell{Text: text.Duration(d), Class: "n", Sort: strconv.FormatInt(int64(d), 10)}
}

// framesCell is a finding's place, sorted by that in the input.
func framesCell(f *report.Finding) cell {
	return cell{Text: findingFrames(f), Class: "n", Sort: strconv.FormatInt(f.Frame, 10)}
}

func tagsCell(counts map[string]int64) cell {
	var c cell
	for _, v := range report.VerdictsIn(counts) {
		if n := counts[v]; n > 0 {
			c.Tags = append(c.Tags, tag{text.Count(n) + " " + text.Sanitise(v), verdictClass(v)})
		}
	}
	return c
}

// verdictClass is the class of a verdict's colour.
func verdictClass(verdict string) string {
	if report.Meaning(verdict) == "" {
		return "v-other"
	}
	return "v-" + verdict
}
