package report

import (
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// junitWriter writes one test suite for each capture, and in it one case for
// each check. The totals stand in front, so that it writes at its end.
type junitWriter struct {
	w      io.Writer
	checks func(*Report) []Check
	suites junit.Testsuites
}

func (j *junitWriter) Add(r *Report) error {
	name := Sanitise(r.Capture.Name)
	suite := junit.Testsuite{Name: name, ID: len(j.suites.Suites), Time: "0"}
	for _, c := range j.checks(r) {
		one := junit.Testcase{Name: Sanitise(c.Name), Classname: name, Time: "0"}
		lines := make([]string, len(c.Examples))
		for i, e := range c.Examples {
			lines[i] = Sanitise(e)
		}
		text := strings.Join(lines, "\n")
		if more := less(c.Found, int64(len(lines))); more > 0 && len(lines) > 0 {
			text += "\nand " + count(more) + " more"
		}
		if c.Failed {
			one.Failure = &junit.Result{Message: Sanitise(c.Message), Type: Sanitise(c.Name), Data: text}
		} else if text != "" {
			one.SystemOut = &junit.Output{Data: Sanitise(c.Message) + "\n" + text}
		}
		suite.AddTestcase(one)
	}
	j.suites.AddSuite(suite)
	return nil
}

func (j *junitWriter) Close() error {
	j.suites.Name = "mendcap"
	if _, err := io.WriteString(j.w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return err
	}
	return j.suites.WriteXML(j.w)
}
